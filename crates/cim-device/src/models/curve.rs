//! Curves of conductance: straight lines between knots.

use cim_core::Siemens;
use serde::{Deserialize, Serialize};

use crate::error::DeviceError;

/// A curve as written in a file: its values at knots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurveSpec {
    /// Knots, rising; one is a constant.
    pub at: Vec<Siemens>,
    /// Value at each knot.
    pub values: Vec<Siemens>,
}

impl CurveSpec {
    /// A curve of microsiemens.
    pub fn in_us(at: &[f64], values: &[f64]) -> Self {
        let us = |x: &f64| Siemens(x * 1e-6);
        Self { at: at.iter().map(us).collect(), values: values.iter().map(us).collect() }
    }

    /// The same value everywhere.
    pub fn constant(value: Siemens) -> Self {
        Self { at: vec![Siemens::ZERO], values: vec![value] }
    }

    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError::Knots`] for knots that do not rise or that have not one value each.
    pub fn build(self) -> Result<Curve, DeviceError> {
        let rises = self.at.windows(2).all(|pair| pair[0] < pair[1]);
        let finite = self.at.iter().chain(&self.values).all(|x| x.is_finite());
        if self.at.is_empty() || self.at.len() != self.values.len() || !rises || !finite {
            return Err(DeviceError::Knots { knots: self.at.len(), values: self.values.len() });
        }
        let plain = |list: Vec<Siemens>| list.into_iter().map(|x| x.0).collect();
        Ok(Curve { at: plain(self.at), values: plain(self.values) })
    }
}

/// Straight lines between knots, constant beyond the outer ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    at: Vec<f64>,
    values: Vec<f64>,
}

impl Curve {
    /// Value at a conductance (S).
    pub fn at(&self, g_s: f64) -> f64 {
        let after = self.at.partition_point(|&knot| knot <= g_s);
        let last = self.at.len() - 1;
        if after == 0 || last < after {
            return self.values[after.min(last)];
        }
        let (left, right) = (self.at[after - 1], self.at[after]);
        let share = (g_s - left) / (right - left);
        self.values[after - 1] * (1.0 - share) + self.values[after] * share
    }

    /// Whether it is zero everywhere.
    pub(crate) fn is_zero(&self) -> bool {
        self.values.iter().all(|value| *value == 0.0)
    }

    /// Checks that the curve is a standard deviation.
    pub(crate) fn check_sigma(&self, name: &'static str) -> Result<(), DeviceError> {
        match self.values.iter().position(|value| *value < 0.0) {
            None => Ok(()),
            Some(idx) => Err(DeviceError::NegativeSigma {
                name,
                sigma: Siemens(self.values[idx]),
                conductance: Siemens(self.at[idx]),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_goes_through_its_knots_and_stays_beyond_them() {
        let curve = CurveSpec::in_us(&[1.0, 3.0, 4.0], &[2.0, 6.0, 5.0]).build().expect("a curve");
        for (g, want) in
            [(0.0, 2.0), (1.0, 2.0), (2.0, 4.0), (3.0, 6.0), (3.5, 5.5), (4.0, 5.0), (9.0, 5.0)]
        {
            let got = curve.at(g * 1e-6) * 1e6;
            assert!((got - want).abs() < 1e-12, "{g}: {got}");
        }
        let constant = CurveSpec::constant(Siemens(3.0)).build().expect("a curve");
        assert_eq!([constant.at(-1.0), constant.at(0.0), constant.at(7.0)], [3.0; 3]);
    }
}
