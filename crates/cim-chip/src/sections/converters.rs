//! `[converters]`: between numbers and volts, amperes and codes.

use cim_adc::{DacSpec, FullScale, Polarity};
use cim_core::Amps;
use serde::{Deserialize, Serialize};

use super::need::{need, need_within};
use crate::error::ChipError;

/// Converters of every tile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConverterSpec {
    /// Resolution of the row converters, 2 to 16 bits.
    pub dac_bits: u32,
    /// How inputs drive rows: `unipolar` for inputs that are zero or positive; for inputs of both signs
    /// `bipolar`, or `two-phase`, which subtracts a second read of the negative ones.
    pub dac_polarity: Polarity,
    /// Resolution of the column converters, 2 to 16 bits.
    pub adc_bits: u32,
    /// Input-referred noise of the column converters, rms (A), 0 to 1 A.
    pub adc_noise: Amps,
    /// How the full scales of a design that nothing optimises are set.
    pub full_scale: FullScale,
}

/// Resolutions that converters can have (bits).
pub const BITS: std::ops::RangeInclusive<u32> = 2..=16;

/// Checks a resolution, called `key` in the message.
///
/// # Errors
/// [`ChipError::Section`] outside of [`BITS`].
pub fn check_bits(key: &str, bits: u32) -> Result<(), ChipError> {
    need(BITS.contains(&bits), key, format!("{bits} bits"), "converters have 2 to 16 bits")
}

impl ConverterSpec {
    /// Checks resolutions, noise and policy.
    ///
    /// # Errors
    /// [`ChipError`] for the first that cannot be.
    pub fn check(&self) -> Result<(), ChipError> {
        check_bits("converters.dac_bits", self.dac_bits)?;
        check_bits("converters.adc_bits", self.adc_bits)?;
        need_within("converters.adc_noise", self.adc_noise, Amps::ZERO, Amps(1.0))?;
        need(
            self.full_scale != FullScale::Optimised,
            "converters.full_scale",
            "optimised",
            "what the optimiser chooses is no policy to begin with: use worst-case, percentile, mse-optimal or fixed",
        )?;
        if let FullScale::Fixed { full_scale } = self.full_scale {
            let key = "converters.full_scale.full_scale";
            need_within(key, full_scale, Amps(1e-18), Amps(1e3))?;
        }
        Ok(self.full_scale.check()?)
    }

    /// The row converters.
    pub fn dac(&self) -> DacSpec {
        DacSpec { bits: self.dac_bits, polarity: self.dac_polarity }
    }
}
