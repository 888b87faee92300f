//! Synaptogen cells as a device with targets: one set, one reset.

use std::sync::Arc;

use cim_core::Siemens;
use ndarray::{Array2, ArrayView2};

use super::ladder::LADDER;
use super::spec::{Synaptogen, SynaptogenSpec};
use crate::card::{Entry, Listed, Registered};
use crate::conduction::Conduction;
use crate::device::{Device, Life, Moments};
use crate::error::DeviceError;
use crate::law::PosynomialFit;
use crate::window::Window;

/// Synaptogen cells that are programmed open-loop.
///
/// *What it models:* fresh [`Synaptogen`] cells; all are set by −2 V, then each is reset once by
/// the voltage at which the mean cell ends at the target. No cell is verified.
///
/// *Law:* that of [`Synaptogen`]. Mean and standard deviation against the voltage are a table of
/// four million cells, linear between voltages 10 mV apart.
///
/// *Range:* targets from the mean of a full reset, 14.6 µS, to that of cells which are only set,
/// 220.9 µS. Beyond it the cells get the nearest of the two. The order of memory is ten cycles.
///
/// *Source:* [`Synaptogen`]; this way of programming is ours, the plainest there is.
///
/// *Not modelled:* what [`Synaptogen`] leaves out, retention among it; the polynomial current, which
/// is a function of the cell's state in [`CellState`](super::CellState) (here `I = G V`, exact at
/// the 0.2 V at which `G` is stated).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SynaptogenOneShot {
    cells: Synaptogen,
}

impl Registered for SynaptogenSpec {
    const PUBLISHED: &'static [&'static dyn Listed] = &[&SYNAPTOGEN];
}

/// Its line of the catalogue.
const SYNAPTOGEN: Entry = Entry {
    name: "synaptogen",
    cell: "HfO2 RRAM 1R, generative model of measured cycles, set once and reset once",
    law: "features log10 HRS, U_S, LRS, U_R from a vector autoregression of order 10 through \
          quantile maps, cells from a mixture of three Gaussians; set by -2 V, reset by the \
          voltage at which the mean cell ends at the target",
    range: "14.6 to 220.9 µS, fitted to sweeps of 1.5 V",
    source: "Hennen et al. 2022 and 2024, parameters copyright 2024 Tyler Hennen and \
             contributors, MIT licence; this way of programming ours",
    not_modelled: "pulse width, retention, wear, disturb by reads, temperature of switching; as \
                   a device with targets its current is ohmic",
    build: || Ok(Arc::new(SynaptogenOneShot::published()?)),
};

impl SynaptogenOneShot {
    /// Cells with the published parameters.
    ///
    /// # Errors
    /// [`DeviceError`] of [`SynaptogenSpec::build`].
    pub fn published() -> Result<Self, DeviceError> {
        Ok(Self { cells: SynaptogenSpec::PUBLISHED.build()? })
    }

    /// From the mean of a full reset to that of cells which are only set.
    pub(crate) fn window_of_means() -> Window {
        let [(_, high, _), .., (_, low, _)] = LADDER;
        Window { g_min: Siemens(low / 1e6), g_max: Siemens(high / 1e6) }
    }

    /// Mean of cells that were set and then reset by a voltage (V); below the ladder they stay as
    /// they are.
    pub(crate) fn mean_after_reset(before: Siemens, reset_v: f64) -> Siemens {
        let next = LADDER.partition_point(|step| step.0 <= reset_v);
        match (LADDER.get(next.wrapping_sub(1)), LADDER.get(next)) {
            (None, _) => before,
            (Some((_, mean_us, _)), None) => Siemens(1e-6 * mean_us),
            (Some((low_v, high_us, _)), Some((high_v, low_us, _))) => {
                let share = (reset_v - low_v) / (high_v - low_v);
                Siemens(1e-6 * (high_us + share * (low_us - high_us)))
            }
        }
    }

    /// Voltage (V) of the reset for a target (S).
    pub(crate) fn reset_v(target_s: f64) -> f64 {
        let (k, share) = place(target_s);
        let (low, high) = (LADDER[k].0, LADDER[k + 1].0);
        low + share * (high - low)
    }
}

/// Step of the ladder that holds a conductance (S), and how far down it lies; the ends are not
/// left.
fn place(target_s: f64) -> (usize, f64) {
    let target_us = 1e6 * target_s;
    let below = LADDER.partition_point(|step| step.1 > target_us).clamp(1, LADDER.len() - 1);
    let (high, low) = (LADDER[below - 1].1, LADDER[below].1);
    (below - 1, ((high - target_us) / (high - low)).clamp(0.0, 1.0))
}

impl Device for SynaptogenOneShot {
    fn window(&self) -> Window {
        Self::window_of_means()
    }

    fn drawn(&self, target_s: ArrayView2<'_, f64>, life: Life) -> Array2<f64> {
        let mut cells = self.cells.cells(target_s.nrows(), target_s.ncols(), life.at);
        cells.pulse_all(-2.0);
        let volts = target_s.mapv(Self::reset_v);
        cells.pulse(volts.view()).expect("one voltage per target");
        cells.conductances()
    }

    fn programmed(&self, target_s: f64) -> Moments {
        let (k, share) = place(target_s);
        let between = |low: f64, high: f64| 1e-6 * (low + share * (high - low));
        let ((_, mean, sd), (_, next_mean, next_sd)) = (LADDER[k], LADDER[k + 1]);
        Moments { mean: between(mean, next_mean), variance: between(sd, next_sd).powi(2) }
    }

    fn program_variance(&self) -> PosynomialFit {
        PosynomialFit::above(|g| self.programmed(g).variance, self.window())
    }

    /// None: thermal and shot noise are those of the array that reads.
    fn read_variance(&self, _g_s: f64) -> f64 {
        0.0
    }

    fn read_variance_above(&self) -> PosynomialFit {
        PosynomialFit::ZERO
    }

    fn current_voltage(&self) -> &Conduction {
        &Conduction::Ohmic
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    #[test]
    fn a_target_is_the_mean_of_its_cells_and_the_ends_are_not_left() {
        let device = SynaptogenOneShot::published().expect("a device");
        for target in [15e-6, 40e-6, 151.7e-6, 220e-6] {
            assert!((device.programmed(target).mean / target - 1.0).abs() < 1e-12, "{target}");
        }
        let window = device.window();
        for (beyond, end) in [(1e-6, window.g_min), (1e-3, window.g_max)] {
            let mean = device.programmed(beyond).mean;
            assert!((mean / end.0 - 1.0).abs() < 1e-12, "{mean} beyond {end}");
        }
    }

    #[test]
    fn the_ladder_is_that_of_the_cells() {
        let model = SynaptogenSpec::PUBLISHED.build().expect("the published model");
        let mut cells = model.cells(200, 500, Stream::root(2));
        cells.pulse_all(-2.0);
        for &(volt, mean, sd) in LADDER.iter().step_by(9) {
            cells.pulse_all(volt);
            let g_us = cells.conductances() * 1e6;
            // Five standard errors of 100,000 cells and of the table's forty times as many; a
            // fourth moment of up to ten times that of a Gaussian.
            let error = sd * (1.025_f64 / 100_000.0).sqrt();
            let off = (g_us.mean().expect("cells") - mean).abs();
            assert!(off <= 5.0 * error, "mean at {volt} V off by {off} µS");
            let off = (g_us.std(0.0) - sd).abs();
            assert!(off <= 5.0 * error * 7.25_f64.sqrt(), "spread at {volt} V off by {off} µS");
        }
    }
}
