//! `[compensation]`: how drift is measured.

use cim_core::Amps;
use cim_device::Compensation;
use cim_device::compensation::Scope;
use serde::{Deserialize, Serialize};

use super::need::need_within;
use crate::error::ChipError;

/// One-hot probes right after programming and later; what one factor covers is said apart.
///
/// Source: Joshi et al. 2020, global drift compensation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompensationSpec {
    /// Noise of one measured current, rms (A), 0 to 1 A.
    pub noise: Amps,
    /// Reads that are averaged, 1 to 1,000,000,000.
    pub repeats: u32,
    /// Currents below this count as this (A), 0 to 1 A.
    pub floor: Amps,
}

impl CompensationSpec {
    /// The compensation with one factor for each `scope`.
    ///
    /// # Errors
    /// [`ChipError::Section`] for a number that cannot be.
    pub fn build(self, scope: Scope) -> Result<Compensation, ChipError> {
        let Self { noise, repeats, floor } = self;
        need_within("compensation.noise", noise, Amps::ZERO, Amps(1.0))?;
        need_within("compensation.repeats", repeats, 1, 1_000_000_000)?;
        need_within("compensation.floor", floor, Amps::ZERO, Amps(1.0))?;
        Ok(cim_device::CompensationSpec { scope, noise, repeats, floor }.build()?)
    }
}
