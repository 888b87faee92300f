//! Training by the gradient through spike times.
//!
//! Loss: cross-entropy of `softmax(−β t)` over the output's first spikes, and a penalty `α (1 − v)²` for
//! a silent label and silent hidden neurons, `v` their membrane at the end. A silent output counts as one that
//! comes `1 − v` windows after the end, so that the loss has a slope there too. After Sakemi et al. 2025 and
//! their follow-up (arXiv 2607.14672); what stands for the time of a silent neuron is ours.

use cim_core::Stream;
use ndarray::Array2;
use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::images::Images;
use super::network::Network;
use super::pass::{Pass, layers};
use crate::DynamicsError;
use crate::adam::Adam;
use crate::error::{fits, positive};

/// Samples of one task: fixed, so that the bytes do not depend on the number of threads.
const CHUNK: usize = 8;

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Intervals of the grid a window.
    pub per_window: usize,
    /// `β`: how sharply the first spike wins, per window.
    pub sharpness: f32,
    /// `α` of a silent label.
    pub silent: f32,
    /// `α` of silent hidden neurons, shared by the neurons of a layer.
    pub silent_hidden: f32,
    /// Greatest learning rate, in standard deviations of a layer's weights at the start: a step is as large for few
    /// large weights as for many small ones. It rises over the first 200 steps and falls to 0 as a cosine.
    pub rate: f32,
    /// Decay of weights.
    pub decay: f32,
    /// Samples of a step.
    pub batch: usize,
    /// Passes over the data.
    pub epochs: usize,
}

/// What a run over samples found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Samples.
    pub samples: usize,
    /// Samples whose first output spike is the label's.
    pub correct: usize,
    /// Samples for which no output fired.
    pub silent: usize,
    /// Mean loss.
    pub loss: f64,
    /// Hidden neurons that fired, of all.
    pub hidden_fired: f64,
}

impl Score {
    /// Fraction of samples that are correct.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.samples.max(1) as f64
    }

    fn add(&mut self, other: Self) {
        self.samples += other.samples;
        self.correct += other.correct;
        self.silent += other.silent;
        self.loss += other.loss;
        self.hidden_fired += other.hidden_fired;
    }

    fn mean(mut self) -> Self {
        let n = self.samples.max(1) as f64;
        self.loss /= n;
        self.hidden_fired /= n;
        self
    }
}

/// Where a run stands: all that it needs to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainState {
    /// Weights of each layer, row by row.
    weights: Vec<Vec<f32>>,
    adam: Vec<Adam>,
    epoch: usize,
}

/// A run that can be asked for one epoch at a time.
pub struct Trainer {
    recipe: Recipe,
    network: Network,
    /// Of each layer, the standard deviation of its weights at the start.
    spreads: Vec<f32>,
    adam: Vec<Adam>,
    epoch: usize,
    at: Stream,
}

impl Trainer {
    /// Starts from `network`.
    ///
    /// # Errors
    /// [`DynamicsError`] for a recipe without steps, samples or a positive rate, and weights that are all the same.
    pub fn new(recipe: Recipe, network: Network, at: Stream) -> Result<Self, DynamicsError> {
        positive("the learning rate", f64::from(recipe.rate), recipe.rate)?;
        positive("the sharpness", f64::from(recipe.sharpness), recipe.sharpness)?;
        positive("the number of samples of a step", recipe.batch as f64, recipe.batch)?;
        layers(&network, recipe.per_window)?;
        let adam = network.weights.iter().map(|w| Adam::new(w.len())).collect();
        let spreads: Vec<f32> = network.weights.iter().map(|weights| weights.std(0.0)).collect();
        for &spread in &spreads {
            positive("the spread of a layer's weights at the start", f64::from(spread), spread)?;
        }
        Ok(Self { recipe, network, spreads, adam, epoch: 0, at })
    }

