//! How a quantity is written and read: a decimal number, an SI prefix, a unit.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::ser::{Error as _, Serializer};
use thiserror::Error;

/// Why a text is not the quantity that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnitError {
    /// A number without a unit.
    #[error("bare number {number}: write it with its unit, e.g. \"{example}\"")]
    BareNumber {
        /// The number as found.
        number: String,
        /// A value of the quantity that was asked for.
        example: &'static str,
    },
    /// Another unit, or no number at all.
    #[error("expected {quantity} such as \"{example}\", found \"{found}\"")]
    Mismatch {
        /// What was asked for, with its article: "a conductance".
        quantity: &'static str,
        /// A value of it.
        example: &'static str,
        /// The text as found.
        found: String,
    },
    /// A number too large for `f64`, an infinity or NaN.
    #[error("\"{found}\" is not a finite number")]
    NotFinite {
        /// The text as found.
        found: String,
    },
}

/// SI prefixes and their powers of ten. The first name of a power is the one written into files.
const PREFIXES: [(&str, i32); 13] = [
    ("a", -18),
    ("f", -15),
    ("p", -12),
    ("n", -9),
    ("u", -6),
    ("\u{b5}", -6),
    ("\u{3bc}", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
];

/// Printed in place of the prefix `u`, which files keep: they hold nothing that a keyboard lacks.
const MICRO: &str = "\u{b5}";

/// Digits before the decimal point above which a number is printed with an exponent instead.
const MAX_INTEGER_DIGITS: i32 = 9;

/// The notation of one quantity.
pub(super) struct Notation {
    /// Its name with an article.
    pub quantity: &'static str,
    /// A typical value.
    pub example: &'static str,
    /// Symbols of its unit; the first is written into files, all are read.
    pub symbols: &'static [&'static str],
    /// The symbol that is printed.
    pub shown: &'static str,
    /// Power of ten of the largest prefix printed: nobody writes kilokelvin.
    pub top: i32,
    /// Other units that are read, without a prefix, and what they are in the first one.
    pub multiples: &'static [(&'static str, f64)],
}

/// Units of time beyond the second. A month has 30 days and a year 365.
pub(super) const CALENDAR: &[(&str, f64)] = &[
    ("min", 60.0),
    ("h", 3600.0),
    ("day", 86_400.0),
    ("days", 86_400.0),
    ("week", 604_800.0),
    ("weeks", 604_800.0),
    ("month", 2_592_000.0),
    ("months", 2_592_000.0),
    ("year", 31_536_000.0),
    ("years", 31_536_000.0),
];

impl Notation {
    /// Reads a number with its unit; correctly rounded, whatever the prefix. A multiple of the unit
    /// is the number, rounded, times the multiple.
    pub fn parse(&self, text: &str) -> Result<f64, UnitError> {
        let text = text.trim();
        let (mantissa, exponent, unit) = split(text).ok_or_else(|| self.no_number(text))?;
        if unit.is_empty() {
            return Err(self.bare(text));
        }
        let multiple = self.multiples.iter().find(|(name, _)| *name == unit);
        let (prefix, factor) = match (multiple, self.prefix_of(unit)) {
            (Some(&(_, factor)), _) => (0, factor),
            (None, Some(prefix)) => (prefix, 1.0),
            (None, None) => return Err(self.mismatch(text)),
        };
        // One decimal number, read once: "100 u" is 100e-6, not 100.0 * 1e-6, which rounds twice.
        let value = format!("{mantissa}e{}", exponent.saturating_add(prefix)).parse::<f64>();
        match value.map(|value| value * factor) {
            Ok(value) if value.is_finite() => Ok(value),
            Ok(_) => Err(UnitError::NotFinite { found: text.to_owned() }),
            Err(_) => Err(self.mismatch(text)),
        }
    }

    /// Prints the shortest digits that read back as the same value, with an engineering prefix and
    /// the symbols of a book: `µS`, `Ω`.
    ///
    /// A precision (`{:.2}`) asks for that many decimals instead.
    pub fn print(&self, value: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scientific = match f.precision() {
            None => format!("{value:e}"),
            Some(decimals) => self.rounded(value, decimals),
        };
        let (number, prefix) = self.engineering(&scientific);
        let prefix = if prefix == "u" { MICRO } else { prefix };
        let text = format!("{number} {prefix}{}", self.shown);
        let width = f.width().unwrap_or(0);
        write!(f, "{text:>width$}")
    }

    /// Scientific notation with the digits that show `decimals` behind the engineering point.
    fn rounded(&self, value: f64, decimals: usize) -> String {
        let digits = |power: i32| {
            let before_point = power - self.prefix_for(power).1;
            decimals + usize::try_from(before_point).unwrap_or(0)
        };
        let Some(power) = power_of(&format!("{value:e}")) else {
            return format!("{value:e}"); // Infinite or NaN.
        };
        let scientific = format!("{value:.0$e}", digits(power));
        match power_of(&scientific) {
            // Rounding carried into the next power: the digits are a one and zeros.
            Some(carried) if carried != power => {
                format!("{0:.1$e}", 1.0_f64.copysign(value), digits(carried))
                    .replace("e0", &format!("e{carried}"))
            }
            _ => scientific,
        }
    }

