//! Hyperbolic tangent.

use serde::{Deserialize, Serialize};

use super::Builder;
use super::pointwise::{Function, Pointwise};
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "tanh" }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TanhSpec {}

/// `tanh x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tanh;

impl TanhSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        _builder: &mut Builder,
    ) -> Result<Pointwise<Tanh>, NetworkError> {
        Ok(Pointwise::new(input, Tanh))
    }
}

impl Function for Tanh {
    #[inline(always)]
    fn value<T: Real>(x: T) -> T {
        x.hyperbolic_tangent()
    }

    #[inline(always)]
    fn slope<T: Real>(_x: T, y: T) -> T {
        T::of(1.0) - y * y
    }
}

#[cfg(test)]
impl super::gradients::Random for TanhSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        Some((Self {}, draws.image()))
    }
}