    /// Goes on where another run with the same recipe, network and address stood.
    ///
    /// # Errors
    /// As [`new`](Self::new); also for a state of another network, or weights that are not finite.
    pub fn resume(
        recipe: Recipe,
        network: Network,
        state: TrainState,
        at: Stream,
    ) -> Result<Self, DynamicsError> {
        let mut trainer = Self::new(recipe, network, at)?;
        fits("layers of a state", state.weights.len(), trainer.network.weights.len())?;
        fits("layers of its moments", state.adam.len(), trainer.network.weights.len())?;
        for ((to, from), adam) in
            trainer.network.weights.iter_mut().zip(&state.weights).zip(&state.adam)
        {
            fits("weights of a state", from.len(), to.len())?;
            fits("moments of a state", adam.parameters().unwrap_or(0), to.len())?;
            to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        }
        (trainer.adam, trainer.epoch) = (state.adam, state.epoch);
        layers(&trainer.network, recipe.per_window)?;
        Ok(trainer)
    }

    /// Where the run stands.
    pub fn state(&self) -> TrainState {
        let weights = self.network.weights.iter().map(|w| w.iter().copied().collect()).collect();
        TrainState { weights, adam: self.adam.clone(), epoch: self.epoch }
    }

    /// Passes over the data that are done.
    pub const fn epochs_done(&self) -> usize {
        self.epoch
    }

    /// The network as trained so far.
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// Whether all epochs are done.
    pub const fn is_done(&self) -> bool {
        self.epoch >= self.recipe.epochs
    }

    /// One pass over the data in a drawn order; returns what it found on the way.
    ///
    /// # Errors
    /// [`DynamicsError`] if the images do not fit the network or training diverged.
    pub fn epoch(&mut self, images: &Images<'_>) -> Result<Score, DynamicsError> {
        fits("inputs of an image", images.inputs(), self.network.shapes[0].inputs())?;
        let order = shuffled(images.len(), self.at.child("epoch", self.epoch as u64));
        let steps = images.len().div_ceil(self.recipe.batch);
        let mut score = Score::default();
        for (step, batch) in order.chunks(self.recipe.batch).enumerate() {
            let (found, gradient) = self.gradient(images, batch)?;
            score.add(found);
            let done = (self.epoch * steps + step) as f32;
            let all = (self.recipe.epochs * steps).max(1) as f32;
            let cosine = 0.5 * (1.0 + (std::f32::consts::PI * done / all).cos());
            let rate = self.recipe.rate * cosine * ((done + 1.0) / 200.0).min(1.0);
            let layers = self.adam.iter_mut().zip(&mut self.network.weights);
            for (((adam, weights), gradient), spread) in layers.zip(&gradient).zip(&self.spreads) {
                let values = weights.as_slice_mut().expect("contiguous by rows");
                let gradient = gradient.as_slice().expect("contiguous by rows");
                adam.update(rate * spread, self.recipe.decay, gradient, values);
            }
        }
        self.epoch += 1;
        Ok(score.mean())
    }

    fn gradient(
        &self,
        images: &Images<'_>,
        batch: &[usize],
    ) -> Result<(Score, Vec<Array2<f32>>), DynamicsError> {
        let layers = layers(&self.network, self.recipe.per_window)?;
        let parts: Vec<_> = batch
            .par_chunks(CHUNK)
            .map_init(Pass::default, |pass, chunk| -> Result<_, DynamicsError> {
                let mut by_weight: Vec<Array2<f32>> =
                    self.network.weights.iter().map(|w| Array2::zeros(w.dim())).collect();
                let mut score = Score::default();
                pass.load(images, chunk);
                pass.forward(&self.network, &layers)?;
                let end = layers[layers.len() - 1].grid().horizon() as f32;
                let mut slopes = [Vec::new(), Vec::new()];
                for (sample, &image) in chunk.iter().enumerate() {
                    let label = images.label(image);
                    let (found, of_sample) =
                        judge(&self.recipe, pass, (sample, label), end, batch.len());
                    score.add(found);
                    slopes.iter_mut().zip(of_sample).for_each(|(all, one)| all.extend(one));
                }
                let slopes = [&*slopes[0], &*slopes[1]];
                let hidden = self.recipe.silent_hidden / batch.len() as f32;
                pass.backward(&self.network, &layers, slopes, hidden, &mut by_weight)?;
                Ok((score, by_weight))
            })
            .collect::<Result<_, DynamicsError>>()?;
        let mut parts = parts.into_iter();
        let (mut score, mut sum) = parts.next().unwrap_or_default();
        for (found, part) in parts {
            score.add(found);
            sum.iter_mut().zip(&part).for_each(|(sum, part)| *sum += part);
        }
        Ok((score, sum))
    }
}

