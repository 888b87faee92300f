//! `[wires]`: resistances of one cell pitch of row and column wire (Ω), and of what lies between the
//! array and its drivers and amplifiers; zero is an ideal wire.

use cim_core::Ohms;

use super::need::need_within;
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
