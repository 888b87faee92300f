//! What a network is asked, and how well it answers.

use cim_nn::Dataset;
use cim_nn::network::first_images;
use ndarray::{Array2, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::error::ChipError;

/// How outputs are judged, as a mean over samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Share of samples whose largest output stands at the label.
    Top1,
    /// Share of samples whose label is among the five largest outputs.
    Top5,
    /// Mean squared error of the outputs (their unit squared): less is better.
    Mse,
    /// Cosine between outputs and targets.
    Cosine,
    /// Share of samples whose nearest other sample, by the cosine of outputs, is that by the cosine of targets: what a
    /// search over vectors returns first.
    Nearest,
}

/// What outputs are compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// A class for each sample, from 0.
    Labels(Vec<u32>),
    /// Samples × outputs.
    Targets(Array2<f32>),
}

/// Samples with what a network should say of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    samples: Array2<f32>,
    truth: Truth,
    metric: Metric,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Top1, Self::Top5, Self::Mse, Self::Cosine, Self::Nearest];

    /// Name in files and options.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Top1 => "top1",
            Self::Top5 => "top5",
            Self::Mse => "mse",
            Self::Cosine => "cosine",
            Self::Nearest => "nearest",
        }
    }

    /// Name for a reader.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Top1 => "accuracy",
            Self::Top5 => "top-5 accuracy",
            Self::Mse => "mean squared error",
            Self::Cosine => "cosine",
            Self::Nearest => "agreement of nearest samples",
        }
    }

    /// Whether it compares with classes.
    pub const fn takes_labels(self) -> bool {
        matches!(self, Self::Top1 | Self::Top5)
    }

    /// Whether it is a share of samples.
    pub const fn counts(self) -> bool {
        self.takes_labels() || matches!(self, Self::Nearest)
    }

    /// What `score` loses against `reference`: above zero where it is worse.
    pub fn loss(self, reference: f64, score: f64) -> f64 {
        if self == Self::Mse { score - reference } else { reference - score }
    }
}

impl Task {
    /// Joins `samples` (samples × inputs) with what outputs are compared with and how.
    ///
    /// # Errors
    /// [`ChipError::Truth`] where there is no sample, another number of answers than samples, or
    /// answers that the metric cannot use.
    pub fn new(samples: Array2<f32>, truth: Truth, metric: Metric) -> Result<Self, ChipError> {
        let wrong = |what: String| Err(ChipError::Truth { what });
        let answers = match &truth {
            Truth::Labels(labels) => labels.len(),
            Truth::Targets(targets) => targets.nrows(),
        };
        if samples.nrows() == 0 {
            return wrong("there are no samples".into());
        }
        if answers != samples.nrows() {
            return wrong(format!("{answers} answers for {} samples", samples.nrows()));
        }
        if metric == Metric::Nearest && answers < 3 {
            return wrong("nearest needs three samples or more: of two each is the other's".into());
        }
        match (&truth, metric.takes_labels()) {
            (Truth::Labels(_), false) => {
                wrong(format!("{} needs targets, one for each output, not labels", metric.name()))
            }
            (Truth::Targets(_), true) => {
                wrong(format!("{} needs whole labels, one a sample", metric.name()))
            }
            _ => Ok(Self { samples, truth, metric }),
        }
    }

    /// The share of `data` that a network puts into the right class.
    ///
    /// # Errors
    /// [`ChipError::Truth`] for data without labels.
    pub fn classify(data: &Dataset) -> Result<Self, ChipError> {
        let labels = data.labels().iter().map(|&label| u32::from(label)).collect();
        Self::new(first_images(data, data.len()), Truth::Labels(labels), Metric::Top1)
    }

    /// Samples × inputs.
    pub fn samples(&self) -> ArrayView2<'_, f32> {
        self.samples.view()
    }

    /// How outputs are judged.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Mean over samples of how well `outputs` (samples × outputs) answer.
    ///
    /// # Errors
    /// [`ChipError::Truth`] for labels or targets beyond the outputs.
    pub fn score(&self, outputs: ArrayView2<'_, f32>) -> Result<f64, ChipError> {
        let wide = outputs.ncols();
        let samples = outputs.nrows().max(1) as f64;
        let sum: f64 = match &self.truth {
            Truth::Labels(labels) => {
                if let Some(label) = labels.iter().find(|&&label| wide <= label as usize) {
                    let what = format!("label {label} for a network of {wide} outputs");
                    return Err(ChipError::Truth { what });
                }
                let most = if self.metric == Metric::Top5 { 5 } else { 1 };
                let ranks = outputs.rows().into_iter().zip(labels);
                let ranks = ranks.map(|(row, &label)| rank(row, label as usize));
                ranks.filter(|&rank| rank < most).count() as f64
            }
            Truth::Targets(targets) => {
                if targets.ncols() != wide {
                    let what = format!("{} targets a sample for {wide} outputs", targets.ncols());
                    return Err(ChipError::Truth { what });
                }
                let pairs = outputs.rows().into_iter().zip(targets.rows());
                match self.metric {
                    Metric::Mse => {
                        pairs.map(|(y, t)| square_distance(y, t) / wide.max(1) as f64).sum()
                    }
                    Metric::Nearest => {
                        let found = nearest(outputs).into_iter().zip(nearest(targets.view()));
                        found.filter(|(y, t)| y.is_some() && y == t).count() as f64
                    }
                    _ => pairs.map(|(y, t)| cosine(y, t)).sum(),
                }
            }
        };
        Ok(sum / samples)
    }
}

