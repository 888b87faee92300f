//! Rectifier: plain in inference, noise-aware and saturating on the path that training sees.
//!
//! In training it expects the noise of the product before it and saturates at the input limit of
//! the product behind it, where these touch it: see [`NoiseAwareRelu`]. Pools
//! and `flatten` between it and the product behind change nothing.

use serde::{Deserialize, Serialize};

use super::{Backward, Builder, Carrier, Context, Operate, Saved};
use crate::activation::NoiseAwareRelu;
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "relu" }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReluSpec {}

/// `max(0, x)`, or its expectation under the noise of the product before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relu {
    shape: Shape,
    /// Product right before it.
    pub(crate) before: Option<usize>,
    /// Product behind it.
    pub(crate) next: Option<usize>,
}

impl ReluSpec {
    pub(crate) fn build(&self, input: Shape, _builder: &mut Builder) -> Result<Relu, NetworkError> {
        Ok(Relu { shape: input, before: None, next: None })
    }
}

impl Operate for Relu {
    fn output(&self) -> Shape {
        self.shape
    }

    fn rectify_between(&mut self, before: Option<usize>, next: Option<usize>) -> bool {
        (self.before, self.next) = (before, next);
        true
    }

    fn forward<T: Real, C: Carrier<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        _batch: usize,
        x: &[T],
        y: &mut Vec<T>,
        _saved: &mut Saved<T>,
    ) {
        y.resize(x.len(), T::default());
        let relu = context.carrier.rectifier(self.before, self.next);
        pulp::Arch::new().dispatch(Rectify { relu, x, y });
    }

    fn backward<T: Real, C: Backward<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        _batch: usize,
        x: &[T],
        _y: &[T],
        dy: &mut Vec<T>,
        dx: &mut Vec<T>,
        wanted: bool,
        _saved: &mut Saved<T>,
    ) {
        if wanted {
            std::mem::swap(dy, dx);
            let relu = context.carrier.rectifier(self.before, self.next);
            pulp::Arch::new().dispatch(ThroughRelu { relu, x, slopes: dx });
        }
    }
}

/// Compiled for the vectors of the machine.
struct Rectify<'a, T> {
    relu: NoiseAwareRelu,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Real> pulp::NullaryFnOnce for Rectify<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let relu = self.relu;
        for (y, &x) in self.y.iter_mut().zip(self.x) {
            *y = x.rectified(relu);
        }
    }
}

struct ThroughRelu<'a, T> {
    relu: NoiseAwareRelu,
    x: &'a [T],
    slopes: &'a mut [T],
}

impl<T: Real> pulp::NullaryFnOnce for ThroughRelu<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let relu = self.relu;
        for (d, &x) in self.slopes.iter_mut().zip(self.x) {
            *d *= x.rectified_slope(relu);
        }
    }
}

#[cfg(test)]
impl super::gradients::Random for ReluSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        Some((Self {}, draws.image()))
    }
}
