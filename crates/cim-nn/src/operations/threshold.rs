//! Sign against a threshold for each channel: what batch norm and sign become when they are folded.

use serde::{Deserialize, Serialize};

use super::{Backward, Builder, Carrier, Context, Operate, Saved};
use crate::error::{NetworkError, Problem};
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "threshold", least = [3.0, -1.0], rising = [true, false] }`, one entry per channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThresholdSpec {
    /// Thresholds; whole numbers where sums are.
    pub least: Vec<f32>,
    /// Whether the output is 1 from the threshold up, or from the threshold down.
    pub rising: Vec<bool>,
}

/// `1` where `x ≥ least` (rising) or `x ≤ least` (falling), and `−1` elsewhere. Its gradient is that
/// of a [`HardTanh`](super::hard_tanh::HardTanh) around the threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    shape: Shape,
    least: Vec<f32>,
    rising: Vec<bool>,
}

impl ThresholdSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        builder: &mut Builder,
    ) -> Result<Threshold, NetworkError> {
        if [self.least.len(), self.rising.len()] != [input.channels; 2] {
            let entries = self.least.len().min(self.rising.len());
            return Err(builder.problem(Problem::Entries { entries, channels: input.channels }));
        }
        if self.least.iter().any(|t| t.is_nan()) {
            return Err(builder.problem(Problem::NotANumber { key: "least" }));
        }
        Ok(Threshold::new(input, self.least.clone(), self.rising.clone()))
    }
}

impl Threshold {
    pub(crate) fn new(shape: Shape, least: Vec<f32>, rising: Vec<bool>) -> Self {
        Self { shape, least, rising }
    }

    /// The threshold of each channel, and whether the output is 1 from there up.
    pub fn thresholds(&self) -> impl Iterator<Item = (f32, bool)> + '_ {
        self.least.iter().copied().zip(self.rising.iter().copied())
    }

    /// Start of each plane, its threshold and its direction.
    fn planes(&self, samples: usize) -> impl Iterator<Item = (usize, f32, bool)> + '_ {
        let (channels, positions) = (self.shape.channels, self.shape.positions());
        (0..samples * channels).map(move |plane| {
            let channel = plane % channels;
            (plane * positions, self.least[channel], self.rising[channel])
        })
    }
}

impl Operate for Threshold {
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
        if self.shape.positions() == 1 {
            let (least, rising) = (&self.least, &self.rising);
            pulp::Arch::new().dispatch(Features { least, rising, x, y });
            return;
        }
        for (first, least, rising) in self.planes(batch) {
            let range = first..first + self.shape.positions();
            let least = T::of(least.into());
            for (y, &x) in y[range.clone()].iter_mut().zip(&x[range]) {
                *y = step(x, least, rising);
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
        for (first, least, rising) in self.planes(batch) {
            let range = first..first + self.shape.positions();
            let slope = if rising { 1.0 } else { -1.0 };
            for (d, &x) in dx[range.clone()].iter_mut().zip(&x[range]) {
                let inside = (x.wide() - f64::from(least)).abs() <= 1.0;
                *d *= T::of(if inside { slope } else { 0.0 });
            }
        }
    }
}

/// Without a branch.
#[inline(always)]
fn step<T: Real>(x: T, least: T, rising: bool) -> T {
    let on = (rising & (x >= least)) | (!rising & (x <= least));
    T::of(if on { 1.0 } else { -1.0 })
}

/// Samples of channels that have one number each, compiled for the vectors of the machine.
struct Features<'a, T> {
    least: &'a [f32],
    rising: &'a [bool],
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Real> pulp::NullaryFnOnce for Features<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { least, rising, x, y } = self;
        for (x, y) in x.chunks_exact(least.len()).zip(y.chunks_exact_mut(least.len())) {
            for (((y, &x), &least), &rising) in y.iter_mut().zip(x).zip(least).zip(rising) {
                *y = step(x, T::of(least.into()), rising);
            }
        }
    }
}

#[cfg(test)]
impl super::gradients::Random for ThresholdSpec {
    fn random(_draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        None
    }
}
