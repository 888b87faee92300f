//! −1 or 1: the activation of binary networks.

use serde::{Deserialize, Serialize};

use super::Builder;
use super::pointwise::{Function, Pointwise};
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "sign" }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignSpec {}

/// `1` from zero up and `−1` below. Its gradient is that of [`HardTanh`](super::hard_tanh::HardTanh).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign;

impl SignSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        _builder: &mut Builder,
    ) -> Result<Pointwise<Sign>, NetworkError> {
        Ok(Pointwise::new(input, Sign))
    }
}

impl Function for Sign {
    const SIGNS: bool = true;

    #[inline(always)]
    fn value<T: Real>(x: T) -> T {
        if x >= T::of(0.0) { T::of(1.0) } else { T::of(-1.0) }
    }

    #[inline(always)]
    fn slope<T: Real>(x: T, _y: T) -> T {
        if x.wide().abs() <= 1.0 { T::of(1.0) } else { T::of(0.0) }
    }
}

#[cfg(test)]
impl super::gradients::Random for SignSpec {
    fn random(_draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        None
    }
}
