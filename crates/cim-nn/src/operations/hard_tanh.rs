//! Clipped to −1 to 1.

use serde::{Deserialize, Serialize};

use super::Builder;
use super::pointwise::{Function, Pointwise};
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "hard-tanh" }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HardTanhSpec {}

/// `x` between −1 and 1, and the nearer of both beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HardTanh;

impl HardTanhSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        _builder: &mut Builder,
    ) -> Result<Pointwise<HardTanh>, NetworkError> {
        Ok(Pointwise::new(input, HardTanh))
    }
}

impl Function for HardTanh {
    #[inline(always)]
    fn value<T: Real>(x: T) -> T {
        let one = T::of(1.0);
        if x > one {
            one
        } else if x < -one {
            -one
        } else {
            x
        }
    }

    #[inline(always)]
    fn slope<T: Real>(x: T, _y: T) -> T {
        if x.wide().abs() <= 1.0 { T::of(1.0) } else { T::of(0.0) }
    }
}

#[cfg(test)]
impl super::gradients::Random for HardTanhSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        Some((Self {}, draws.image()))
    }
}
