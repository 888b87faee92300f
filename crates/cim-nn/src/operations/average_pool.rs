//! Mean of a window; the padding counts as zeros, as in PyTorch.

use serde::{Deserialize, Serialize};

use super::window::{Sides, Window};
use super::{Backward, Builder, Carrier, Context, Operate, Saved};
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "average-pool", kernel = 2, stride = 2, padding = 0 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AveragePoolSpec {
    /// Sides of the window.
    pub kernel: Sides,
    /// From window to window.
    pub stride: Sides,
    /// Zeros around; 0 unless given.
    #[serde(default = "Sides::zero")]
    pub padding: Sides,
}

/// A mean over windows for one shape of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AveragePool {
    channels: usize,
    window: Window,
}

impl AveragePoolSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        builder: &mut Builder,
    ) -> Result<AveragePool, NetworkError> {
        let window = Window::new(input, [self.kernel, self.stride, self.padding], builder)?;
        Ok(AveragePool { channels: input.channels, window })
    }
}

impl Operate for AveragePool {
    fn output(&self) -> Shape {
        let [height, width] = self.window.output;
        Shape { channels: self.channels, height, width }
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
        y.resize(batch * self.output().len(), T::default());
        let window = &self.window;
        let share = T::of(1.0 / window.kernel_len() as f64);
        let planes = x.chunks_exact(window.inputs()).zip(y.chunks_exact_mut(window.outputs()));
        for (x, y) in planes {
            y.fill(T::default());
            window.for_each(|out, place| y[out] += x[place]);
            y.iter_mut().for_each(|y| *y *= share);
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
        let window = &self.window;
        let share = T::of(1.0 / window.kernel_len() as f64);
        let planes = dx.chunks_exact_mut(window.inputs()).zip(dy.chunks_exact(window.outputs()));
        for (dx, dy) in planes {
            dx.fill(T::default());
            window.for_each(|out, place| dx[place] += dy[out] * share);
        }
    }
}

#[cfg(test)]
impl super::gradients::Random for AveragePoolSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        let image = draws.image();
        Some((super::gradients::written(&draws.window(2)), image))
    }
}
