//! −1, 0 or 1 by two thresholds for each channel: what batch norm and ternary become when they are
//! folded.

use serde::{Deserialize, Serialize};

use super::{Backward, Builder, Carrier, Context, Operate, Saved};
use crate::error::{NetworkError, Problem};
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "ternary-threshold", high = [3.0, 1.0], low = [-2.0, -1.0], rising = [true, false] }`, one
/// entry per channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TernaryThresholdSpec {
    /// Upper thresholds; whole numbers where sums are.
    pub high: Vec<f32>,
    /// Lower thresholds.
    pub low: Vec<f32>,
    /// Whether the output is 1 from the upper threshold up, or from the lower one down.
    pub rising: Vec<bool>,
}

/// `1` where `x ≥ high` and `−1` elsewhere where `x ≤ low` (rising; signs the other way round where
/// falling), `0` between. Its gradient is that of a [`HardTanh`](super::hard_tanh::HardTanh) around the
/// middle, as wide as from one threshold to the other on either side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TernaryThreshold {
    shape: Shape,
    high: Vec<f32>,
    low: Vec<f32>,
    rising: Vec<bool>,
}

impl TernaryThresholdSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        builder: &mut Builder,
    ) -> Result<TernaryThreshold, NetworkError> {
        let lengths = [self.high.len(), self.low.len(), self.rising.len()];
        if lengths != [input.channels; 3] {
            let [high, low, rising] = lengths;
            let entries = high.min(low).min(rising);
            return Err(builder.problem(Problem::Entries { entries, channels: input.channels }));
        }
        for (key, list) in [("high", &self.high), ("low", &self.low)] {
            if list.iter().any(|t| t.is_nan()) {
                return Err(builder.problem(Problem::NotANumber { key }));
            }
        }
        let (high, low) = (self.high.clone(), self.low.clone());
        Ok(TernaryThreshold::new(input, high, low, self.rising.clone()))
    }
}

impl TernaryThreshold {
    pub(crate) fn new(shape: Shape, high: Vec<f32>, low: Vec<f32>, rising: Vec<bool>) -> Self {
        Self { shape, high, low, rising }
    }

    /// Both thresholds of each channel, and whether the output rises.
    pub fn thresholds(&self) -> impl Iterator<Item = (f32, f32, bool)> + '_ {
        let both = self.high.iter().copied().zip(self.low.iter().copied());
        both.zip(self.rising.iter().copied()).map(|((high, low), rising)| (high, low, rising))
    }

    /// Start of each plane and its channel.
    fn planes(&self, samples: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let (channels, positions) = (self.shape.channels, self.shape.positions());
        (0..samples * channels).map(move |plane| (plane * positions, plane % channels))
    }
}

impl Operate for TernaryThreshold {
    fn output(&self) -> Shape {
        self.shape
    }

    fn gives_signs(&self, _given: bool) -> bool {
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
        y.resize(x.len(), T::default());
        let Self { high, low, rising, .. } = self;
        if self.shape.positions() == 1 {
            pulp::Arch::new().dispatch(Features { high, low, rising, x, y });
            return;
        }
        for (first, channel) in self.planes(batch) {
            let range = first..first + self.shape.positions();
            let ends = [high[channel], low[channel]].map(|end| T::of(end.into()));
            for (y, &x) in y[range.clone()].iter_mut().zip(&x[range]) {
                *y = step(x, ends, rising[channel]);
            }
        }
    }

    fn backward<T: Real, C: Backward<T>>(
        &self,
        _context: &mut Context<'_, T, C>,
        batch: usize,
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
        std::mem::swap(dy, dx);
        for (first, channel) in self.planes(batch) {
            let range = first..first + self.shape.positions();
            let (high, low) = (f64::from(self.high[channel]), f64::from(self.low[channel]));
            let (middle, half) = (0.5 * (high + low), high - low);
            // As of a ternary of `x / half`: thresholds at one half of its slope's reach.
            let slope = if self.rising[channel] { half.recip() } else { -half.recip() };
            for (d, &x) in dx[range.clone()].iter_mut().zip(&x[range]) {
                let inside = (x.wide() - middle).abs() <= half;
                *d *= T::of(if inside { slope } else { 0.0 });
            }
        }
    }
}

#[inline(always)]
fn step<T: Real>(x: T, [high, low]: [T; 2], rising: bool) -> T {
    let up = T::of(if rising { 1.0 } else { -1.0 });
    let below = if x <= low { -up } else { T::of(0.0) };
    if x >= high { up } else { below }
}

/// Samples of channels that have one number each, compiled for the vectors of the machine.
struct Features<'a, T> {
    high: &'a [f32],
    low: &'a [f32],
    rising: &'a [bool],
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Real> pulp::NullaryFnOnce for Features<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { high, low, rising, x, y } = self;
        let channels = rising.len();
        for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
            let ends = high.iter().zip(low).zip(rising);
            for ((y, &x), ((&high, &low), &rising)) in y.iter_mut().zip(x).zip(ends) {
                *y = step(x, [high, low].map(|end| T::of(end.into())), rising);
            }
        }
    }
}

#[cfg(test)]
impl super::gradients::Random for TernaryThresholdSpec {
    fn random(_draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        None
    }
}
