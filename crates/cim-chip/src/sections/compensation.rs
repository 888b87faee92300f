//! `[compensation]`: how drift is measured.

use cim_core::Amps;
use cim_device::Compensation;
use cim_device::compensation::Scope;
use serde::{Deserialize, Serialize};

use crate::error::ChipError;

/// One-hot probes right after programming and later; what one factor covers is said apart.
///
/// Source: Joshi et al. 2020, global drift compensation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompensationSpec {
    /// Noise of one measured current, rms (A).
    pub noise: Amps,
    /// Reads that are averaged, 1 or more.
    pub repeats: u32,
    /// Currents below this count as this (A).
    pub floor: Amps,
}

impl CompensationSpec {
    /// The compensation with one factor for each `scope`.
    ///
    /// # Errors
    /// [`ChipError::Device`] for a number that cannot be.
    pub fn build(self, scope: Scope) -> Result<Compensation, ChipError> {
        let Self { noise, repeats, floor } = self;
        Ok(cim_device::CompensationSpec { scope, noise, repeats, floor }.build()?)
    }
}
