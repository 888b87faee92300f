//! What is learned, and how far two ways of learning it are apart.

use cim_core::Stream;
use ndarray::{Array2, ArrayView1};

use crate::DynamicsError;
use crate::error::fits;

/// What a unit makes of its weighted sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Itself, with a squared error.
    Linear,
    /// `1 / (1 + e^{−u})`, with cross-entropy; a differential pair draws this curve.
    Logistic,
}

impl Unit {
    /// The output for a weighted sum.
    pub fn output(self, sum: f64) -> f64 {
        match self {
            Self::Linear => sum,
            Self::Logistic => 1.0 / (1.0 + (-sum).exp()),
        }
    }
}

/// Samples that are presented again and again in their order. Numbers of order one.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    unit: Unit,
    /// Samples × weights.
    inputs: Array2<f64>,
    targets: Vec<f64>,
}

impl Task {
    /// A unit, its inputs (samples × weights) and a target for each sample.
    ///
    /// # Errors
    /// [`DynamicsError`] if there are no samples, the numbers differ, or a value is not finite.
    pub fn new(unit: Unit, inputs: Array2<f64>, targets: Vec<f64>) -> Result<Self, DynamicsError> {
        fits("targets", targets.len(), inputs.nrows())?;
        crate::error::positive(
            "the number of inputs of all samples",
            inputs.len() as f64,
            inputs.len(),
        )?;
        for &value in inputs.iter().chain(&targets) {
            crate::error::not_negative("the size of a value", value.abs(), value)?;
        }
        Ok(Self { unit, inputs, targets })
    }

    /// A linear law with drawn weights in −1 to 1 and noise: `inputs` in 0 to 1, one of them 1 as an offset.
    pub fn regression(samples: usize, weights: usize, noise: f64, at: Stream) -> Self {
        let mut truth = vec![0.0_f32; weights];
        at.child("truth", 0).fill_uniform(0, &mut truth);
        let mut u = vec![0.0_f32; samples * weights];
        at.child("inputs", 0).fill_uniform(0, &mut u);
        let mut z = vec![0.0_f32; samples];
        at.child("noise", 0).fill_standard_normal(0, &mut z);
        let inputs = Array2::from_shape_fn((samples, weights), |(k, i)| {
            if i == 0 { 1.0 } else { f64::from(u[k * weights + i]) }
        });
        let target = |k: usize| {
            let sum = (0..weights).map(|i| inputs[(k, i)] * (2.0 * f64::from(truth[i]) - 1.0));
            sum.sum::<f64>() + noise * f64::from(z[k])
        };
        let targets = (0..samples).map(target).collect();
        Self { unit: Unit::Linear, inputs, targets }
    }

    /// Number of weights.
    pub fn weights(&self) -> usize {
        self.inputs.ncols()
    }

    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.targets.len()
    }

    /// What the unit makes of its sum.
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// Inputs and target of the `step`-th presentation.
    pub fn sample(&self, step: usize) -> (ArrayView1<'_, f64>, f64) {
        let k = step % self.targets.len();
        (self.inputs.row(k), self.targets[k])
    }

    /// The same task through converters of `2^bits` levels over −1 to 1 times the largest value.
    #[must_use]
    pub fn converted(&self, bits: u32) -> Self {
        let x = largest(self.inputs.iter());
        let y = largest(self.targets.iter());
        Self {
            unit: self.unit,
            inputs: self.inputs.mapv(|v| rounded(v, x, bits)),
            targets: self.targets.iter().map(|v| rounded(*v, y, bits)).collect(),
        }
    }

    /// Fraction of samples on whose side of one half the output is.
    pub fn accuracy(&self, weights: &[f64]) -> f64 {
        let right = (0..self.samples()).filter(|&k| {
            let (x, y) = self.sample(k);
            let sum = x.iter().zip(weights).map(|(x, w)| x * w).sum();
            (self.unit.output(sum) > 0.5) == (y > 0.5)
        });
        right.count() as f64 / self.samples() as f64
    }
}

fn largest<'a>(values: impl Iterator<Item = &'a f64>) -> f64 {
    values.fold(0.0, |most, value| most.max(value.abs()))
}

/// A value on the nearest of `2^bits` levels over `−full..full`, the outermost on the ends.
pub(crate) fn rounded(value: f64, full: f64, bits: u32) -> f64 {
    if full == 0.0 {
        return 0.0;
    }
    let step = 2.0 * full / (2.0_f64.powi(bits.min(52) as i32) - 1.0);
    ((value + full) / step).round_ties_even().clamp(0.0, 2.0 * full / step) * step - full
}

/// Weights after every presentation: presentations + 1 rows, the first before any.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    /// Rows are moments a presentation apart.
    pub weights: Array2<f64>,
}

impl Trajectory {
    /// The weights at the end.
    pub fn last(&self) -> Vec<f64> {
        self.weights.row(self.weights.nrows() - 1).to_vec()
    }
}

/// How far a trajectory is from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// Root of the mean square, over the range of the reference (1 is 100 %).
    pub rms: f64,
    /// Mean square over the square of the range.
    pub mean_square: f64,
    /// Largest deviation over the range.
    pub largest: f64,
    /// `log2(range / root mean square)`.
    pub bits: f64,
}

/// Compares trajectories of equal shape; the range is that of all weights and moments of `reference`.
///
/// # Errors
/// [`DynamicsError::Shape`] if the shapes differ.
pub fn deviation(run: &Trajectory, reference: &Trajectory) -> Result<Deviation, DynamicsError> {
    fits("moments of a trajectory", run.weights.nrows(), reference.weights.nrows())?;
    fits("weights of a trajectory", run.weights.ncols(), reference.weights.ncols())?;
    let all = reference.weights.iter();
    let (low, high) = all.fold((f64::MAX, f64::MIN), |(l, h), w| (l.min(*w), h.max(*w)));
    let range = (high - low).max(f64::MIN_POSITIVE);
    let apart = (&run.weights - &reference.weights).mapv(|d| (d / range).abs());
    let mean_square = apart.iter().map(|d| d * d).sum::<f64>() / apart.len().max(1) as f64;
    let rms = mean_square.sqrt();
    let largest = apart.iter().copied().fold(0.0, f64::max);
    Ok(Deviation { rms, mean_square, largest, bits: -rms.log2() })
}
