//! Random telegraph noise: cells that jump between two conductances.

use std::sync::Arc;

use cim_core::{Seconds, Stream};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::card::Registered;
use crate::conduction::Conduction;
use crate::device::{Device, Life, Moments};
use crate::error::DeviceError;
use crate::law::PosynomialFit;
use crate::time::FittedTimes;
use crate::window::Window;

/// A [`Telegraph`] noise as written in a file. A share of 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelegraphSpec {
    /// Share of cells that have a trap.
    pub share: f64,
    /// Loss of conductance while the trap is filled, relative to the higher conductance.
    pub depth: f64,
    /// Mean time at the higher conductance before it falls.
    pub high: Seconds,
    /// Mean time at the lower conductance before it rises.
    pub low: Seconds,
}

impl Registered for TelegraphSpec {
    fn examples() -> Vec<(&'static str, Self)> {
        let (high, low) = (Seconds(100.0), Seconds(40.0));
        vec![("telegraph", Self { share: 0.3, depth: 0.2, high, low })]
    }
}

impl TelegraphSpec {
    /// Checks the specification and puts it around a device.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] for a share or depth outside [0, 1) or [0, 1], or a dwell time that
    /// is not positive.
    pub fn build(self, inner: Arc<dyn Device>) -> Result<Telegraph, DeviceError> {
        if !(0.0..=1.0).contains(&self.share) {
            let value = self.share;
            return Err(DeviceError::Parameter { name: "share", value, range: "[0, 1]" });
        }
        if !(0.0..1.0).contains(&self.depth) {
            let value = self.depth;
            return Err(DeviceError::Parameter { name: "depth", value, range: "[0, 1)" });
        }
        for (name, value) in [("high", self.high.0), ("low", self.low.0)] {
            if !(0.0 < value && value.is_finite()) {
                let range = "the positive, finite numbers";
                return Err(DeviceError::Parameter { name, value, range });
            }
        }
        let Self { share, depth, high, low } = self;
        Ok(Telegraph { inner, share, depth, high, low })
    }
}

/// A device some of whose cells jump between two conductances at random times.
///
/// *What it models:* one trap per affected cell that is filled and emptied.
///
/// *Law:* a Markov process of two states with exponential dwell times of means `τ_high` and `τ_low`,
/// stationary from the moment of programming; `G_low = (1 − depth) G_high`. What programming left is
/// the conductance of the state that the cell is in at that moment. After any time `t` a cell is in
/// another state than at first with probability `(1 − e^(−λt)) τ_other/(τ_high + τ_low)`,
/// `λ = 1/τ_high + 1/τ_low`, exactly; and the states at any number of times are those of one path.
///
/// *Parameters:* see [`TelegraphSpec`]. *Source:* the two-state process is standard (for example
/// Ambrogio et al., IEEE Trans. Electron Devices, 2014); no preset has it, as none of their sources
/// states its numbers.
///
/// Which cells have a trap is drawn where the cells were made, the states where they were
/// programmed. Several traps in a cell are one such effect around another.
///
/// *Not modelled:* dwell times and depths that differ from cell to cell or depend on voltage,
/// temperature or state. A read is short beside a dwell time: the noise is in
/// what the cell holds at a time, not in its read variance.
///
/// *Method:* refresh events come as a Poisson process of rate `λ`, and each draws a state from the
/// stationary law; the state at `t` is that of the last event before. Events are drawn bin by bin,
/// so that any time is reached within a few bins, whatever happened before.
#[derive(Clone)]
pub struct Telegraph {
    inner: Arc<dyn Device>,
    share: f64,
    depth: f64,
    high: Seconds,
    low: Seconds,
}

/// State of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trap {
    None,
    Empty,
    Filled,
}

impl Telegraph {
    /// Stationary share of time at the higher conductance.
    pub fn share_high(&self) -> f64 {
        self.high / (self.high + self.low)
    }

    fn drawn(&self, uniform: f32) -> Trap {
        if f64::from(uniform) < self.share_high() { Trap::Empty } else { Trap::Filled }
    }

    /// States of a row at the moment of programming.
    fn first(&self, row: u64, cols: usize, Life { born, at }: Life) -> Vec<Trap> {
        let (mut affected, mut state) = (vec![0.0f32; cols], vec![0.0f32; cols]);
        born.child("trap", 0).fill_uniform(row, &mut affected);
        at.child("first", 0).fill_uniform(row, &mut state);
        let cells = affected.iter().zip(&state);
        cells
            .map(|(&u, &s)| if f64::from(u) < self.share { self.drawn(s) } else { Trap::None })
            .collect()
    }

