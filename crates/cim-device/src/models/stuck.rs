//! Cells that hold one conductance whatever is asked of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use cim_core::{Seconds, Siemens, Stream};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::card::Registered;
use crate::conduction::Conduction;
use crate::device::{Device, Life, Moments};
use crate::error::DeviceError;
use crate::law::PosynomialFit;
use crate::time::FittedTimes;
use crate::window::Window;

/// Which cells of a device are stuck, as written in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "cells", rename_all = "kebab-case", deny_unknown_fields)]
pub enum StuckSpec {
    /// A yield: every cell is stuck with these probabilities, others on every chip.
    Random {
        /// Share of cells stuck at `low`.
        share_low: f64,
        /// Share of cells stuck at `high`.
        share_high: f64,
        /// Conductance of the former.
        low: Siemens,
        /// Conductance of the latter.
        high: Siemens,
    },
    /// A yield map: these cells of every array, and no others. Those outside an array are not there.
    Listed {
        /// The cells, in any order.
        map: Vec<StuckCell>,
    },
}

/// One stuck cell of a yield map.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StuckCell {
    /// Its row, from 0.
    pub row: usize,
    /// Its column, from 0.
    pub col: usize,
    /// What it holds.
    pub conductance: Siemens,
}

impl Registered for StuckSpec {
    fn examples() -> Vec<(&'static str, Self)> {
        let (low, high) = (Siemens(0.2e-6), Siemens(24e-6));
        vec![("stuck", Self::Random { share_low: 0.01, share_high: 0.02, low, high })]
    }
}

impl StuckSpec {
    /// Every cell works.
    pub const NONE: Self = Self::Listed { map: Vec::new() };

    /// Checks the specification and puts it around a device.
    ///
    /// # Errors
    /// [`DeviceError`] for shares that are no probabilities, a conductance that cannot be, or a cell
    /// that is listed twice.
    pub fn build(self, inner: Arc<dyn Device>) -> Result<Stuck, DeviceError> {
        let conductance = |name, value: Siemens| {
            if 0.0 <= value.0 && value.is_finite() {
                Ok(value.0)
            } else {
                Err(DeviceError::Coefficient { name, value: value.0 })
            }
        };
        let cells = match self {
            Self::Random { share_low, share_high, low, high } => {
                for (name, value) in [
                    ("share_low", share_low),
                    ("share_high", share_high),
                    ("share_low + share_high", share_low + share_high),
                ] {
                    if !(0.0..=1.0).contains(&value) {
                        return Err(DeviceError::Parameter { name, value, range: "[0, 1]" });
                    }
                }
                let low_s = conductance("low", low)?;
                let high_s = conductance("high", high)?;
                StuckCells::Random { share_low, share_high, low_s, high_s }
            }
            Self::Listed { map } => {
                let mut rows: BTreeMap<usize, BTreeMap<usize, f64>> = BTreeMap::new();
                for StuckCell { row, col, conductance: g } in map {
                    let g_s = conductance("conductance of a stuck cell", g)?;
                    if rows.entry(row).or_default().insert(col, g_s).is_some() {
                        return Err(DeviceError::ListedTwice { row, col });
                    }
                }
                StuckCells::Listed(rows)
            }
        };
        Ok(Stuck { inner, cells })
    }
}

/// A device some of whose cells are stuck.
///
/// *What it models:* forming failures, shorts and dead selectors: cells that are programmed in vain
/// and do not age.
///
/// *Law:* a stuck cell holds its conductance; the others are those of the inner device at the same
/// address. With [`StuckSpec::Random`] which cells are stuck is drawn where the cells were made, once
/// per chip: writing heals nothing. One such effect around another has draws of its own.
///
/// *Parameters:* see [`StuckSpec`]. *Source:* shares are properties of a process; no preset has any.
///
/// *Not modelled:* faults in lines and clusters, cells that fail later, cells stuck only in part.
/// Reads of stuck cells are as noisy as the inner device at their conductance. The closed moments
/// are those of a random cell; with a map, those of a working one.
#[derive(Clone)]
pub struct Stuck {
    inner: Arc<dyn Device>,
    cells: StuckCells,
}

#[derive(Clone)]
enum StuckCells {
    Random { share_low: f64, share_high: f64, low_s: f64, high_s: f64 },
    Listed(BTreeMap<usize, BTreeMap<usize, f64>>),
}

impl Stuck {
    /// The stuck cells of an array made at an address, row by row: row, column and conductance (S).
    pub fn stuck_cells(&self, rows: usize, cols: usize, born: Stream) -> Vec<(usize, usize, f64)> {
        let mut found = Vec::new();
        match &self.cells {
            StuckCells::Random { share_low, share_high, low_s, high_s } => {
                let mut uniform = vec![0.0f32; cols];
                for row in 0..rows {
                    born.child("stuck", self.inner.effects())
                        .fill_uniform(row as u64, &mut uniform);
                    for (col, &u) in uniform.iter().enumerate() {
                        let u = f64::from(u);
                        if u < *share_low {
                            found.push((row, col, *low_s));
                        } else if u < share_low + share_high {
                            found.push((row, col, *high_s));
                        }
                    }
                }
            }
            StuckCells::Listed(map) => {
                for (&row, listed) in map.range(..rows) {
                    found.extend(listed.range(..cols).map(|(&col, &g_s)| (row, col, g_s)));
                }
            }
        }
        found
    }
}

