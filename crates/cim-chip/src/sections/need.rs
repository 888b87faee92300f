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
    Err(ChipError::Section { key: key.into(), value: brief(value), help: help.into() })
}

/// What `checked` refuses while `value` stands in its place, said of `key`, which has that value.
///
/// # Errors
/// [`ChipError::Section`] of `key`.
pub fn need_swept(
    key: &str,
    value: impl Display,
    checked: Result<(), ChipError>,
) -> Result<(), ChipError> {
    checked.or_else(|error| {
        let why = error.help().map_or_else(String::new, |help| format!(": {help}"));
        need(false, key, value, &format!("with it {error}{why}"))
    })
}

/// As it is written, but for long numbers: 1e-300 has no 299 zeros.
fn brief(value: impl Display) -> String {
    /// Letters of a number that can be read at a glance.
    const LONG: usize = 12;
    let text = value.to_string();
    if text.len() <= LONG {
        return text;
    }
    let number = text.parse::<f64>().ok().filter(|number| number.to_string() == text);
    let short = number.map(|number| format!("{number:e}"));
    short.filter(|short| short.len() < text.len()).unwrap_or(text)
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
    need(ok, key, &value, &format!("give {} to {}", brief(least), brief(most)))
}

/// Values of a list, for a message: as in a file, without quotes.
pub fn listed<T: Display>(values: &[T]) -> String {
    let values: Vec<String> = values.iter().map(brief).collect();
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
    fn numbers_are_told_as_short_as_they_can_be() {
        for (value, shown) in
            [(-1e-300, "-1e-300"), (-0.5, "-0.5"), (-1e5, "-100000"), (1e31, "1e31")]
        {
            let error = need_positive("key", value, value).expect_err("out");
            assert_eq!(error.to_string(), format!("key is {shown}"));
        }
        let error = need_within("key", -1e-300, 1e-12, 1e12).expect_err("out");
        assert_eq!(
            (error.to_string().as_str(), error.help()),
            ("key is -1e-300", Some("give 1e-12 to 1e12"))
        );
        assert_eq!(brief(u64::MAX), u64::MAX.to_string());
        assert_eq!(brief(Volts(1e-3)), "1 mV");
        assert_eq!(listed(&[0.5, 1e-20]), "[0.5, 1e-20]");
    }

    #[test]
    fn what_is_swept_is_at_fault_and_not_what_stands_beside_it() {
        let beside = need_within("table", 15, 31, 31);
        let error = need_swept("sweep", 4, beside).expect_err("out");
        assert_eq!(error.to_string(), "sweep is 4");
        assert_eq!(error.help(), Some("with it table is 15: give 31 to 31"));
        assert!(need_swept("sweep", 5, Ok(())).is_ok());
    }

    #[test]
    fn a_range_is_told_in_units_and_refuses_what_is_no_number() {
        assert!(need_within("key", Volts(1.0), Volts(1.0), Volts(2.0)).is_ok());
        for value in [0.9, 2.1, f64::NAN, f64::INFINITY] {
            let error = need_within("key", Volts(value), Volts(1e-3), Volts(0.5)).expect_err("out");
            assert_eq!(error.help(), Some("give 1 mV to 500 mV"));
        }
    }
}
