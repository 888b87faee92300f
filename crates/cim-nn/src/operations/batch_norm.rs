//! Channels standardised over the batch, with a learned scale and offset.
//!
//! In training over the samples that one worker holds, a fixed number, so that results do not
//! depend on the thread count (*ghost* batches); in inference by running statistics.
//!
//! Law: `y = γ (x − μ) / √(σ² + ε) + β` with ε = 1e-5; running statistics move by a tenth of the
//! difference per step.
//!
//! Source: Ioffe and Szegedy 2015, algorithms 1 and 2; ghost batches: Hoffer et al. 2017.

use serde::{Deserialize, Serialize};

use super::{Backward, Builder, Carrier, Context, Norm, NormWork, Operate, Saved};
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// Added to every variance.
pub const EPSILON: f64 = 1e-5;
/// Share of the difference by which running statistics move in a step.
pub const MOMENTUM: f64 = 0.1;
/// Numbers whose sums run side by side.
const LANES: usize = 16;

/// `{ op = "batch-norm" }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchNormSpec {}

/// Batch norm for one shape of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchNorm {
    shape: Shape,
    pub(crate) norm: usize,
}

impl BatchNormSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        builder: &mut Builder,
    ) -> Result<BatchNorm, NetworkError> {
        Ok(BatchNorm { shape: input, norm: builder.norm(input.channels) })
    }
}

impl<T: Real> Norm<T> {
    /// Factor and offset of each channel in inference: `y = factor · x + offset`.
    pub fn affine(&self, channel: usize) -> (T, T) {
        let factor = self.scale[channel] / root(self.variance[channel]);
        (factor, self.shift[channel] - factor * self.mean[channel])
    }

    /// Moves the running statistics towards those of a pass.
    pub fn follow(&mut self, work: &NormWork<T>) {
        let share = T::of(MOMENTUM);
        // Unbiased, as a running variance estimates that of all samples.
        let unbiased = T::of(work.count as f64 / (work.count.max(2) - 1) as f64);
        for (channel, (mean, variance)) in self.mean.iter_mut().zip(&mut self.variance).enumerate()
        {
            *mean += share * (work.mean[channel] - *mean);
            *variance += share * (work.variance[channel] * unbiased - *variance);
        }
    }
}

fn root<T: Real>(variance: T) -> T {
    T::of((variance.wide() + EPSILON).sqrt())
}

impl Operate for BatchNorm {
    fn output(&self) -> Shape {
        self.shape
    }

    fn forward<T: Real, C: Carrier<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        y: &mut Vec<T>,
        _saved: &mut Saved<T>,
    ) {
        y.resize(x.len(), T::default());
        let Shape { channels, .. } = self.shape;
        let positions = self.shape.positions();
        let norm = &context.norms[self.norm];
        let planes = |channel: usize| {
            (0..batch).map(move |sample| {
                let first = (sample * channels + channel) * positions;
                first..first + positions
            })
        };
        if context.training.is_some() {
            let work = &mut context.norm_work[self.norm];
            work.count = batch * positions;
            work.mean.resize(channels, T::default());
            work.variance.resize(channels, T::default());
            let (mean, variance) = (&mut work.mean, &mut work.variance);
            pulp::Arch::new().dispatch(Statistics { x, channels, positions, mean, variance });
        }
        for channel in 0..channels {
            let (factor, offset) = if context.training.is_some() {
                let work = &context.norm_work[self.norm];
                let factor = norm.scale[channel] / root(work.variance[channel]);
                (factor, norm.shift[channel] - factor * work.mean[channel])
            } else {
                norm.affine(channel)
            };
            if positions == 1 {
                for at in (channel..x.len()).step_by(channels) {
                    y[at] = factor * x[at] + offset;
                }
                continue;
            }
            for plane in planes(channel) {
                let (x, y) = (&x[plane.clone()], &mut y[plane]);
                pulp::Arch::new().dispatch(Affine { factor, offset, x, y });
            }
        }
    }

    fn backward<T: Real, C: Backward<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        _y: &[T],
        dy: &mut Vec<T>,
        dx: &mut Vec<T>,
        wanted: bool,
        _saved: &mut Saved<T>,
    ) {
        dx.resize(x.len(), T::default());
        let Shape { channels, .. } = self.shape;
        let positions = self.shape.positions();
        let norm = &context.norms[self.norm];
        if context.training.is_none() {
            // In inference it is a fixed line for each channel.
            let channels = (0..x.len()).map(|at| at / positions % channels);
            for ((dx, &dy), channel) in dx.iter_mut().zip(&*dy).zip(channels) {
                *dx = norm.affine(channel).0 * dy;
            }
            return;
        }
        let work = &mut context.norm_work[self.norm];
        work.d_scale.resize(channels, T::default());
        work.d_shift.resize(channels, T::default());
        let (mean, d_scale, d_shift) = (&work.mean, &mut work.d_scale, &mut work.d_shift);
        pulp::Arch::new().dispatch(Sums { x, dy, channels, positions, mean, d_scale, d_shift });
        // So far against x − μ; γ sees it divided by σ.
        for (d_scale, &variance) in work.d_scale.iter_mut().zip(&work.variance) {
            *d_scale /= root(variance);
        }
        if !wanted {
            return;
        }
        let count = T::of((batch * positions) as f64);
        for channel in 0..channels {
            let sigma = root(work.variance[channel]);
            let factor = norm.scale[channel] / sigma;
            let along = work.d_scale[channel] / (count * sigma);
            let level = work.d_shift[channel] / count - along * work.mean[channel];
            if positions == 1 {
                for at in (channel..x.len()).step_by(channels) {
                    dx[at] = factor * (dy[at] - along * x[at] - level);
                }
                continue;
            }
            for sample in 0..batch {
                let first = (sample * channels + channel) * positions;
                let plane = first..first + positions;
                let (x, dy, dx) = (&x[plane.clone()], &dy[plane.clone()], &mut dx[plane]);
                pulp::Arch::new().dispatch(Through { factor, along, level, x, dy, dx });
            }
        }
    }
}

