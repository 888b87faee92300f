//! A standard deviation as a polynomial of conductance, as fits are printed.

use cim_core::Siemens;
use serde::{Deserialize, Serialize};

use crate::error::DeviceError;
use crate::law::SigmaLaw;

/// `σ = Σ coefficients[k] (G / scale)^k` as written in a file, constant first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolynomialSpec {
    /// Coefficients, constant first.
    pub coefficients: Vec<Siemens>,
    /// Unit of the argument.
    pub scale: Siemens,
}

impl PolynomialSpec {
    /// A fit printed in microsiemens.
    pub fn in_us(coefficients: &[f64], scale: f64) -> Self {
        let us = |x: &f64| Siemens(x / 1e6);
        Self { coefficients: coefficients.iter().map(us).collect(), scale: us(&scale) }
    }

    /// The law; whether it is positive is checked where its window is known.
    pub(crate) fn law(&self) -> Result<SigmaLaw, DeviceError> {
        if !(0.0 < self.scale.0 && self.scale.is_finite()) {
            let (name, value) = ("scale", self.scale.0);
            return Err(DeviceError::Parameter { name, value, range: "the positive numbers" });
        }
        let coefficients_s = self.coefficients.iter().map(|c| c.0).collect();
        Ok(SigmaLaw::Polynomial { coefficients_s, scale: self.scale })
    }
}
