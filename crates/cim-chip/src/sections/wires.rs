//! `[wires]`: resistances of one cell pitch of row and column wire (Ω), and of what lies between the
//! array and its drivers and amplifiers; zero is an ideal wire.

use cim_core::Ohms;

use super::need::{need, need_within};
use crate::error::ChipError;

pub use cim_crossbar::Wires;

/// Checks every resistance: 0 Ω to 1 TΩ.
///
/// # Errors
/// [`ChipError::Section`] for the first that cannot be.
pub fn check(wires: &Wires) -> Result<(), ChipError> {
    for (key, resistance) in [
        ("wires.row", Some(wires.row)),
        ("wires.column", Some(wires.column)),
        ("wires.source", wires.source),
        ("wires.sense", wires.sense),
    ] {
        need_within(key, resistance.unwrap_or(Ohms::ZERO), Ohms::ZERO, Ohms(1e12))?;
    }
    Ok(())
}

/// As [`check`], where pitches are swept by another key, so that those of `[wires]` would count for nothing.
///
/// # Errors
/// [`ChipError::Section`] for the first that cannot be, or a pitch that is not 0 Ω.
pub fn check_swept(wires: &Wires, by: &str) -> Result<(), ChipError> {
    check(wires)?;
    for (key, pitch) in [("wires.row", wires.row), ("wires.column", wires.column)] {
        let help =
            format!("give 0 Ohm: pitches are those of {by}, and this one would count for nothing");
        need(pitch == Ohms::ZERO, key, pitch, &help)?;
    }
    Ok(())
}
