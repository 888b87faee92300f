//! Two layers of logistic units that learn together: every weight is a cell of the learner's circuit.

use cim_core::Stream;
use ndarray::{Array1, Array2, ArrayView1};

use super::learner::{Converters, Learner, LearnerSpec};
use super::sgdr::Sgdr;
use super::task::{Trajectory, Unit, rounded};
use crate::DynamicsError;
use crate::error::{fits, positive, within};
use crate::runge_kutta::{Steps, Tolerance, integrate};

/// Samples with a class each, presented again and again in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Classes {
    /// Samples × inputs.
    inputs: Array2<f64>,
    labels: Vec<usize>,
    classes: usize,
}

impl Classes {
    /// Takes inputs (samples × inputs, numbers of order one) and a class below `classes` for each sample.
    ///
    /// # Errors
    /// [`DynamicsError`] if there are no samples, the numbers differ, or a value or class cannot be.
    pub fn new(
        inputs: Array2<f64>,
        labels: Vec<usize>,
        classes: usize,
    ) -> Result<Self, DynamicsError> {
        fits("labels", labels.len(), inputs.nrows())?;
        positive("the number of inputs of all samples", inputs.len() as f64, inputs.len())?;
        for &value in &inputs {
            crate::error::not_negative("the size of a value", value.abs(), value)?;
        }
        for &label in &labels {
            within("a label", label as f64, 0.0, classes as f64 - 1.0)?;
        }
        Ok(Self { inputs, labels, classes })
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs.ncols()
    }

    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.labels.len()
    }

    /// Inputs and class of the `step`-th presentation.
    fn sample(&self, step: usize) -> (ArrayView1<'_, f64>, usize) {
        let k = step % self.labels.len();
        (self.inputs.row(k), self.labels[k])
    }

    /// Fraction of samples whose largest output is that of their class.
    pub fn accuracy(&self, weights: &Pair) -> f64 {
        let right = (0..self.samples()).filter(|&k| {
            let (x, label) = self.sample(k);
            let (_, y) = weights.outputs(x);
            (0..y.len()).max_by(|&a, &b| y[a].total_cmp(&y[b])) == Some(label)
        });
        right.count() as f64 / self.samples() as f64
    }
}

/// The weights of two layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Inputs × hidden units.
    pub hidden: Array2<f64>,
    /// Hidden units and a constant, which is the last row, × classes.
    pub output: Array2<f64>,
}

impl Pair {
    /// Drawn weights of the first layer, normal with a standard deviation of `spread`; a second layer at 0.
    pub fn drawn(inputs: usize, hidden: usize, classes: usize, spread: f64, at: Stream) -> Self {
        let mut z = vec![0.0_f32; inputs * hidden];
        at.child("layer", 0).fill_standard_normal(0, &mut z);
        Self {
            hidden: Array2::from_shape_fn((inputs, hidden), |(i, j)| {
                spread * f64::from(z[i * hidden + j])
            }),
            output: Array2::zeros((hidden + 1, classes)),
        }
    }

    /// What the hidden units, with their constant, and the outputs say.
    fn outputs(&self, x: ArrayView1<'_, f64>) -> (Array1<f64>, Array1<f64>) {
        let unit = |sum: f64| Unit::Logistic.output(sum);
        let mut h = Array1::ones(self.hidden.ncols() + 1);
        let sums = x.dot(&self.hidden);
        h.iter_mut().zip(&sums).for_each(|(h, sum)| *h = unit(*sum));
        let y = h.dot(&self.output).mapv(unit);
        (h, y)
    }

    /// All weights, the first layer first, row by row.
    fn flat(&self) -> Vec<f64> {
        self.hidden.iter().chain(&self.output).copied().collect()
    }

    fn like(&self, flat: &[f64]) -> Self {
        let (first, second) = flat.split_at(self.hidden.len());
        let mut pair = self.clone();
        pair.hidden.iter_mut().zip(first).for_each(|(w, v)| *w = *v);
        pair.output.iter_mut().zip(second).for_each(|(w, v)| *w = *v);
        pair
    }
}

