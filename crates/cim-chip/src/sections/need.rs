//! How a section refuses a value.

use std::fmt::Display;

use crate::error::ChipError;

/// Refuses `key = value` unless `ok`; `help` says what can be.
///
/// # Errors
/// [`ChipError::Section`].
pub fn need(ok: bool, key: &str, value: impl Display, help: &str) -> Result<(), ChipError> {
    if ok {
        return Ok(());
    }
    Err(ChipError::Section { key: key.into(), value: value.to_string(), help: help.into() })
}

/// Refuses all but positive, finite numbers; `value` is in SI units, `shown` as written.
///
/// # Errors
/// [`ChipError::Section`].
pub fn need_positive(key: &str, value: f64, shown: impl Display) -> Result<(), ChipError> {
    need(0.0 < value && value.is_finite(), key, shown, "give a positive, finite value")
}

/// Refuses negative and infinite numbers; `value` is in SI units, `shown` as written.
///
/// # Errors
/// [`ChipError::Section`].
pub fn need_not_negative(key: &str, value: f64, shown: impl Display) -> Result<(), ChipError> {
    need(0.0 <= value && value.is_finite(), key, shown, "give zero or a positive, finite value")
}

/// Refuses all but 0 to 1.
///
/// # Errors
/// [`ChipError::Section`].
pub fn need_fraction(key: &str, value: f64) -> Result<(), ChipError> {
    need((0.0..=1.0).contains(&value), key, value, "give a fraction from 0 to 1")
}

/// Refuses all but fractions above 0, up to 1.
///
/// # Errors
/// [`ChipError::Section`].
pub fn need_share_above_zero(key: &str, value: f64) -> Result<(), ChipError> {
    need(0.0 < value && value <= 1.0, key, value, "give a fraction above 0 and up to 1")
}
