//! Windows of motion by subject.

use std::path::Path;

use cim_core::Stream;
use cim_data::motion::{self, Series};
use ndarray::{Array2, ArrayView2, Axis};

use super::spec::Spec;
use super::vary::VariationSpec;
use crate::error::StudyError;
use crate::study::{Source, StudyData};

/// One window.
#[derive(Clone, Debug)]
pub struct Window {
    /// Whose.
    pub subject: usize,
    /// Which exercise.
    pub label: usize,
    /// Whether it lies in the part of its series that a chip may adapt on.
    pub early: bool,
    /// Steps × channels, as recorded.
    steps: Array2<f32>,
}

/// All windows.
pub struct Motion {
    /// In the order of the recordings.
    pub windows: Vec<Window>,
    /// Exercises as they are called.
    pub exercises: Vec<String>,
    /// Channels.
    pub channels: usize,
    source: Source,
}

impl Motion {
    /// Reads the recordings and cuts them to windows.
    pub fn open(spec: &Spec, folder: &Path) -> Result<Self, StudyError> {
        let motion = motion::load(folder)?;
        let windows: Vec<Window> = motion.series.iter().flat_map(|s| cut(spec, s)).collect();
        let channels = motion.series.first().map_or(0, |series| series.samples.ncols());
        let of = |subject: usize, early: bool| {
            windows.iter().any(|w| w.subject == subject && w.early == early)
        };
        let subjects = motion.subjects.len();
        if subjects < 2 || !(0..subjects).all(|subject| of(subject, true) && of(subject, false)) {
            return Err(StudyError::Refused {
                what: format!("{} windows of {subjects} subjects are too few", windows.len()),
                help: "every subject needs windows to adapt on and to be measured on".to_owned(),
            });
        }
        if let Some(beyond) = spec.adaptation.subjects.iter().find(|number| subjects < **number) {
            return Err(StudyError::Refused {
                what: format!("adaptation.subjects names subject {beyond} of {subjects}"),
                help: format!("give numbers from 1 to {subjects}"),
            });
        }
        let name = format!("{} windows of {subjects} subjects", windows.len());
        let source = Source { name, sha256: motion.sha256 };
        Ok(Self { windows, exercises: motion.exercises, channels, source })
    }

    /// Numbers of the windows for which `which` holds.
    pub fn chosen(&self, which: impl Fn(&Window) -> bool) -> Vec<usize> {
        (0..self.windows.len()).filter(|&k| which(&self.windows[k])).collect()
    }

    /// Mean and inverse standard deviation of every channel over some windows.
    pub fn scale(&self, windows: &[usize]) -> Scale {
        let mut scale = Scale { mean: vec![0.0; self.channels], inverse: vec![0.0; self.channels] };
        for channel in 0..self.channels {
            let values =
                || windows.iter().flat_map(|&k| self.windows[k].steps.column(channel).to_vec());
            let count = values().count().max(1) as f64;
            let mean = values().map(f64::from).sum::<f64>() / count;
            let variance = values().map(|v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count;
            scale.mean[channel] = mean as f32;
            scale.inverse[channel] = (1.0 / variance.sqrt().max(1e-12)) as f32;
        }
        scale
    }

    /// A batch for the network: one matrix a step, batch × channels, and the labels.
    pub fn batch(&self, windows: &[usize], scale: &Scale) -> (Vec<Array2<f32>>, Vec<usize>) {
        let steps: Vec<_> = windows.iter().map(|&k| self.windows[k].steps.view()).collect();
        (scale.scaled(&steps), self.labels(windows))
    }

    /// The same with every window varied, each as drawn at its own address.
    pub fn varied_batch(
        &self,
        windows: &[usize],
        scale: &Scale,
        variation: &VariationSpec,
        at: Stream,
    ) -> (Vec<Array2<f32>>, Vec<usize>) {
        let varied = |&k: &usize| {
            variation.varied(self.windows[k].steps.view(), at.child("window", k as u64))
        };
        let varied: Vec<Array2<f32>> = windows.iter().map(varied).collect();
        let steps: Vec<_> = varied.iter().map(|steps| steps.view()).collect();
        (scale.scaled(&steps), self.labels(windows))
    }

    fn labels(&self, windows: &[usize]) -> Vec<usize> {
        windows.iter().map(|&k| self.windows[k].label).collect()
    }

    /// SHA-256 of the recordings.
    pub fn sha256(&self) -> &str {
        &self.source.sha256
    }
}

impl StudyData for Motion {
    fn source(&self) -> Source {
        self.source.clone()
    }
}

/// How channels become numbers of order one.
#[derive(Clone, Debug)]
pub struct Scale {
    mean: Vec<f32>,
    inverse: Vec<f32>,
}

impl Scale {
    /// Windows side by side: one matrix a step, windows × channels.
    fn scaled(&self, windows: &[ArrayView2<'_, f32>]) -> Vec<Array2<f32>> {
        let steps = windows.first().map_or(0, |window| window.nrows());
        let step = |step: usize| {
            Array2::from_shape_fn((windows.len(), self.mean.len()), |(b, c)| {
                (windows[b][(step, c)] - self.mean[c]) * self.inverse[c]
            })
        };
        (0..steps).map(step).collect()
    }
}

/// Windows of one series; those across the border between the two parts are left out.
fn cut(spec: &Spec, series: &Series) -> Vec<Window> {
    let windows = &spec.windows;
    let averaged: Vec<Vec<f32>> = series
        .samples
        .axis_chunks_iter(Axis(0), windows.average)
        .filter(|chunk| chunk.nrows() == windows.average)
        .map(|chunk| {
            let mean = chunk.mean_axis(Axis(0)).expect("samples");
            mean.iter().map(|v| *v as f32).collect()
        })
        .collect();
    let border = (averaged.len() as f64 * spec.adaptation.share) as usize;
    let channels = series.samples.ncols();
    // Any side but the first is seen in the mirror.
    let sign = |c: usize| if series.side > 0 && windows.mirrored.contains(&c) { -1.0 } else { 1.0 };
    let mut found = Vec::new();
    let mut from = 0;
    while from + windows.steps <= averaged.len() {
        let end = from + windows.steps;
        if end <= border || border <= from {
            let steps = Array2::from_shape_fn((windows.steps, channels), |(t, c)| {
                sign(c) * averaged[from + t][c]
            });
            let (subject, label) = (series.subject, series.exercise);
            found.push(Window { subject, label, early: end <= border, steps });
        }
        from += windows.hop;
    }
    found
}

/// The same values in an order drawn at an address.
pub fn shuffled(values: &[usize], at: Stream) -> Vec<usize> {
    let mut keys = vec![0.0_f32; values.len()];
    at.fill_uniform(0, &mut keys);
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
    order.into_iter().map(|k| values[k]).collect()
}
