//! The logistic function in three straight lines.

use serde::{Deserialize, Serialize};

use super::Builder;
use super::pointwise::{Function, Pointwise};
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "hard-sigmoid" }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HardSigmoidSpec {}

/// `x / 6 + 1 / 2` between −3 and 3, 0 below and 1 above, as in PyTorch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HardSigmoid;

impl HardSigmoidSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        _builder: &mut Builder,
    ) -> Result<Pointwise<HardSigmoid>, NetworkError> {
        Ok(Pointwise::new(input, HardSigmoid))
    }
}

impl Function for HardSigmoid {
    #[inline(always)]
    fn value<T: Real>(x: T) -> T {
        let y = x * T::of(1.0 / 6.0) + T::of(0.5);
        if y > T::of(1.0) {
            T::of(1.0)
        } else if y < T::of(0.0) {
            T::of(0.0)
        } else {
            y
        }
    }

    #[inline(always)]
    fn slope<T: Real>(x: T, _y: T) -> T {
        if x.wide().abs() <= 3.0 { T::of(1.0 / 6.0) } else { T::of(0.0) }
    }
}

#[cfg(test)]
impl super::gradients::Random for HardSigmoidSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        Some((Self {}, draws.image()))
    }
}
