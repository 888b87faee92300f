//! Largest of a window; the padding never wins, and among equals the first does.

use serde::{Deserialize, Serialize};

use super::window::{Sides, Window};
use super::{Backward, Builder, Carrier, Context, Operate, Saved};
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "max-pool", kernel = 2, stride = 2, padding = 0 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaxPoolSpec {
    /// Sides of the window.
    pub kernel: Sides,
    /// From window to window.
    pub stride: Sides,
    /// Places around that hold nothing; 0 unless given.
    #[serde(default = "Sides::zero")]
    pub padding: Sides,
}

/// A maximum over windows for one shape of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaxPool {
    channels: usize,
    window: Window,
}

impl MaxPoolSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        builder: &mut Builder,
    ) -> Result<MaxPool, NetworkError> {
        let window = Window::new(input, [self.kernel, self.stride, self.padding], builder)?;
        Ok(MaxPool { channels: input.channels, window })
    }
}

impl Operate for MaxPool {
    fn output(&self) -> Shape {
        let [height, width] = self.window.output;
        Shape { channels: self.channels, height, width }
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
        batch: usize,
        x: &[T],
        y: &mut Vec<T>,
        saved: &mut Saved<T>,
    ) {
        y.resize(batch * self.output().len(), T::default());
        saved.indices.resize(y.len(), 0);
        let window = &self.window;
        let planes = x.chunks_exact(window.inputs()).zip(y.chunks_exact_mut(window.outputs()));
        for ((x, y), best) in planes.zip(saved.indices.chunks_exact_mut(window.outputs())) {
            y.fill(T::neg_infinity());
            window.for_each(|out, place| {
                if y[out] < x[place] {
                    (y[out], best[out]) = (x[place], place as u32);
                }
            });
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
        saved: &mut Saved<T>,
    ) {
        if !wanted {
            return;
        }
        dx.resize(x.len(), T::default());
        dx.fill(T::default());
        let window = &self.window;
        let planes = dx.chunks_exact_mut(window.inputs()).zip(dy.chunks_exact(window.outputs()));
        for ((dx, dy), best) in planes.zip(saved.indices.chunks_exact(window.outputs())) {
            for (&dy, &place) in dy.iter().zip(best) {
                dx[place as usize] += dy;
            }
        }
    }
}

#[cfg(test)]
impl super::gradients::Random for MaxPoolSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        let image = draws.image();
        Some((super::gradients::written(&draws.window(2)), image))
    }
}
