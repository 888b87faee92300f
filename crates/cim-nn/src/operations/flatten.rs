//! Channels and places as plain features, channels outermost.

use serde::{Deserialize, Serialize};

use super::{Backward, Builder, Carrier, Context, Operate, Saved};
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "flatten" }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlattenSpec {}

/// The same numbers as plain features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flatten {
    features: usize,
}

impl FlattenSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        _builder: &mut Builder,
    ) -> Result<Flatten, NetworkError> {
        Ok(Flatten { features: input.len() })
    }
}

impl Operate for Flatten {
    fn output(&self) -> Shape {
        Shape::features(self.features)
    }

    fn gives_signs(&self, given: bool) -> bool {
        given
    }

    fn keeps_range(&self) -> bool {
        true
    }

    fn forward<T: Real, C: Carrier<T>>(
        &self,
        _context: &mut Context<'_, T, C>,
        _batch: usize,
        x: &[T],
        y: &mut Vec<T>,
        _saved: &mut Saved<T>,
    ) {
        y.resize(x.len(), T::default());
        y.copy_from_slice(x);
    }

    fn backward<T: Real, C: Backward<T>>(
        &self,
        _context: &mut Context<'_, T, C>,
        _batch: usize,
        _x: &[T],
        _y: &[T],
        dy: &mut Vec<T>,
        dx: &mut Vec<T>,
        _wanted: bool,
        _saved: &mut Saved<T>,
    ) {
        std::mem::swap(dy, dx);
    }
}

#[cfg(test)]
impl super::gradients::Random for FlattenSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        Some((Self {}, draws.image()))
    }
}