    /// The number of a value such as `1.234e-5` with its point moved, and the prefix: `12.34` and `u`.
    fn engineering(&self, scientific: &str) -> (String, &'static str) {
        let as_it_is = || (scientific.to_owned(), "");
        let Some(power) = power_of(scientific) else {
            return as_it_is(); // Infinite or NaN.
        };
        let (prefix, prefix_power) = self.prefix_for(power);
        let shift = power - prefix_power;
        let mantissa = scientific.split('e').next().unwrap_or(scientific);
        let Some(shift) = usize::try_from(shift).ok().filter(|_| shift < MAX_INTEGER_DIGITS) else {
            return as_it_is();
        };
        let (sign, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", mantissa),
        };
        let mut digits: String = mantissa.chars().filter(|&c| c != '.').collect();
        while digits.len() <= shift {
            digits.push('0');
        }
        let (whole, fraction) = digits.split_at(shift + 1);
        let point = if fraction.is_empty() { "" } else { "." };
        (format!("{sign}{whole}{point}{fraction}"), prefix)
    }

    /// The printed prefix for a value of a power of ten; none where only an exponent will do.
    fn prefix_for(&self, power: i32) -> (&'static str, i32) {
        let wanted = power.div_euclid(3) * 3;
        let wanted = wanted.min(self.top);
        PREFIXES.into_iter().find(|&(_, power)| power == wanted).unwrap_or(("", 0))
    }

    /// The power of ten of the prefix of `unit`, if it is a unit of this quantity.
    fn prefix_of(&self, unit: &str) -> Option<i32> {
        self.symbols.iter().find_map(|symbol| {
            let prefix = unit.strip_suffix(symbol)?;
            PREFIXES.iter().find(|(name, _)| *name == prefix).map(|&(_, power)| power)
        })
    }

    pub fn serialize<S: Serializer>(&self, value: f64, serializer: S) -> Result<S::Ok, S::Error> {
        let (number, prefix) = self.engineering(&format!("{value:e}"));
        let text = format!("{number} {prefix}{}", self.symbols[0]);
        if value.is_finite() {
            serializer.serialize_str(&text)
        } else {
            Err(S::Error::custom(UnitError::NotFinite { found: text }))
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(&self, deserializer: D) -> Result<f64, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(self) // So that a bare number meets our message.
        } else {
            deserializer.deserialize_str(self)
        }
    }

    fn bare(&self, number: impl ToString) -> UnitError {
        UnitError::BareNumber { number: number.to_string(), example: self.example }
    }

    fn mismatch(&self, found: &str) -> UnitError {
        UnitError::Mismatch {
            quantity: self.quantity,
            example: self.example,
            found: found.to_owned(),
        }
    }

    /// The error for a text that does not begin with a decimal number.
    fn no_number(&self, text: &str) -> UnitError {
        let word = text.split_whitespace().next().unwrap_or(text);
        match word.parse::<f64>() {
            Ok(_) => UnitError::NotFinite { found: text.to_owned() }, // "inf", "NaN".
            Err(_) => self.mismatch(text),
        }
    }
}

impl Visitor<'_> for &Notation {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} such as \"{}\"", self.quantity, self.example)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<f64, E> {
        self.parse(text).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<f64, E> {
        Err(E::custom(self.bare(number)))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<f64, E> {
        Err(E::custom(self.bare(number)))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<f64, E> {
        Err(E::custom(self.bare(format!("{number:?}"))))
    }
}

/// The power of ten of a number in scientific notation; none if it is not finite.
fn power_of(scientific: &str) -> Option<i32> {
    scientific.split_once('e')?.1.parse().ok()
}

/// Splits "-1.5e-6 S" into mantissa, exponent and unit; none without a number in front.
fn split(text: &str) -> Option<(&str, i32, &str)> {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let at = |i: usize| text.as_bytes().get(i).copied();

    let start = usize::from(matches!(at(0), Some(b'+' | b'-')));
    let whole = digits(start);
    let mut end = start + whole;
    let mut fraction = 0;
    if at(end) == Some(b'.') {
        fraction = digits(end + 1);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    let mantissa = &text[..end];
    let mut exponent = 0;
    if matches!(at(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(at(end + 1), Some(b'+' | b'-')));
        let n = digits(end + 1 + sign);
        if n > 0 {
            exponent = text[end + 1..end + 1 + sign + n].parse().ok()?;
            end += 1 + sign + n;
        }
    }
    Some((mantissa, exponent, text[end..].trim_start()))
}