impl Device for Stuck {
    fn window(&self) -> Window {
        self.inner.window()
    }

    fn held_window(&self) -> Window {
        self.inner.held_window()
    }

    fn effects(&self) -> u64 {
        1 + self.inner.effects()
    }

    fn drawn(&self, target_s: ArrayView2<'_, f64>, life: Life) -> Array2<f64> {
        let mut g_s = self.inner.drawn(target_s, life);
        for (row, col, stuck_s) in self.stuck_cells(g_s.nrows(), g_s.ncols(), life.born) {
            g_s[(row, col)] = stuck_s;
        }
        g_s
    }

    fn programmed(&self, target_s: f64) -> Moments {
        let works = self.inner.programmed(target_s);
        match self.cells {
            StuckCells::Random { share_low, share_high, low_s, high_s } => {
                let share = 1.0 - share_low - share_high;
                let mean = share * works.mean + share_low * low_s + share_high * high_s;
                // Around the mean, so that nothing is lost where a state is far from the others.
                let variance = share * (works.variance + (works.mean - mean).powi(2))
                    + share_low * (low_s - mean).powi(2)
                    + share_high * (high_s - mean).powi(2);
                Moments { mean, variance }
            }
            StuckCells::Listed(_) => works,
        }
    }

    fn program_variance(&self) -> PosynomialFit {
        match self.cells {
            StuckCells::Random { share_low, share_high, .. } if share_low + share_high > 0.0 => {
                PosynomialFit::above(|g| self.programmed(g).variance, self.window())
            }
            _ => self.inner.program_variance(),
        }
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

    fn ages(&self) -> bool {
        self.inner.ages()
    }

    fn aged_in(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
        life: Life,
    ) -> Result<Array2<f64>, DeviceError> {
        let mut g_s = self.inner.aged_in(programmed_s, elapsed, life)?;
        for (row, col, _) in self.stuck_cells(g_s.nrows(), g_s.ncols(), life.born) {
            g_s[(row, col)] = programmed_s[(row, col)];
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
    use cim_core::Tally;

    use super::*;
    use crate::PcmSpec;

    fn pcm() -> Arc<dyn Device> {
        Arc::new(PcmSpec::PUBLISHED.build().expect("the published model"))
    }

    #[test]
    fn listed_cells_are_stuck_for_ever_and_others_are_as_they_were() {
        let map = [(0, 2, 50e-6), (3, 1, 0.0), (90, 0, 1e-6)].map(|(row, col, g)| StuckCell {
            row,
            col,
            conductance: Siemens(g),
        });
        let device = StuckSpec::Listed { map: map.to_vec() }.build(pcm()).expect("a device");
        let targets = Array2::from_elem((5, 4), 10e-6);
        let at = Stream::root(1);
        let (mut tally, mut works) = (Tally::default(), Tally::default());
        let g_s = device.program(targets.view(), at, &mut tally);
        let healthy = pcm().program(targets.view(), at, &mut works);
        let aged = device.aged(g_s.view(), Seconds(1e6), at).expect("a time");
        for ((row, col), &g) in g_s.indexed_iter() {
            let stuck = [((0, 2), 50e-6), ((3, 1), 0.0)].into_iter().find(|s| s.0 == (row, col));
            assert_eq!(g, stuck.map_or(healthy[(row, col)], |s| s.1));
            assert_eq!(aged[(row, col)] == g, stuck.is_some());
        }
        assert_eq!((tally.cells_outside_window, tally.cells_at_zero), (2, 1));
        assert_eq!((works.cells_outside_window, tally.cells_programmed), (0, 20));
    }

    #[test]
    fn nothing_stuck_is_the_inner_device() {
        let device = StuckSpec::NONE.build(pcm()).expect("a device");
        let targets = Array2::from_elem((3, 4), 1e-6);
        let (mut tally, mut works) = (Tally::default(), Tally::default());
        let g_s = device.program(targets.view(), Stream::root(1), &mut tally);
        assert_eq!(g_s, pcm().program(targets.view(), Stream::root(1), &mut works));
        assert_eq!(tally, works);
    }

    #[test]
    fn impossible_faults_are_refused() {
        let random = |share_low, share_high, low| StuckSpec::Random {
            share_low,
            share_high,
            low: Siemens(low),
            high: Siemens(1e-4),
        };
        for bad in [random(-0.1, 0.0, 0.0), random(0.6, 0.5, 0.0), random(0.1, 0.1, -1e-6)] {
            assert!(bad.build(pcm()).is_err());
        }
        let twice = StuckCell { row: 1, col: 2, conductance: Siemens::ZERO };
        let error = StuckSpec::Listed { map: vec![twice, twice] }.build(pcm()).err();
        assert_eq!(error, Some(DeviceError::ListedTwice { row: 1, col: 2 }));
    }
}
