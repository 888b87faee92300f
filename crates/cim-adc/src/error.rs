//! What can be wrong with a converter.

use cim_core::{Amps, Hertz};
use thiserror::Error;

/// Errors of converter specifications.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum AdcError {
    /// The resolution cannot be built.
    #[error("{bits} bits: {converter} resolution must be {min} to {max} bits")]
    Bits {
        /// Which converter.
        converter: &'static str,
        /// The resolution as given.
        bits: u32,
        /// Fewest bits.
        min: u32,
        /// Most bits.
        max: u32,
    },
    /// The full scale is zero, negative or not finite.
    #[error("full scale of {full_scale} is empty: it must be a positive, finite current")]
    EmptyRange {
        /// The full scale as given.
        full_scale: Amps,
    },
    /// The noise of the converter is negative or not finite.
    #[error("input noise of {noise} must be zero or a positive, finite current")]
    Noise {
        /// The noise as given.
        noise: Amps,
    },
    /// A non-linearity is beyond the range of any converter, or a negative standard deviation.
    #[error(
        "integral non-linearity of the {converter} is {lsb} LSB: it must lie within 65536 LSB, a sigma at zero or above"
    )]
    Nonlinearity {
        /// Which converter.
        converter: &'static str,
        /// The value as given.
        lsb: f64,
    },
    /// A table of deviations does not fit the resolution.
    #[error("{entries} deviations for the {levels} levels of the {converter}")]
    Table {
        /// Which converter.
        converter: &'static str,
        /// Deviations given.
        entries: usize,
        /// Levels of the converter.
        levels: usize,
    },
    /// Thresholds and values that make no converter.
    #[error("the ladder of column {column} has {what}")]
    Ladder {
        /// Number of the column.
        column: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A percentile is not a percentile.
    #[error("percentile {percentile} of the full-scale policy must lie above 0 and up to 100")]
    Percentile {
        /// The percentile as given.
        percentile: f64,
    },
    /// An oscillator that does not oscillate.
    #[error("oscillator of {frequency} at {reference}: both must be positive and finite")]
    Oscillator {
        /// The frequency as given.
        frequency: Hertz,
        /// The reference current as given.
        reference: Amps,
    },
    /// A quantity of the energy model is out of the range it was fitted on.
    #[error("energy per conversion: {name} is {value}, expected {expected}")]
    Energy {
        /// Which quantity.
        name: &'static str,
        /// The value as given.
        value: f64,
        /// What is accepted.
        expected: &'static str,
    },
}

pub(crate) fn check_bits(
    converter: &'static str,
    bits: u32,
    min: u32,
    max: u32,
) -> Result<(), AdcError> {
    if (min..=max).contains(&bits) {
        Ok(())
    } else {
        Err(AdcError::Bits { converter, bits, min, max })
    }
}
