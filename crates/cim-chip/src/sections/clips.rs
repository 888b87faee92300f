//! `[clips]`: how far weights and inputs reach where no design says so.

use serde::{Deserialize, Serialize};

use super::need::need;
use crate::error::ChipError;

/// Percentiles of the magnitudes of each product's weights and inputs at which they are clipped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipSpec {
    /// Of weights, above 0 and up to 100: the largest.
    pub weight_percentile: f64,
    /// Of inputs on calibration samples, above 0 and up to 100.
    pub input_percentile: f64,
}

impl ClipSpec {
    /// Checks both percentiles.
    ///
    /// # Errors
    /// [`ChipError::Section`] for the first that cannot be.
    pub fn check(&self) -> Result<(), ChipError> {
        let each = [
            ("clips.weight_percentile", self.weight_percentile),
            ("clips.input_percentile", self.input_percentile),
        ];
        each.into_iter().try_for_each(|(key, percentile)| {
            let ok = 0.0 < percentile && percentile <= 100.0;
            need(
                ok,
                key,
                percentile,
                "give a percentile above 0 and up to 100, which is the largest",
            )
        })
    }
}
