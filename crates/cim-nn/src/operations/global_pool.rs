//! Mean of every channel over all places.

use serde::{Deserialize, Serialize};

use super::{Backward, Builder, Carrier, Context, Operate, Saved};
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "global-pool" }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GlobalPoolSpec {}

/// A mean over all places for one shape of samples; plain features behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlobalPool {
    input: Shape,
}

impl GlobalPoolSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        _builder: &mut Builder,
    ) -> Result<GlobalPool, NetworkError> {
        Ok(GlobalPool { input })
    }
}

impl Operate for GlobalPool {
    fn output(&self) -> Shape {
        Shape::features(self.input.channels)
    }

    fn keeps_range(&self) -> bool {
        true
    }

    fn forward<T: Real, C: Carrier<T>>(
        &self,
        _context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        y: &mut Vec<T>,
        _saved: &mut Saved<T>,
    ) {
        y.resize(batch * self.input.channels, T::default());
        let positions = self.input.positions();
        let count = T::of(positions as f64);
        for (y, x) in y.iter_mut().zip(x.chunks_exact(positions)) {
            *y = x.iter().fold(T::default(), |sum, &x| sum + x) / count;
        }
    }

    fn backward<T: Real, C: Backward<T>>(
        &self,
        _context: &mut Context<'_, T, C>,
        _batch: usize,
        x: &[T],
        _y: &[T],
        dy: &mut Vec<T>,
        dx: &mut Vec<T>,
        wanted: bool,
        _saved: &mut Saved<T>,
    ) {
        if !wanted {
            return;
        }
        dx.resize(x.len(), T::default());
        let positions = self.input.positions();
        let share = T::of(1.0 / positions as f64);
        for (&dy, dx) in dy.iter().zip(dx.chunks_exact_mut(positions)) {
            dx.fill(dy * share);
        }
    }
}

#[cfg(test)]
impl super::gradients::Random for GlobalPoolSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        Some((Self {}, draws.image()))
    }
}
