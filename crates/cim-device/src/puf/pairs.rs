//! Pairs of cells, compared.

use std::sync::Arc;

use cim_core::{Seconds, Stream, Tally};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::device::Device;
use crate::error::DeviceError;
use crate::spec::DeviceSpec;

/// Pairs as written in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairsSpec {
    /// The cells.
    pub device: DeviceSpec,
    /// Reads of which each cell's mean is taken, 1 to 65,536. Their noise counts as independent, which slow
    /// noise is not.
    pub reads: u32,
}

impl PairsSpec {
    /// Cells asked for the middle of their window.
    ///
    /// # Errors
    /// [`DeviceError`] of the device, [`DeviceError::Coefficient`] for no reads.
    pub fn build(&self) -> Result<Pairs, DeviceError> {
        let reads = self.reads;
        if !(1..=1 << 16).contains(&reads) {
            return Err(DeviceError::Coefficient { name: "reads", value: f64::from(reads) });
        }
        Ok(Pairs { device: self.device.clone().build()?, reads })
    }
}

/// How pairs are made and read.
#[derive(Clone)]
pub struct Pairs {
    device: Arc<dyn Device>,
    reads: u32,
}

impl Pairs {
    /// Conductance that every cell is asked for (S): the middle of the window.
    pub fn target_s(&self) -> f64 {
        let window = self.device.window();
        0.5 * (window.g_min.0 + window.g_max.0)
    }

    /// Reads of which each cell's mean is taken.
    pub fn reads(&self) -> u32 {
        self.reads
    }

    /// Refuses times at which the device is not known.
    ///
    /// # Errors
    /// As [`response`](Self::response).
    pub fn check_times(&self, times: &[Seconds]) -> Result<(), DeviceError> {
        times.iter().try_for_each(|elapsed| self.device.fitted_times().check(*elapsed))
    }

    /// Makes `count` pairs at `at`.
    pub fn made(&self, count: usize, at: Stream, tally: &mut Tally) -> Made {
        let target_s = Array2::from_elem((count, 2), self.target_s());
        Made { held_s: self.device.program(target_s.view(), at, tally), at }
    }

    /// One bit a pair, `elapsed` after it was made: whether the mean of the reads of its first cell is above that
    /// of its second. `at` is where the noise of these reads is drawn.
    ///
    /// # Errors
    /// [`DeviceError`] for a time at which the device is not known.
    pub fn response(
        &self,
        made: &Made,
        elapsed: Seconds,
        at: Stream,
    ) -> Result<Vec<bool>, DeviceError> {
        let held_s = made.held_s.view();
        let aged_s = self.device.aged(held_s, elapsed, made.at)?;
        let variances = self.device.read_variances_aged(held_s, aged_s.view(), elapsed);
        let mut draws = [0.0_f32; 2];
        let mut bits = Vec::with_capacity(held_s.nrows());
        for (pair, (own_s, variances)) in
            aged_s.rows().into_iter().zip(variances.rows()).enumerate()
        {
            at.fill_standard_normal(pair as u64, &mut draws);
            let seen_s = |cell: usize| {
                let sigma = (variances[cell] / f64::from(self.reads)).sqrt();
                own_s[cell] + sigma * f64::from(draws[cell])
            };
            bits.push(seen_s(1) < seen_s(0));
        }
        Ok(bits)
    }
}

/// Pairs of one chip.
#[derive(Clone, Debug)]
pub struct Made {
    /// What cells held when they were made, pairs × 2 (S).
    held_s: Array2<f64>,
    /// Where they were made.
    at: Stream,
}
