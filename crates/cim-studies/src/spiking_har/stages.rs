//! The stages of the study, in order.

use cim_core::{Scratch, Seconds, Stream, Tally};
use cim_dynamics::spiking::{Arrays, Record, run as run_network};
use cim_report::Timing;
use ndarray::Array2;
use rayon::prelude::*;

use super::adapt::adapt;
use super::data::{Motion, shuffled};
use super::measured::{Fold, Measured, OfChip, Runs, Shown};
use super::outcome;
use super::pretrain::{Pretrained, Pretraining, correct};
use super::spec::Spec;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::stages::Stages;
use crate::study::Found;

/// Runs the whole study.
pub fn run(spec: &Spec, sets: &Motion, context: &Context<'_>) -> Result<Found, StudyError> {
    let root = Stream::root(spec.seed);
    let mut stages = Stages::new(context);
    let pretraining = Pretraining::begin(spec, sets, context, root)?;
    let left_out: Vec<usize> = spec.adaptation.subjects.iter().map(|number| number - 1).collect();
    // The last task is the mixed figure.
    let steps = context.progress.begin("train in numbers", left_out.len() + 1);
    let (mixed_learned, mixed_unseen) = mixed(spec, sets, root);
    let mut trained = (0..=left_out.len())
        .into_par_iter()
        .map(|k| {
            let pretrained = if let Some(&subject) = left_out.get(k) {
                let others = sets.chosen(|w| w.subject != subject);
                pretraining.train(&format!("without-{subject}"), &others)
            } else {
                pretraining.train("mixed", &mixed_learned)
            };
            steps.step(1);
            pretrained
        })
        .collect::<Result<Vec<_>, StudyError>>()?;
    drop(steps);
    stages.lap("train in numbers");
    let on_all = trained.pop().expect("one more than subjects");
    let mixed = digital(sets, &on_all, &mixed_unseen)?;

    let seeds = spec.evaluation.chips;
    let ages = [Seconds::ZERO, spec.drift.after];
    let steps = context.progress.begin("adapt chips", ages.len() * left_out.len() * seeds);
    let runs = ages.into_par_iter().map(|age| {
        let subject = |(&subject, trained): (&usize, &Pretrained)| {
            let chips = (0..seeds).into_par_iter().map(|chip| {
                let at = root.child("evaluate", 0).child("chip", chip as u64);
                let at = at.child("subject", subject as u64);
                let found = adapt(spec, sets, trained, subject, (age, at));
                steps.step(1);
                found
            });
            chips.collect::<Result<Vec<OfChip>, StudyError>>()
        };
        let subjects = left_out.par_iter().zip(&trained).map(subject);
        Ok(Runs(subjects.collect::<Result<Vec<_>, StudyError>>()?))
    });
    let mut runs = runs.collect::<Result<Vec<Runs>, StudyError>>()?;
    drop(steps);
    stages.lap("adapt chips");
    let folds = left_out.iter().zip(&trained).map(|(&subject, trained)| {
        let of = |late_only: bool| {
            let which = sets.chosen(|w| w.subject == subject && !(late_only && w.early));
            digital(sets, trained, &which)
        };
        Ok(Fold { all: of(false)?, late: of(true)? })
    });
    let folds = folds.collect::<Result<Vec<_>, StudyError>>()?;
    let shown = sets.chosen(|w| w.subject == left_out[0] && !w.early);
    let shown = shown_window(sets, &trained[0], &shown)?;
    let drifted = runs.pop().expect("one a state");
    let fresh = runs.pop().expect("one a state");
    let report = outcome::report(spec, sets, &Measured { folds, fresh, drifted, mixed, shown });
    Ok(Found { report, timing: stages.into_timing(Timing::default()) })
}

/// Windows of all subjects, mixed: to learn from, and unseen.
fn mixed(spec: &Spec, sets: &Motion, root: Stream) -> (Vec<usize>, Vec<usize>) {
    let all = shuffled(&sets.chosen(|_| true), root.child("mixed", 0));
    let unseen = (all.len() as f64 * spec.pretraining.mixed_share).ceil() as usize;
    let (unseen, learned) = all.split_at(unseen.clamp(1, all.len() - 1));
    (learned.to_vec(), unseen.to_vec())
}

/// A run in numbers.
fn numbers(
    sets: &Motion,
    pretrained: &Pretrained,
    windows: &[usize],
) -> Result<Record, StudyError> {
    let (inputs, _) = sets.batch(windows, &pretrained.scale);
    let network = &pretrained.network;
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let exact = Arrays::exact(network);
    Ok(run_network(network, &exact, &inputs, 0, &mut scratch, &mut tally)?)
}

/// Accuracy in numbers.
fn digital(sets: &Motion, pretrained: &Pretrained, windows: &[usize]) -> Result<f64, StudyError> {
    let record = numbers(sets, pretrained, windows)?;
    let (_, labels) = sets.batch(windows, &pretrained.scale);
    Ok(correct(&record, &labels) as f64 / windows.len() as f64)
}

/// The first of some windows, as it runs through the network.
fn shown_window(
    sets: &Motion,
    pretrained: &Pretrained,
    windows: &[usize],
) -> Result<Shown, StudyError> {
    let first = &windows[..1];
    let record = numbers(sets, pretrained, first)?;
    let (inputs, labels) = sets.batch(first, &pretrained.scale);
    let by_step = |steps: &[Array2<f32>]| {
        let size = (steps.len(), steps.first().map_or(0, Array2::ncols));
        Array2::from_shape_fn(size, |(t, i)| steps[t][(0, i)])
    };
    Ok(Shown {
        exercise: sets.exercises[labels[0]].clone(),
        inputs: by_step(&inputs),
        spikes: record.sent.iter().map(|steps| by_step(steps)).collect(),
        membranes: by_step(&record.membrane[0]),
    })
}
