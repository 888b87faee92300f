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

/// Nothing that anybody measures is larger (SI units); products of a few such numbers stay finite.
const MOST: f64 = 1e30;

/// Refuses all but positive numbers up to 1e30; `value` is in SI units, `shown` as written.
///
/// # Errors
/// [`ChipError::Section`].
pub fn need_positive(key: &str, value: f64, shown: impl Display) -> Result<(), ChipError> {
    need(0.0 < value && value <= MOST, key, shown, "give a positive, finite value of any real size")
}

/// Refuses negative numbers and those above 1e30; `value` is in SI units, `shown` as written.
///
/// # Errors
/// [`ChipError::Section`].
pub fn need_not_negative(key: &str, value: f64, shown: impl Display) -> Result<(), ChipError> {
    let help = "give zero or a positive, finite value of any real size";
    need((0.0..=MOST).contains(&value), key, shown, help)
}

/// Refuses all that is not from `least` to `most`, both included, and NaN: a range of what anybody would
/// mean, so that a slip in a unit is told before it becomes an infinity somewhere.
///
/// # Errors
/// [`ChipError::Section`].
pub fn need_within<T: PartialOrd + Display>(
    key: &str,
    value: T,
    least: T,
    most: T,
) -> Result<(), ChipError> {
    let ok = least <= value && value <= most;
    need(ok, key, &value, &format!("give {least} to {most}"))
}

/// Values of a list, for a message: as in a file, without quotes.
pub fn listed<T: Display>(values: &[T]) -> String {
    let values: Vec<String> = values.iter().map(T::to_string).collect();
    format!("[{}]", values.join(", "))
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

#[cfg(test)]
mod tests {
    use cim_core::Volts;

    use super::*;

    #[test]
    fn a_range_is_told_in_units_and_refuses_what_is_no_number() {
        assert!(need_within("key", Volts(1.0), Volts(1.0), Volts(2.0)).is_ok());
        for value in [0.9, 2.1, f64::NAN, f64::INFINITY] {
            let error = need_within("key", Volts(value), Volts(1e-3), Volts(0.5)).expect_err("out");
            assert_eq!(error.help(), Some("give 1 mV to 500 mV"));
        }
    }
}