/// The loss of one sample and its slopes by time and resting membrane of each output.
fn judge(
    recipe: &Recipe,
    pass: &Pass,
    (sample, label): (usize, usize),
    end: f32,
    batch: usize,
) -> (Score, [Vec<f32>; 2]) {
    let times = pass.outputs(sample);
    let rest = &pass.rest()[sample * times.len()..][..times.len()];
    let weight = 1.0 / batch as f32;
    let late = |(time, v): (&f32, &f32)| if time.is_finite() { *time } else { end + 1.0 - v };
    let logits: Vec<f32> =
        times.iter().zip(rest).map(late).map(|time| -recipe.sharpness * time).collect();
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|z| (z - most).exp()).sum();
    let (mut by_time, mut by_rest) = (vec![0.0; times.len()], vec![0.0; times.len()]);
    let mut loss = f64::from(sum.ln() + most - logits[label]);
    for (i, (&time, &v)) in times.iter().zip(rest).enumerate() {
        let wanted = f32::from(u8::from(i == label));
        let slope = -recipe.sharpness * ((logits[i] - most).exp() / sum - wanted);
        if time.is_finite() {
            by_time[i] = slope * weight;
        } else {
            let penalty = wanted * recipe.silent;
            by_rest[i] = (-slope - 2.0 * penalty * (1.0 - v)) * weight;
            loss += f64::from(penalty * (1.0 - v).powi(2));
        }
    }
    (Score { loss, ..counts(pass, sample, label) }, [by_time, by_rest])
}

fn counts(pass: &Pass, sample: usize, label: usize) -> Score {
    let times = pass.outputs(sample);
    let first = (0..times.len()).min_by(|&a, &b| times[a].total_cmp(&times[b])).unwrap_or(0);
    let (fired, all) =
        pass.hidden(sample).fold((0, 0), |(f, n), t| (f + usize::from(t.is_finite()), n + 1));
    Score {
        samples: 1,
        correct: usize::from(times[first].is_finite() && first == label),
        silent: usize::from(!times[first].is_finite()),
        loss: 0.0,
        hidden_fired: fired as f64 / f64::max(1.0, f64::from(all)),
    }
}

/// Runs `network` over `images` on a grid of `per_window` intervals a window.
///
/// # Errors
/// [`DynamicsError`] if the images do not fit the network.
pub fn score(
    network: &Network,
    images: &Images<'_>,
    per_window: usize,
) -> Result<Score, DynamicsError> {
    fits("inputs of an image", images.inputs(), network.shapes[0].inputs())?;
    let layers = layers(network, per_window)?;
    let all: Vec<usize> = (0..images.len()).collect();
    let parts: Vec<Score> = all
        .par_chunks(64)
        .map_init(Pass::default, |pass, chunk| -> Result<_, DynamicsError> {
            let mut score = Score::default();
            for chunk in chunk.chunks(CHUNK) {
                pass.load(images, chunk);
                pass.forward(network, &layers)?;
                for (sample, &image) in chunk.iter().enumerate() {
                    score.add(counts(pass, sample, images.label(image)));
                }
            }
            Ok(score)
        })
        .collect::<Result<_, DynamicsError>>()?;
    let mut score = Score::default();
    parts.into_iter().for_each(|part| score.add(part));
    Ok(score.mean())
}

/// Fisher and Yates, from an address.
fn shuffled(len: usize, at: Stream) -> Vec<usize> {
    let (mut order, mut rng) = ((0..len).collect::<Vec<usize>>(), at.rng());
    for i in (1..len).rev() {
        order.swap(i, (rng.next_u64() % (i as u64 + 1)) as usize);
    }
    order
}