/// What learning left: all weights every so many presentations, and the last ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Rows are moments, the first before any presentation; columns are weights.
    pub trajectory: Trajectory,
    /// The weights at the end, as converters read them.
    pub last: Pair,
    /// The weights at the end, as the circuit's own products carry them.
    pub carried: Pair,
}

/// The steps themselves: what a processor does. Each output has a cross-entropy of its own.
///
/// # Errors
/// [`DynamicsError`] for an impossible rule, or weights that do not fit the samples.
pub fn discrete_layers(
    rule: &Sgdr,
    task: &Classes,
    start: &Pair,
    presentations: usize,
    every: usize,
) -> Result<Run, DynamicsError> {
    rule.check()?;
    check(task, start, every)?;
    let mut w = start.clone();
    let mut rows = start.flat();
    for step in 0..presentations {
        let (x, label) = task.sample(step);
        let (h, mut error) = w.outputs(x);
        error[label] -= 1.0;
        let back = w.output.dot(&error);
        for ((j, k), w) in w.output.indexed_iter_mut() {
            *w -= rule.rate * (error[k] * h[j] + rule.decay * *w);
        }
        for ((i, j), w) in w.hidden.indexed_iter_mut() {
            let delta = back[j] * h[j] * (1.0 - h[j]);
            *w -= rule.rate * (delta * x[i] + rule.decay * *w);
        }
        if (step + 1) % every == 0 {
            rows.extend(w.flat());
        }
    }
    Ok(Run { trajectory: trajectory(rows, start), last: w.clone(), carried: w })
}

/// Two layers of the circuit.
///
/// # What it models
/// As [`LearnerSpec`], weight by weight. The error of a hidden unit is the sum of the errors of the outputs
/// through the forward products of the second layer, times `h (1 − h)`. The capacitors hold drawn weights
/// when learning begins.
///
/// # Not modelled
/// The loop that forms `h (1 − h)` and the copies of the second layer's products are exact.
#[derive(Clone, Debug, PartialEq)]
pub struct Layers {
    hidden: Learner,
    output: Learner,
    start: Pair,
}

impl Layers {
    /// Checks the circuit once, and draws the mismatch of both layers.
    ///
    /// # Errors
    /// As [`LearnerSpec::build`].
    pub fn new(spec: LearnerSpec, start: Pair, at: Stream) -> Result<Self, DynamicsError> {
        Ok(Self {
            hidden: spec.build(start.hidden.len(), at.child("layer", 0))?,
            output: spec.build(start.output.len(), at.child("layer", 1))?,
            start,
        })
    }

