//! `[calibration]`: what designs are fitted to.

use serde::{Deserialize, Serialize};

use super::need::need;
use crate::error::ChipError;

/// Training images on which the largest input of every layer, full scales and designs are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationSpec {
    /// How many, from the first on: 1 to 1,000,000, up to as many as there are.
    pub images: usize,
}

pub(super) fn check_images(key: &str, images: usize) -> Result<(), ChipError> {
    need((1..=1_000_000).contains(&images), key, images, "calibration takes 1 to 1000000 images")
}

impl CalibrationSpec {
    /// Checks that there are some.
    ///
    /// # Errors
    /// [`ChipError::Section`].
    pub fn check(&self) -> Result<(), ChipError> {
        check_images("calibration.images", self.images)
    }
}
