//! `[gains]`: how the gain of every column is measured.

use cim_tile::{Fit, GainCalibration};
use serde::{Deserialize, Serialize};

use super::calibration::check_images;
use super::need::need_within;
use crate::error::ChipError;

/// Measurement of a factor, and perhaps an offset, for every output of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GainSpec {
    /// Training images that are sent through the chip, 1 or more.
    pub images: usize,
    /// What is fitted: `gain`, or `gain-and-offset`.
    pub fit: Fit,
    /// Noise of one measured output, rms (output units), 0 to 1,000,000.
    pub measurement_noise: f64,
}

impl GainSpec {
    /// Checks images and noise.
    ///
    /// # Errors
    /// [`ChipError::Section`].
    pub fn check(&self) -> Result<(), ChipError> {
        check_images("gains.images", self.images)?;
        need_within("gains.measurement_noise", self.measurement_noise, 0.0, 1e6)
    }

    /// The measurement.
    pub fn build(&self) -> GainCalibration {
        GainCalibration { fit: self.fit, measurement_noise: self.measurement_noise }
    }
}