/// Compiled for the vectors of the machine.
struct Affine<'a, T> {
    factor: T,
    offset: T,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Real> pulp::NullaryFnOnce for Affine<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (y, &x) in self.y.iter_mut().zip(self.x) {
            *y = self.factor * x + self.offset;
        }
    }
}

struct Through<'a, T> {
    factor: T,
    along: T,
    level: T,
    x: &'a [T],
    dy: &'a [T],
    dx: &'a mut [T],
}

impl<T: Real> pulp::NullaryFnOnce for Through<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for ((dx, &x), &dy) in self.dx.iter_mut().zip(self.x).zip(self.dy) {
            *dx = self.factor * (dy - self.along * x - self.level);
        }
    }
}

/// Mean and variance of each channel; sums of planes in `T`, sums of sums in doubles. Differences
/// are from the channel's first number, so that a large mean costs no digits.
struct Statistics<'a, T> {
    x: &'a [T],
    channels: usize,
    positions: usize,
    mean: &'a mut [T],
    variance: &'a mut [T],
}

impl<T: Real> pulp::NullaryFnOnce for Statistics<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { x, channels, positions, mean, variance } = self;
        let count = (x.len() / channels) as f64;
        for channel in 0..channels {
            let start = x[channel * positions];
            let (mut sum, mut squares) = (0.0, 0.0);
            for plane in x[channel * positions..].chunks(channels * positions) {
                let (lanes, rest) = plane[..positions].as_chunks::<LANES>();
                let (mut sums, mut squared) = ([T::default(); LANES], [T::default(); LANES]);
                for x in lanes {
                    for i in 0..LANES {
                        let d = x[i] - start;
                        sums[i] += d;
                        squared[i] += d * d;
                    }
                }
                for (i, &x) in rest.iter().enumerate() {
                    let d = x - start;
                    sums[i] += d;
                    squared[i] += d * d;
                }
                for i in 0..LANES {
                    sum += sums[i].wide();
                    squares += squared[i].wide();
                }
            }
            let shift = sum / count;
            mean[channel] = T::of(start.wide() + shift);
            variance[channel] = T::of((squares / count - shift * shift).max(0.0));
        }
    }
}

/// Sums of the gradient of each channel, and of its product with `x − μ`.
struct Sums<'a, T> {
    x: &'a [T],
    dy: &'a [T],
    channels: usize,
    positions: usize,
    mean: &'a [T],
    d_scale: &'a mut [T],
    d_shift: &'a mut [T],
}

impl<T: Real> pulp::NullaryFnOnce for Sums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { x, dy, channels, positions, mean, d_scale, d_shift } = self;
        for channel in 0..channels {
            let (mut level, mut along) = (0.0, 0.0);
            let first = channel * positions;
            let planes = x[first..].chunks(channels * positions);
            for (x, dy) in planes.zip(dy[first..].chunks(channels * positions)) {
                let (x, x_rest) = x[..positions].as_chunks::<LANES>();
                let (dy, dy_rest) = dy[..positions].as_chunks::<LANES>();
                let (mut levels, mut alongs) = ([T::default(); LANES], [T::default(); LANES]);
                for (x, dy) in x.iter().zip(dy) {
                    for i in 0..LANES {
                        levels[i] += dy[i];
                        alongs[i] += dy[i] * (x[i] - mean[channel]);
                    }
                }
                for (i, (&x, &dy)) in x_rest.iter().zip(dy_rest).enumerate() {
                    levels[i] += dy;
                    alongs[i] += dy * (x - mean[channel]);
                }
                for i in 0..LANES {
                    level += levels[i].wide();
                    along += alongs[i].wide();
                }
            }
            d_shift[channel] = T::of(level);
            d_scale[channel] = T::of(along);
        }
    }
}

#[cfg(test)]
impl super::gradients::Random for BatchNormSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        Some((Self {}, draws.image()))
    }
}