    /// States of a row at a later time, from those at the first.
    fn later(&self, first: &[Trap], row: u64, elapsed: Seconds, at: Stream) -> Vec<Trap> {
        let mut states = first.to_vec();
        let mut open: Vec<usize> =
            (0..first.len()).filter(|&col| first[col] != Trap::None).collect();
        // Bins hold one event in the mean. Beyond 2⁵³ of them the position in a bin has no digits
        // left, and every moment is as good as its neighbours.
        let bins = elapsed / self.high + elapsed / self.low;
        let (mut bin, mut limit) = (bins.floor() as u64, bins.fract() as f32);
        let [mut count, mut time, mut state] = [(); 3].map(|()| vec![0.0f32; first.len()]);
        loop {
            let at = at.child("bin", bin);
            at.child("count", 0).fill_uniform(row, &mut count);
            let counts: Vec<u64> = open.iter().map(|&col| events(count[col])).collect();
            let most = counts.iter().copied().max().unwrap_or(0);
            let mut newest = vec![None; open.len()];
            for event in 0..most {
                at.child("time", event).fill_uniform(row, &mut time);
                at.child("state", event).fill_uniform(row, &mut state);
                for (newest, (&col, &count)) in newest.iter_mut().zip(open.iter().zip(&counts)) {
                    let happens = event < count && time[col] < limit;
                    if happens && newest.is_none_or(|(before, _)| before <= time[col]) {
                        *newest = Some((time[col], state[col]));
                    }
                }
            }
            let mut left = Vec::new();
            for (newest, &col) in newest.iter().zip(&open) {
                match newest {
                    Some((_, state)) => states[col] = self.drawn(*state),
                    None => left.push(col),
                }
            }
            open = left;
            if bin == 0 || open.is_empty() {
                return states;
            }
            (bin, limit) = (bin - 1, 1.0);
        }
    }
}

/// Number of events in a bin, Poisson with mean 1, from a uniform number.
///
/// Uniform numbers are multiples of 2⁻²⁴, so that more than ten events never happen, which they
/// should once in 10⁸ bins.
fn events(uniform: f32) -> u64 {
    let mut left = f64::from(uniform);
    let mut chance = 1.0 / std::f64::consts::E;
    let mut count = 0;
    while left >= chance && count < 10 {
        left -= chance;
        count += 1;
        chance /= count as f64;
    }
    count
}

impl Device for Telegraph {
    fn window(&self) -> Window {
        self.inner.window()
    }

    fn drawn(&self, target_s: ArrayView2<'_, f64>, life: Life) -> Array2<f64> {
        self.inner.drawn(target_s, life)
    }

    fn programmed(&self, target_s: f64) -> Moments {
        self.inner.programmed(target_s)
    }

    fn program_variance(&self) -> PosynomialFit {
        self.inner.program_variance()
    }

    fn read_variance(&self, g_s: f64) -> f64 {
        self.inner.read_variance(g_s)
    }

    fn read_variance_above(&self) -> PosynomialFit {
        self.inner.read_variance_above()
    }

    fn current_voltage(&self) -> &Conduction {
        self.inner.current_voltage()
    }

    fn fitted_times(&self) -> FittedTimes {
        self.inner.fitted_times()
    }

    fn held_window(&self) -> Window {
        self.inner.held_window()
    }

    fn effects(&self) -> u64 {
        1 + self.inner.effects()
    }

    fn ages(&self) -> bool {
        self.inner.ages() || self.share * self.depth > 0.0
    }

    fn aged_in(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
        life: Life,
    ) -> Result<Array2<f64>, DeviceError> {
        let mut g_s = self.inner.aged_in(programmed_s, elapsed, life)?;
        // An effect around an equal one has draws of its own.
        let below = |at: Stream| at.child("telegraph", self.inner.effects());
        let (born, at) = (below(life.born), below(life.at));
        for (row_idx, mut row) in g_s.rows_mut().into_iter().enumerate() {
            let first = self.first(row_idx as u64, row.len(), Life { born, at });
            let now = self.later(&first, row_idx as u64, elapsed, at);
            for (g, states) in row.iter_mut().zip(first.iter().zip(&now)) {
                match states {
                    (Trap::Empty, Trap::Filled) => *g *= 1.0 - self.depth,
                    (Trap::Filled, Trap::Empty) => *g /= 1.0 - self.depth,
                    _ => {}
                }
            }
        }
        Ok(g_s)
    }

    fn read_variance_aged(&self, programmed_s: f64, aged_s: f64, elapsed: Seconds) -> f64 {
        self.inner.read_variance_aged(programmed_s, aged_s, elapsed)
    }

    fn read_variances_aged(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        aged_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
    ) -> Array2<f64> {
        self.inner.read_variances_aged(programmed_s, aged_s, elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ideal;
    use cim_core::Siemens;

    #[test]
    fn counts_are_poisson() {
        // Every 4096th of the uniform numbers: shares to within 2⁻¹².
        let mut shares = [0.0; 11];
        for k in 0..4096 {
            shares[events(k as f32 / 4096.0) as usize] += 1.0 / 4096.0;
        }
        let mut want = libm::exp(-1.0);
        for (k, share) in shares.iter().enumerate() {
            assert!((share - want).abs() <= 1.0 / 4096.0, "{k}: {share}, {want} wanted");
            want /= (k + 1) as f64;
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let window = Window::new(Siemens(1e-6), Siemens(1e-4)).expect("a window");
        let spec = TelegraphSpec { share: 0.5, depth: 0.1, high: Seconds(1.0), low: Seconds(2.0) };
        for bad in [
            TelegraphSpec { share: 1.1, ..spec },
            TelegraphSpec { depth: 1.0, ..spec },
            TelegraphSpec { high: Seconds::ZERO, ..spec },
            TelegraphSpec { low: Seconds(f64::INFINITY), ..spec },
        ] {
            assert!(matches!(
                bad.build(Arc::new(Ideal { window })),
                Err(DeviceError::Parameter { .. })
            ));
        }
    }
}