    /// Learns for so many presentations; weights are what converters read every `every` of them.
    ///
    /// # Errors
    /// [`DynamicsError`] for weights that do not fit the samples, and equations that are too stiff.
    pub fn run(
        &self,
        task: &Classes,
        presentations: usize,
        every: usize,
    ) -> Result<Run, DynamicsError> {
        check(task, &self.start, every)?;
        let spec = self.hidden.spec();
        let first = 2 * self.start.hidden.len();
        let mut currents: Vec<f64> =
            self.start.flat().iter().flat_map(|w| self.hidden.split(*w)).collect();
        let (mut steps, mut z) = (Steps::default(), vec![0.0_f32; currents.len()]);
        let full = task.inputs.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        let tolerance = Tolerance { error: 1e-6, max_steps: 100_000 };
        let differences =
            |a: &[f64]| a.chunks(2).map(|pair| pair[0] - pair[1]).collect::<Vec<f64>>();
        let mut rows = differences(&currents);
        let mut work = Work::default();
        for step in 0..presentations {
            let (x, label) = task.sample(step);
            let x: Vec<f64> = match spec.converters {
                Converters::Exact => x.to_vec(),
                Converters::Bits(bits) => x.iter().map(|x| rounded(*x, full, bits)).collect(),
            };
            let slope =
                |_: f64, a: &[f64], out: &mut [f64]| self.slope(&x, label, a, out, &mut work);
            let end = spec.rule.presentation.0;
            integrate(slope, 0.0, end, tolerance, &mut currents, &mut steps)?;
            let (a, b) = currents.split_at_mut(first);
            self.hidden.disturb(step, a, &mut z[..first]);
            self.output.disturb(step, b, &mut z[first..]);
            if (step + 1) % every == 0 {
                rows.extend(differences(&currents));
            }
        }
        let (a, b) = currents.split_at(first);
        let hidden = (0..a.len() / 2).map(|k| self.hidden.product(k, a));
        let carried: Vec<f64> =
            hidden.chain((0..b.len() / 2).map(|k| self.output.product(k, b))).collect();
        let mut last = differences(&currents);
        if let Converters::Bits(bits) = spec.converters {
            let full = rows.iter().chain(&last).fold(0.0_f64, |m, w| m.max(w.abs()));
            rows.iter_mut().chain(&mut last).for_each(|w| *w = rounded(*w, full, bits));
        }
        Ok(Run {
            trajectory: trajectory(rows, &self.start),
            last: self.start.like(&last),
            carried: self.start.like(&carried),
        })
    }

    fn slope(&self, x: &[f64], label: usize, a: &[f64], out: &mut [f64], work: &mut Work) {
        let (inputs, hidden) = self.start.hidden.dim();
        let classes = self.start.output.ncols();
        let (a, b) = a.split_at(2 * inputs * hidden);
        let (out_a, out_b) = out.split_at_mut(2 * inputs * hidden);
        let unit = |sum: f64| Unit::Logistic.output(sum);
        work.h.clear();
        work.h.extend((0..hidden).map(|j| {
            unit((0..inputs).map(|i| x[i] * self.hidden.product(i * hidden + j, a)).sum())
        }));
        work.h.push(1.0);
        work.carried.clear();
        work.carried.extend((0..(hidden + 1) * classes).map(|at| self.output.product(at, b)));
        work.error.clear();
        work.error.extend((0..classes).map(|k| {
            let sum = (0..=hidden).map(|j| work.h[j] * work.carried[j * classes + k]).sum();
            unit(sum) - f64::from(u8::from(k == label))
        }));
        let pace = self.hidden.pace();
        for j in 0..=hidden {
            let x = self.output.split(work.h[j]);
            for (k, &error) in work.error.iter().enumerate() {
                let at = j * classes + k;
                let pair = self.output.cell(at, self.output.split(error), x, b, &pace);
                out_b[2 * at..2 * at + 2].copy_from_slice(&pair);
            }
        }
        for j in 0..hidden {
            let row = &work.carried[j * classes..][..classes];
            let back: f64 = row.iter().zip(&work.error).map(|(w, e)| w * e).sum();
            let delta = self.hidden.split(back * work.h[j] * (1.0 - work.h[j]));
            for (i, &x) in x.iter().enumerate() {
                let at = i * hidden + j;
                let pair = self.hidden.cell(at, delta, self.hidden.split(x), a, &pace);
                out_a[2 * at..2 * at + 2].copy_from_slice(&pair);
            }
        }
    }
}

/// Working memory of the slopes.
#[derive(Default)]
struct Work {
    h: Vec<f64>,
    carried: Vec<f64>,
    error: Vec<f64>,
}

fn check(task: &Classes, start: &Pair, every: usize) -> Result<(), DynamicsError> {
    fits("inputs of the first layer", start.hidden.nrows(), task.inputs())?;
    fits("inputs of the second layer", start.output.nrows(), start.hidden.ncols() + 1)?;
    fits("outputs", start.output.ncols(), task.classes)?;
    positive("presentations between two records", every as f64, every)
}