/// How many outputs go before that of `label`: larger ones, and equal ones further left.
fn rank(outputs: ArrayView1<'_, f32>, label: usize) -> usize {
    let own = outputs[label];
    let before = |(idx, value): (usize, f32)| own < value || (own == value && idx < label);
    let outputs = outputs.iter().copied().enumerate();
    if own.is_nan() { usize::MAX } else { outputs.filter(|&output| before(output)).count() }
}

fn square_distance(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
}

/// Cosine of the angle between two vectors; 0 where one is nothing.
fn cosine(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    let dot = |a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>| -> f64 {
        a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { dot(a, b) / lengths } else { 0.0 }
}

/// For each vector, the other one with the largest cosine, the first of equal ones; none for what has no direction or
/// nothing beside it.
fn nearest(vectors: ArrayView2<'_, f32>) -> Vec<Option<usize>> {
    let mut units = vectors.to_owned();
    for mut row in units.rows_mut() {
        let length = row.dot(&row).sqrt();
        row /= length;
    }
    let cosines = units.dot(&units.t());
    let best = |(own, row): (usize, ArrayView1<'_, f32>)| {
        let others = row.iter().enumerate().filter(|&(at, cosine)| at != own && !cosine.is_nan());
        let larger = |a: (usize, f32), b: (usize, f32)| if a.1 < b.1 { b } else { a };
        others.map(|(at, &cosine)| (at, cosine)).reduce(larger).map(|(at, _)| at)
    };
    cosines.rows().into_iter().enumerate().map(best).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn score(truth: Truth, metric: Metric, outputs: &Array2<f32>) -> f64 {
        let samples = Array2::zeros((outputs.nrows(), 1));
        let task = Task::new(samples, truth, metric).expect("a task");
        task.score(outputs.view()).expect("a score")
    }

    #[test]
    fn scores_of_answers_that_are_known() {
        let outputs = array![
            [0.1, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0],
            [7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0],
            [7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0],
        ];
        assert_eq!(score(Truth::Labels(vec![1, 0, 4]), Metric::Top1, &outputs), 2.0 / 3.0);
        assert_eq!(score(Truth::Labels(vec![1, 4, 5]), Metric::Top5, &outputs), 2.0 / 3.0);
        let targets = Truth::Targets(array![[3.0, 0.0], [0.0, 1.0]]);
        assert_eq!(score(targets.clone(), Metric::Mse, &array![[1.0, 0.0], [0.0, 1.0]]), 1.0);
        assert_eq!(score(targets, Metric::Cosine, &array![[5.0, 0.0], [2.0, 0.0]]), 0.5);
    }

    #[test]
    fn nearest_samples_are_others_and_lengths_do_not_count() {
        // Directions of 0, 10, 30 and 35 degrees: nearest are 1, 0, 3 and 2.
        let towards = |degrees: [f32; 4]| {
            let lengths = [1.0, 7.0, 0.1, 2.0];
            Array2::from_shape_fn((4, 2), |(at, axis)| {
                let angle = degrees[at].to_radians();
                lengths[at] * if axis == 0 { angle.cos() } else { angle.sin() }
            })
        };
        let score = |outputs: &Array2<f32>| {
            score(Truth::Targets(towards([0.0, 10.0, 30.0, 35.0])), Metric::Nearest, outputs)
        };
        assert_eq!(score(&towards([0.0, 10.0, 30.0, 35.0])), 1.0);
        assert_eq!(score(&towards([90.0, 80.0, 5.0, 1.0])), 1.0);
        // The second moves beside the third: the first still has it, the third has it now too.
        assert_eq!(score(&towards([0.0, 28.0, 30.0, 35.0])), 0.5);
        let mut outputs = towards([0.0, 10.0, 30.0, 35.0]);
        outputs.row_mut(1).fill(f32::NAN);
        assert_eq!(score(&outputs), 0.5, "neither the first nor the second finds its own");
        outputs.row_mut(1).fill(0.0);
        assert_eq!(score(&outputs), 0.5);
    }

    /// Ties go to the first, as in [`cim_nn::accuracy`]; what is no number is never right.
    #[test]
    fn ties_and_what_is_no_number() {
        let outputs = array![[1.0, 1.0], [f32::NAN, 0.0], [0.0, f32::NAN]];
        let top1 = score(Truth::Labels(vec![0, 0, 1]), Metric::Top1, &outputs);
        assert_eq!(top1, 1.0 / 3.0);
        let outputs = array![[1.0, 1.0], [2.0, 3.0]];
        for labels in [[0u8, 1], [1, 1], [1, 0]] {
            let truth = Truth::Labels(labels.map(u32::from).to_vec());
            let want = cim_nn::accuracy(outputs.view(), &labels);
            assert_eq!(score(truth, Metric::Top1, &outputs), want);
        }
    }

    #[test]
    fn answers_that_do_not_fit_are_refused() {
        let of = |labels: Vec<u32>, metric| {
            Task::new(Array2::zeros((2, 1)), Truth::Labels(labels), metric)
        };
        assert!(of(vec![0], Metric::Top1).is_err());
        assert!(of(vec![0, 1], Metric::Mse).is_err());
        let two = Truth::Targets(Array2::eye(2));
        let said = Task::new(Array2::zeros((2, 1)), two, Metric::Nearest).expect_err("two");
        assert!(said.to_string().contains("three samples"), "{said}");
        let task = of(vec![0, 7], Metric::Top1).expect("two labels");
        let said = task.score(Array2::zeros((2, 3)).view()).expect_err("no output").to_string();
        assert!(said.contains("label 7") && said.contains("3 outputs"), "{said}");
    }
}
