//! −1, 0 or 1: the activation of ternary networks.

use serde::{Deserialize, Serialize};

use super::Builder;
use super::pointwise::{Function, Pointwise};
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "ternary" }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TernarySpec {}

/// `0` up to one half in size, the sign beyond. Its gradient is that of [`HardTanh`](super::hard_tanh::HardTanh).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ternary;

impl TernarySpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        _builder: &mut Builder,
    ) -> Result<Pointwise<Ternary>, NetworkError> {
        Ok(Pointwise::new(input, Ternary))
    }
}

impl Function for Ternary {
    const SIGNS: bool = true;

    #[inline(always)]
    fn value<T: Real>(x: T) -> T {
        let half = T::of(0.5);
        if x > half {
            T::of(1.0)
        } else if x < -half {
            T::of(-1.0)
        } else {
            T::of(0.0)
        }
    }

    #[inline(always)]
    fn slope<T: Real>(x: T, _y: T) -> T {
        if x.wide().abs() <= 1.0 { T::of(1.0) } else { T::of(0.0) }
    }
}

#[cfg(test)]
impl super::gradients::Random for TernarySpec {
    fn random(_draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        None
    }
}