fn trajectory(rows: Vec<f64>, start: &Pair) -> Trajectory {
    let columns = start.hidden.len() + start.output.len();
    let shape = (rows.len() / columns, columns);
    Trajectory { weights: Array2::from_shape_vec(shape, rows).expect("whole rows of weights") }
}

#[cfg(test)]
mod tests {
    use cim_core::Seconds;

    use super::*;
    use crate::log_domain::deviation;

    /// Points around four corners, of which opposite ones are of one class: one layer cannot tell them.
    fn corners() -> Classes {
        let mut z = vec![0.0_f32; 80];
        Stream::root(9).fill_standard_normal(0, &mut z);
        let corner = |k: usize| [((k / 2) % 2) as f64, (k % 2) as f64];
        let inputs = Array2::from_shape_fn((40, 3), |(k, i)| match i {
            0 => 1.0,
            _ => 1.6 * (corner(k)[i - 1] - 0.5) + 0.1 * f64::from(z[2 * k + i - 1]),
        });
        let labels = (0..40).map(|k| usize::from(corner(k)[0] != corner(k)[1])).collect();
        Classes::new(inputs, labels, 2).unwrap()
    }

    #[test]
    fn the_steps_descend_the_loss() {
        let (task, mut start) = (corners(), Pair::drawn(3, 6, 2, 1.0, Stream::root(2)));
        start.output.iter_mut().enumerate().for_each(|(k, w)| *w = 0.3 * (k as f64 * 0.7).sin());
        // One sample, no decay: a step is the rate times the numerical slope of its cross-entropy.
        let rule = Sgdr { rate: 1e-3, decay: 0.0, presentation: Seconds(1e-5) };
        let loss = |w: &Pair| -> f64 {
            let (x, label) = task.sample(0);
            let (_, y) = w.outputs(x);
            let right = |(k, y): (usize, &f64)| -(if k == label { *y } else { 1.0 - y }).ln();
            y.iter().enumerate().map(right).sum()
        };
        let after = discrete_layers(&rule, &task, &start, 1, 1).unwrap().last.flat();
        let flat = start.flat();
        for k in 0..flat.len() {
            let at = |h: f64| {
                let mut moved = flat.clone();
                moved[k] += h;
                loss(&start.like(&moved))
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            // The difference quotient is good to 1e-9.
            assert!((flat[k] - after[k] - rule.rate * slope).abs() < 1e-11, "{k}");
        }
    }

    #[test]
    fn the_circuit_learns_as_the_steps_do() {
        let task = corners();
        let start = Pair::drawn(3, 6, 2, 1.5, Stream::root(2));
        let run = |rate: f64, presentations: usize| {
            let rule = Sgdr { rate, decay: 1e-4, presentation: Seconds(1e-5) };
            let steps = discrete_layers(&rule, &task, &start, presentations, 40).unwrap();
            let layers =
                Layers::new(LearnerSpec::ideal(rule), start.clone(), Stream::root(1)).unwrap();
            let circuit = layers.run(&task, presentations, 40).unwrap();
            (deviation(&circuit.trajectory, &steps.trajectory).unwrap().rms, circuit.last)
        };
        let (_, last) = run(0.4, 6000);
        assert!(task.accuracy(&last) > 0.99, "{}", task.accuracy(&last));
        // The steps are an Euler method of the circuit's equation: first order in the rate.
        let (fine, _) = run(0.2, 400);
        let (finer, _) = run(0.1, 800);
        assert!(1.6 < fine / finer && fine / finer < 2.6, "{fine} {finer}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let rule = Sgdr { rate: 0.1, decay: 0.0, presentation: Seconds(1e-5) };
        let start = Pair::drawn(4, 6, 2, 1.0, Stream::root(2));
        assert!(discrete_layers(&rule, &corners(), &start, 1, 1).is_err());
        assert!(Classes::new(Array2::zeros((2, 3)), vec![0, 2], 2).is_err());
        assert!(Classes::new(Array2::zeros((2, 3)), vec![0], 2).is_err());
    }
}
