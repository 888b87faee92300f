//! `[front_end]`: drivers, amplifiers and converters, as far as they are not ideal; ideal if left out.

use cim_tile::TileError;

use super::converters::ConverterSpec;
use crate::error::ChipError;

pub use cim_tile::FrontEnd;

/// Checks every key, and that tables of deviations fit the converters.
///
/// # Errors
/// [`ChipError`] for the first that cannot be.
pub fn check(front_end: &FrontEnd, converters: &ConverterSpec) -> Result<(), ChipError> {
    front_end.check(converters.dac(), converters.adc_bits).map_err(|error| match error {
        TileError::FrontEnd { key, value, help } => {
            ChipError::Section { key: format!("front_end.{key}"), value, help: help.into() }
        }
        error => error.into(),
    })
}
