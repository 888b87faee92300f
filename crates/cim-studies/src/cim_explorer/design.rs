//! One design.

use cim_chip::sections::Wires;

use super::range::Range;

/// What is designed but for arrays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// Where in the window of the device the state of high resistance lies.
    pub low: f64,
    /// Where in the window of the device the state of low resistance lies.
    pub high: f64,
    /// Resolution of the output converters (bits).
    pub adc_bits: u32,
    /// Standard deviation of errors on top of what cells hold, of the span of the window.
    pub spread: f64,
    /// Wires.
    pub wires: Wires,
    /// How converters get their ranges or thresholds.
    pub range: Range,
}

/// Bits of converters that stand for ideal ones.
pub const IDEAL_BITS: u32 = 16;
