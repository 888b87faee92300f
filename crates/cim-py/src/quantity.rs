//! One number with a unit, or in SI units without.

use std::str::FromStr;

use cim_core::{Joules, Ohms, Seconds, Siemens, UnitError};
use pyo3::Borrowed;
use pyo3::prelude::*;

use crate::error::PythonError;

/// A quantity as Python gives it: a number in the SI unit, or a text with a unit.
#[derive(Clone, Copy, Debug)]
pub struct Quantity<Q>(pub Q);

/// What a [`Quantity`] can be of.
pub trait Unit: FromStr<Err = UnitError> {
    /// How a text is written.
    const EXAMPLE: &'static str;

    /// So much of the SI unit.
    fn of(value: f64) -> Self;
}

macro_rules! units {
    ($($quantity:ident $example:literal),*) => {
        $(impl Unit for $quantity {
            const EXAMPLE: &'static str = $example;

            fn of(value: f64) -> Self {
                Self(value)
            }
        })*
    };
}

units!(Joules "5 nJ", Ohms "1.5 Ohm", Seconds "1 day", Siemens "5 uS");

impl<'a, 'py, Q: Unit> FromPyObject<'a, 'py> for Quantity<Q> {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(number) = given.extract::<f64>() {
            return Ok(Self(Q::of(number)));
        }
        let text: String = given.extract()?;
        let read = text.parse().map(Self).map_err(|error: UnitError| {
            let help = format!("write a number in SI units, or a text such as {:?}", Q::EXAMPLE);
            PythonError::input(error.to_string(), help)
        });
        Ok(read?)
    }
}

impl<Q> Quantity<Q> {
    /// The quantity, checked to be zero or positive, and finite.
    ///
    /// # Errors
    /// [`PythonError::Input`] naming the argument.
    pub fn not_negative(self, name: &str, value: impl FnOnce(&Q) -> f64) -> Result<Q, PythonError> {
        let number = value(&self.0);
        if 0.0 <= number && number.is_finite() {
            return Ok(self.0);
        }
        let help = "it must be zero or positive, and finite";
        Err(PythonError::input(format!("{name} is {number:e}"), help))
    }
}
