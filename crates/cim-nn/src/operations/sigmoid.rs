//! Logistic function.

use serde::{Deserialize, Serialize};

use super::Builder;
use super::pointwise::{Function, Pointwise};
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "sigmoid" }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigmoidSpec {}

/// `1 / (1 + e^−x)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sigmoid;

impl SigmoidSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        _builder: &mut Builder,
    ) -> Result<Pointwise<Sigmoid>, NetworkError> {
        Ok(Pointwise::new(input, Sigmoid))
    }
}

impl Function for Sigmoid {
    #[inline(always)]
    fn value<T: Real>(x: T) -> T {
        x.logistic()
    }

    #[inline(always)]
    fn slope<T: Real>(_x: T, y: T) -> T {
        y * (T::of(1.0) - y)
    }
}

#[cfg(test)]
impl super::gradients::Random for SigmoidSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        Some((Self {}, draws.image()))
    }
}
