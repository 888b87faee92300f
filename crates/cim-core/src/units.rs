//! Quantities with units: a number is never bare at a seam or in a file.
//!
//! ```
//! use cim_core::{Amps, Siemens, Volts};
//!
//! let g: Siemens = "25 uS".parse()?;
//! let current: Amps = g * Volts(0.2);
//! assert_eq!(current.to_string(), "5 µA");
//! assert!("25".parse::<Siemens>().is_err());
//! # Ok::<(), cim_core::UnitError>(())
//! ```

mod notation;

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use notation::UnitError;
use notation::{CALENDAR, Notation};

/// Defines the quantities: one line each with the name and the notation of its values.
macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident = $notation:expr;)+) => {$(
        $(#[$doc])*
        ///
        /// Written and read with its unit, as text (`µ`, `Ω`) and in files (`u`, `Ohm`); the text of a
        /// finite value reads back as the same value.
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
        pub struct $name(pub f64);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0.0);

            const NOTATION: Notation = $notation;

            /// The value without its sign.
            #[must_use]
            pub const fn abs(self) -> Self {
                Self(self.0.abs())
            }

            /// Whether the value is neither infinite nor NaN.
            pub const fn is_finite(self) -> bool {
                self.0.is_finite()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Self::NOTATION.print(self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = UnitError;

            fn from_str(text: &str) -> Result<Self, UnitError> {
                Self::NOTATION.parse(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Self::NOTATION.serialize(self.0, serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::NOTATION.deserialize(deserializer).map(Self)
            }
        }

        impl Add for $name {
            type Output = Self;

            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl Sub for $name {
            type Output = Self;

            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }

        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }

        impl Neg for $name {
            type Output = Self;

            fn neg(self) -> Self {
                Self(-self.0)
            }
        }

        impl Mul<f64> for $name {
            type Output = Self;

            fn mul(self, factor: f64) -> Self {
                Self(self.0 * factor)
            }
        }

        impl Mul<$name> for f64 {
            type Output = $name;

            fn mul(self, quantity: $name) -> $name {
                $name(self * quantity.0)
            }
        }

        impl Div<f64> for $name {
            type Output = Self;

            fn div(self, divisor: f64) -> Self {
                Self(self.0 / divisor)
            }
        }

        impl Div for $name {
            type Output = f64;

            fn div(self, other: Self) -> f64 {
                self.0 / other.0
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
                terms.fold(Self::ZERO, Add::add)
            }
        }
    )+};
}

quantities! {
    /// A conductance in siemens.
    Siemens = Notation { quantity: "a conductance", example: "25 uS", symbols: &["S"], shown: "S", top: 12, multiples: &[] };
    /// A voltage in volts.
    Volts = Notation { quantity: "a voltage", example: "0.2 V", symbols: &["V"], shown: "V", top: 12, multiples: &[] };
    /// A current in amperes.
    Amps = Notation { quantity: "a current", example: "10 uA", symbols: &["A"], shown: "A", top: 12, multiples: &[] };
    /// A resistance in ohms.
    Ohms = Notation {
        quantity: "a resistance",
        example: "0.35 Ohm",
        symbols: &["Ohm", "ohm", "\u{3a9}", "\u{2126}"],
        shown: "\u{3a9}",
        top: 12,
        multiples: &[],
    };
    /// A time in seconds.
    ///
    /// Also read in `min`, `h`, `day`, `week`, `month` (30 days) and `year` (365 days).
    Seconds = Notation { quantity: "a time", example: "50 ns", symbols: &["s"], shown: "s", top: 0, multiples: CALENDAR };
    /// An absolute temperature in kelvin.
    Kelvin = Notation { quantity: "a temperature", example: "300 K", symbols: &["K"], shown: "K", top: 0, multiples: &[] };
    /// An energy in joules.
    Joules = Notation { quantity: "an energy", example: "2.02 pJ", symbols: &["J"], shown: "J", top: 12, multiples: &[] };
    /// A power in watts.
    Watts = Notation { quantity: "a power", example: "2 uW", symbols: &["W"], shown: "W", top: 12, multiples: &[] };
    /// A frequency or bandwidth in hertz.
    Hertz = Notation { quantity: "a frequency", example: "10 MHz", symbols: &["Hz"], shown: "Hz", top: 12, multiples: &[] };
    /// A charge in coulombs.
    Coulombs = Notation { quantity: "a charge", example: "16 fC", symbols: &["C"], shown: "C", top: 0, multiples: &[] };
    /// A capacitance in farads.
    Farads = Notation { quantity: "a capacitance", example: "30 fF", symbols: &["F"], shown: "F", top: 12, multiples: &[] };
}

/// Laws between quantities, one line each: `Siemens * Volts = Amps`.
macro_rules! laws {
    ($($left:ident $op:tt $right:ident = $result:ident;)+) => {
        $(laws!(@impl $left $op $right = $result);)+
    };
    (@impl $left:ident * $right:ident = $result:ident) => {
        laws!(@one Mul mul $left * $right = $result);
    };
    (@impl $left:ident / $right:ident = $result:ident) => {
        laws!(@one Div div $left / $right = $result);
    };
    (@one $trait:ident $method:ident f64 $op:tt $right:ident = $result:ident) => {
        impl $trait<$right> for f64 {
            type Output = $result;

            fn $method(self, right: $right) -> $result {
                $result(self $op right.0)
            }
        }
    };
    (@one $trait:ident $method:ident $left:ident $op:tt $right:ident = $result:ident) => {
        impl $trait<$right> for $left {
            type Output = $result;

            fn $method(self, right: $right) -> $result {
                $result(self.0 $op right.0)
            }
        }
    };
}

laws! {
    Siemens * Volts = Amps;
    Volts * Siemens = Amps;
    Volts / Ohms = Amps;
    Amps * Ohms = Volts;
    Ohms * Amps = Volts;
    Amps / Siemens = Volts;
    Amps / Volts = Siemens;
    Volts / Amps = Ohms;
    Watts * Seconds = Joules;
    f64 / Siemens = Ohms;
    f64 / Ohms = Siemens;
    f64 / Seconds = Hertz;
    f64 / Hertz = Seconds;
    Ohms * Farads = Seconds;
    Amps * Seconds = Coulombs;
    Amps / Hertz = Coulombs;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::DeserializeOwned;

    use super::*;

    /// Reads `x = <text>` as TOML and returns the value or the error's text.
    fn from_toml<Q: DeserializeOwned>(text: &str) -> Result<Q, String> {
        #[derive(serde::Deserialize)]
        struct Table<Q> {
            x: Q,
        }
        toml::from_str::<Table<Q>>(&format!("x = {text}"))
            .map(|table| table.x)
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn every_spelling_is_read() {
        for text in
            ["100 uS", "100uS", "1e-4 S", "0.1 mS", "+100 \u{b5}S", " 100 \u{3bc}S ", "1E2uS"]
        {
            assert_eq!(text.parse(), Ok(Siemens(1e-4)), "{text}");
        }
        for text in ["0.35 Ohm", "0.35 ohm", ".35 \u{3a9}", "350 m\u{2126}", "0.00035 kOhm"] {
            assert_eq!(text.parse(), Ok(Ohms(0.35)), "{text}");
        }
        assert_eq!("2 MOhm".parse(), Ok(Ohms(2e6)));
        assert_eq!("-5. mV".parse(), Ok(Volts(-5e-3)));
        assert_eq!("10 MHz".parse(), Ok(Hertz(1e7)));
        assert_eq!("300 K".parse(), Ok(Kelvin(300.0)));
        assert_eq!("50 ns".parse(), Ok(Seconds(50e-9)));
        assert_eq!("2.02 pJ".parse(), Ok(Joules(2.02e-12)));
        assert_eq!("30 fF".parse(), Ok(Farads(30e-15)));
        assert_eq!("0 A".parse(), Ok(Amps::ZERO));
    }

    #[test]
    fn long_times_are_read_by_their_names() {
        for (text, seconds) in [
            ("20s", 20.0),
            ("1h", 3600.0),
            ("1.5 h", 5400.0),
            ("90 min", 5400.0),
            ("1day", 86_400.0),
            ("2 days", 172_800.0),
            ("1 week", 604_800.0),
            ("1month", 2_592_000.0),
            ("1 year", 31_536_000.0),
            ("1e1 years", 315_360_000.0),
            ("-1 h", -3600.0),
        ] {
            assert_eq!(text.parse(), Ok(Seconds(seconds)), "{text}");
        }
        // A multiple takes no prefix, belongs to times alone, and has one spelling.
        for text in ["1 kh", "1 kday", "1 mmin", "1 H", "1 d", "1 hour", "1 fortnight"] {
            assert!(matches!(text.parse::<Seconds>(), Err(UnitError::Mismatch { .. })), "{text}");
        }
        assert!("1 day".parse::<Siemens>().is_err());
        assert!(matches!("1e308 years".parse::<Seconds>(), Err(UnitError::NotFinite { .. })));
        assert_eq!(Seconds(86_400.0).to_string(), "86400 s");
        assert_eq!(from_toml::<Seconds>("\"1 month\""), Ok(Seconds(2_592_000.0)));
    }

    #[test]
    fn the_engineering_prefix_is_printed() {
        assert_eq!(Siemens(1e-4).to_string(), "100 µS");
        assert_eq!(Ohms(0.35).to_string(), "350 mΩ");
        assert_eq!(Hertz(1e7).to_string(), "10 MHz");
        assert_eq!(Joules(-2.02e-12).to_string(), "-2.02 pJ");
        assert_eq!(Amps::ZERO.to_string(), "0 A");
        assert_eq!(Kelvin(1234.5).to_string(), "1234.5 K");
        assert_eq!(Seconds(3.2e7).to_string(), "32000000 s");
        assert_eq!(Seconds(1e12).to_string(), "1e12 s");
        assert_eq!(Volts(1e-21).to_string(), "1e-21 V");
        assert_eq!(Volts(f64::NAN).to_string(), "NaN V");
    }

    #[test]
    fn a_precision_is_a_number_of_decimals() {
        assert_eq!(format!("{:.2}", Siemens(25.678e-6)), "25.68 µS");
        assert_eq!(format!("{:.1}", Siemens(99.96e-6)), "100.0 µS");
        assert_eq!(format!("{:.1}", Siemens(-999.96e-6)), "-1.0 mS");
        assert_eq!(format!("{:.0}", Volts(0.2)), "200 mV");
        assert_eq!(format!("{:.3}", Volts::ZERO), "0.000 V");
        assert_eq!(format!("{:.1}", Volts(f64::INFINITY)), "inf V");
        assert_eq!(format!("[{:8.1}]", Volts(0.2)), "[200.0 mV]");
        assert_eq!(format!("[{:12}]", Volts(0.2)), "[      200 mV]");
    }

    #[test]
    fn errors_say_what_was_wanted() {
        let error = |text: &str| text.parse::<Siemens>().unwrap_err().to_string();
        assert_eq!(error("100"), r#"bare number 100: write it with its unit, e.g. "25 uS""#);
        let mismatch = r#"expected a conductance such as "25 uS", found "#;
        for text in
            ["5 V", "5 s", "5 us", "5 xS", "S", "", "uS 5", "1 2 S", "0x1 S", "1e S", "1.2.3 S"]
        {
            assert_eq!(error(text), format!("{mismatch}\"{text}\""));
        }
        for text in ["inf S", "-inf S", "NaN S", "1e400 S", "1e306 kS", "1e99999999999 S"] {
            assert_eq!(error(text), format!("\"{text}\" is not a finite number"));
        }
    }

    #[test]
    fn files_hold_text_and_no_bare_number() {
        assert_eq!(from_toml::<Siemens>("\"25 uS\""), Ok(Siemens(25e-6)));
        let message = |text: &str| from_toml::<Siemens>(text).unwrap_err();
        for number in ["100", "-3", "2.5", "100.0", "inf", "nan"] {
            let want = format!("bare number {number}: write it with its unit, e.g. \"25 uS\"");
            assert_eq!(message(number), want.replace("nan", "NaN"));
        }
        assert_eq!(message("\"5 V\""), r#"expected a conductance such as "25 uS", found "5 V""#);
        assert_eq!(message("\"inf S\""), "\"inf S\" is not a finite number");
        assert!(message("true").contains("a conductance such as \"25 uS\""));
    }

    #[test]
    fn what_could_not_be_read_back_is_not_written() {
        assert_eq!(toml::Value::try_from(Volts(0.2)), Ok(toml::Value::from("200 mV")));
        assert_eq!(toml::Value::try_from(Siemens(25e-6)), Ok(toml::Value::from("25 uS")));
        assert_eq!(toml::Value::try_from(Ohms(0.35)), Ok(toml::Value::from("350 mOhm")));
        assert!(toml::Value::try_from(Volts(f64::NAN)).is_err());
        assert!(toml::Value::try_from(Volts(f64::INFINITY)).is_err());
    }

    #[test]
    fn ohms_law_holds_in_every_arrangement() {
        let (g, r, v, i) = (Siemens(0.25), Ohms(4.0), Volts(2.0), Amps(0.5));
        assert_eq!((g * v, v * g, v / r), (i, i, i));
        assert_eq!((i * r, r * i, i / g), (v, v, v));
        assert_eq!((i / v, 1.0 / r, v / i, 1.0 / g), (g, g, r, r));
        assert_eq!((1.0 / Seconds(0.5), 1.0 / Hertz(2.0)), (Hertz(2.0), Seconds(0.5)));
        assert_eq!(r * Farads(0.5), Seconds(2.0));
        assert_eq!((i * Seconds(4.0), i / Hertz(0.25)), (Coulombs(2.0), Coulombs(2.0)));
    }

    #[test]
    fn arithmetic_keeps_the_unit() {
        let mut v = Volts(1.0) + Volts(2.0) - Volts(0.5);
        v += Volts(1.0);
        v -= Volts(0.5);
        assert_eq!((v, -v, v * 2.0, 2.0 * v), (Volts(3.0), Volts(-3.0), Volts(6.0), Volts(6.0)));
        assert_eq!((v / 2.0, v / Volts(1.5), (-v).abs()), (Volts(1.5), 2.0, v));
        assert_eq!([v, v].into_iter().sum::<Volts>(), Volts(6.0));
        assert!(Volts::ZERO < v && v.is_finite() && !Volts(f64::NAN).is_finite());
    }

    /// Every finite number: all exponents, subnormals and both zeros.
    fn finite() -> impl Strategy<Value = f64> {
        use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
        prop_oneof![
            3 => POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO,
            // Magnitudes that occur.
            3 => (1.0..1000.0, -21_i32..15).prop_map(|(digits, power): (f64, _)| digits * 10_f64.powi(power)),
            // Few digits, as people write them.
            1 => (-9999_i32..9999, -20_i32..14).prop_map(|(digits, power)| f64::from(digits) * 10_f64.powi(power)),
        ]
    }

    /// Checks the laws of the notation of every quantity at one value.
    macro_rules! check_notations {
        ($value:ident: $($name:ident)+) => {$(
            let quantity = $name($value);
            let text = quantity.to_string();
            let read: $name = text.parse()?;
            prop_assert_eq!(read.0.to_bits(), quantity.0.to_bits(), "{}", text);
            let read: $name = from_toml(&format!("\"{text}\"")).map_err(TestCaseError::fail)?;
            prop_assert_eq!(read, quantity, "{} in TOML", text);
            let bare = from_toml::<$name>(&format!("{:?}", $value)).unwrap_err();
            prop_assert!(bare.starts_with("bare number"), "{}", bare);
            prop_assert_eq!(readers(&text), 1, "{} is read by its own quantity only", text);
        )+};
    }

    /// How many quantities read a text as theirs.
    fn readers(text: &str) -> usize {
        fn reads<Q: FromStr>(text: &str) -> usize {
            usize::from(text.parse::<Q>().is_ok())
        }
        reads::<Siemens>(text)
            + reads::<Volts>(text)
            + reads::<Amps>(text)
            + reads::<Ohms>(text)
            + reads::<Seconds>(text)
            + reads::<Kelvin>(text)
            + reads::<Joules>(text)
            + reads::<Hertz>(text)
            + reads::<Farads>(text)
            + reads::<Watts>(text)
            + reads::<Coulombs>(text)
    }

    proptest! {
        #[test]
        fn text_reads_back_as_the_same_value_of_the_same_quantity_only(value in finite()) {
            check_notations!(value: Siemens Volts Amps Ohms Seconds Kelvin Joules Hertz Farads Coulombs Watts);
        }

        #[test]
        fn bare_integers_are_refused(value: i64) {
            let error = from_toml::<Joules>(&value.to_string()).unwrap_err();
            prop_assert_eq!(error, format!("bare number {value}: write it with its unit, e.g. \"2.02 pJ\""));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*") {
            let _ = text.parse::<Ohms>();
        }

        #[test]
        fn rounding_to_decimals_is_off_by_half_a_step_at_most(
            digits in 1.0..1000.0_f64, power in -6_i32..4, decimals in 0_usize..6,
        ) {
            let value = digits * 1000_f64.powi(power);
            let read: Volts = format!("{:.decimals$}", Volts(value)).parse()?;
            let step = 1000_f64.powi(power) / 10_f64.powi(decimals as i32);
            // Half a step, and the rounding of reading and of this comparison.
            prop_assert!((read.0 - value).abs() <= 0.5 * step + 4.0 * f64::EPSILON * value.abs());
        }
    }
}
