//! Learning in numbers, by backpropagation through time, with checkpoints.

use cim_core::{Scratch, Stream, Tally};
use cim_dynamics::spiking::learn::cross_entropy;
use cim_dynamics::spiking::{Arrays, Network, Record, Teacher, backward, run};
use serde::{Deserialize, Serialize};

use super::data::{Motion, Scale, shuffled};
use super::spec::Spec;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::checkpoints::Checkpoints;
use crate::shared::epoch::Epoch;

/// Where a training stands.
#[derive(Clone, Serialize, Deserialize)]
pub struct State {
    /// Weights of each matrix, row by row.
    weights: Vec<Vec<f32>>,
    teacher: Teacher,
}

/// Trainings of this study.
pub struct Pretraining<'a> {
    spec: &'a Spec,
    sets: &'a Motion,
    checkpoints: Checkpoints<'a, State>,
    root: Stream,
}

/// A network that has learned, and how its inputs are scaled.
pub struct Pretrained {
    /// The network.
    pub network: Network,
    /// Of the windows that it has learned from.
    pub scale: Scale,
}

impl<'a> Pretraining<'a> {
    /// Opens what an earlier run has saved.
    pub fn begin(
        spec: &'a Spec,
        sets: &'a Motion,
        context: &'a Context<'a>,
        root: Stream,
    ) -> Result<Self, StudyError> {
        let checkpoints = Checkpoints::open(context, sets.sha256(), &spec.trained_by())?;
        Ok(Self { spec, sets, checkpoints, root })
    }

    /// Learns from some windows to the end of the recipe, saving after every epoch.
    pub fn train(&self, stage: &str, windows: &[usize]) -> Result<Pretrained, StudyError> {
        let (spec, sets) = (self.spec, self.sets);
        let scale = sets.scale(windows);
        let classes = sets.exercises.len();
        let mut network = spec.network(sets.channels, classes, self.root.child("init", 0))?;
        let mut teacher = Teacher::new(&network, spec.pretraining.rate);
        let mut history: Vec<Epoch> = Vec::new();
        if let Some(saved) = self.checkpoints.load(stage)? {
            if !take(&mut network, &saved.state) {
                let reason = "its network is not of this run's shape";
                return Err(self.checkpoints.misfit(stage, reason).into());
            }
            (teacher, history) = (saved.state.teacher, saved.history);
        }
        let at = self.root.child("train", 0);
        let epochs = spec.pretraining.epochs;
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        while history.len() < epochs {
            let epoch = history.len();
            let share = epoch as f32 / epochs as f32;
            let cosine = 0.5 * (1.0 + (std::f32::consts::PI * share).cos());
            teacher.rate = spec.pretraining.rate * cosine;
            let order = shuffled(windows, at.child("epoch", epoch as u64));
            let (mut loss, mut right) = (0.0, 0.0);
            for batch in order.chunks(spec.pretraining.batch) {
                let (variation, moved) =
                    (&spec.pretraining.variation, at.child("vary", epoch as u64));
                let (inputs, labels) = sets.varied_batch(batch, &scale, variation, moved);
                let exact = Arrays::exact(&network);
                let record = run(&network, &exact, &inputs, 0, &mut scratch, &mut tally)?;
                let (of_batch, error) = cross_entropy(&record, &labels)?;
                let (network_ref, block) = (&network, 0);
                let gradient = backward(
                    network_ref,
                    &exact,
                    &record,
                    &error,
                    block,
                    &mut scratch,
                    &mut tally,
                )?;
                teacher.step(&mut network, &gradient)?;
                loss += of_batch * batch.len() as f64;
                right += correct(&record, &labels) as f64;
            }
            let count = windows.len() as f64;
            let found = Epoch { epoch: epoch + 1, loss: loss / count, accuracy: right / count };
            tracing::info!(stage, epoch = found.epoch, found.loss, found.accuracy);
            history.push(found);
            let weights = network.weights().map(|w| w.iter().copied().collect()).collect();
            let state = State { weights, teacher: teacher.clone() };
            self.checkpoints.save(stage, &state, &history)?;
        }
        Ok(Pretrained { network, scale })
    }
}

/// Sequences whose largest mean readout is that of their label.
pub fn correct(record: &Record, labels: &[usize]) -> usize {
    let right = record.logits.outer_iter().zip(labels).filter(|(row, label)| {
        (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])) == Some(**label)
    });
    right.count()
}

/// Puts saved weights into a network; whether they fit.
fn take(network: &mut Network, state: &State) -> bool {
    let fits = state.weights.len() == network.weights().count()
        && state.teacher.fits(network)
        && network.weights().zip(&state.weights).all(|(w, saved)| w.len() == saved.len());
    if fits {
        for (w, saved) in network.weights_mut().zip(&state.weights) {
            w.iter_mut().zip(saved).for_each(|(w, saved)| *w = *saved);
        }
    }
    fits
}
