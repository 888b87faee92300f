//! Which samples are learned from, chosen with and judged with.

use cim_chip::{Metric, Task, Truth};
use cim_core::Stream;
use cim_nn::{Dataset, Labels, Shape};
use ndarray::{Array2, Axis};

use super::question::Tuning;
use crate::error::StudyError;

/// The samples of a run, each in one part.
pub(super) struct Split {
    /// Learned from: samples × inputs.
    pub rows: Array2<f32>,
    labels: Vec<u32>,
    /// What choices are made with.
    pub choice: Task,
    /// What is judged with, once.
    pub judge: Task,
    /// What the latter are, in words.
    pub judged_on: String,
}

impl Split {
    /// Deals the samples of `tuning` out at random, as its seed says.
    ///
    /// # Errors
    /// [`StudyError::Refused`] for samples without labels, or fewer than one for each part.
    pub(super) fn of(tuning: &Tuning<'_>) -> Result<Self, StudyError> {
        let Tuning { samples, test, holdout, chip, .. } = tuning;
        let labels = samples.labels()?;
        let order = Stream::root(chip.seed).child("split", 0).permutation(labels.len());
        let held = (holdout * labels.len() as f64).round() as usize;
        let chosen_with = if test.is_some() { held } else { held / 2 };
        if chosen_with == 0 || labels.len() <= held {
            return Err(StudyError::Refused {
                what: format!("{held} of {} samples held out", labels.len()),
                help: "give more samples, or hold out another share of them".into(),
            });
        }
        let (held, learned) = order.split_at(held);
        let (choice, judge) = held.split_at(chosen_with);
        let task = |of: &[usize]| -> Result<Task, StudyError> {
            let truth = Truth::Labels(of.iter().map(|&idx| labels[idx]).collect());
            Ok(Task::new(samples.rows.select(Axis(0), of), truth, Metric::Top1)?)
        };
        let (judge, judged_on) = match test {
            Some(test) => {
                let truth = Truth::Labels(test.labels()?);
                let task = Task::new(test.rows.clone(), truth, Metric::Top1)?;
                (task, format!("{} samples of their own", test.rows.nrows()))
            }
            None => (task(judge)?, format!("{} samples held out", judge.len())),
        };
        // In the order of the file, so that the first are the first.
        let mut learned = learned.to_vec();
        learned.sort_unstable();
        Ok(Self {
            rows: samples.rows.select(Axis(0), &learned),
            labels: learned.iter().map(|&idx| labels[idx]).collect(),
            choice: task(choice)?,
            judge,
            judged_on,
        })
    }

    /// What is learned from, for a network of so many outputs.
    ///
    /// # Errors
    /// [`StudyError::Refused`] for labels that it has no output for, or more classes than bytes tell apart.
    pub(super) fn data(&self, shape: Shape, outputs: usize) -> Result<Dataset, StudyError> {
        let classes = outputs.min(1 + usize::from(u8::MAX));
        let label = |&label: &u32| match u8::try_from(label) {
            Ok(byte) if usize::from(byte) < classes => Ok(byte),
            _ => Err(StudyError::Refused {
                what: format!("label {label} for a network of {outputs} outputs"),
                help: format!("training takes labels from 0 to {}", classes - 1),
            }),
        };
        let values = self.labels.iter().map(label).collect::<Result<Vec<u8>, _>>()?;
        let rows = self.rows.as_standard_layout().iter().copied().collect();
        let labels = Labels { values, classes };
        Ok(Dataset::of_floats(rows, shape, Some(labels)).expect("finite rows of one shape"))
    }
}
