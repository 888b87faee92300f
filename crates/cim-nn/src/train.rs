//! Deterministic training, digital or through the noisy, clipped, quantised datapath.

use cim_core::Stream;
use rand::RngExt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::carriers::path::{Path, PathWork, store};
use crate::dataset::Dataset;
use crate::error::NetworkError;
use crate::network::{Network, accuracy};
use crate::noise::LayerPath;
use crate::operations::{Context, NormWork, Tape};
use crate::recipe::Recipe;
use crate::teacher::{Shifted, Teacher};
use crate::train_state::TrainState;
use crate::update::{StepSize, update};

/// Images per worker and step: fixed, so that sums have one order at any thread count.
const CHUNK: usize = 128;
/// Fraction of the steps over which the learning rate rises.
const WARM_UP: f64 = 0.02;

/// What one pass over the training set did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Mean loss over the epoch, in nats per image.
    pub loss: f64,
    /// Share of training images classified rightly while training.
    pub train_accuracy: f64,
}

/// A training run: recipe, datapath and state.
pub struct Trainer<'a> {
    recipe: &'a Recipe,
    paths: Vec<LayerPath>,
    teacher: Option<Teacher<'a>>,
    state: TrainState,
    /// Memory of the workers, from the first epoch on.
    workers: Vec<Worker>,
    at: Stream,
}

impl<'a> Trainer<'a> {
    /// Starts a run from `network` through `paths`, one per product. All draws come from `at`.
    ///
    /// `teacher` answers where the recipe asks for distillation.
    ///
    /// # Errors
    /// [`NetworkError::Recipe`] if the recipe holds an unusable number.
    ///
    /// # Panics
    /// If there is not one path per product.
    pub fn new(
        recipe: &'a Recipe,
        network: Network,
        paths: Vec<LayerPath>,
        teacher: Option<Teacher<'a>>,
        at: Stream,
    ) -> Result<Self, NetworkError> {
        let full_scale = paths.iter().map(|p| p.full_scale.clone()).collect();
        let state = TrainState::new(network, full_scale);
        Self::resume(recipe, state, paths, teacher, at)
    }

    /// Goes on from a saved state.
    ///
    /// # Errors
    /// [`NetworkError::Recipe`] if the recipe holds an unusable number, and the errors of
    /// [`TrainState::check`].
    ///
    /// # Panics
    /// If there is not one path per product.
    pub fn resume(
        recipe: &'a Recipe,
        mut state: TrainState,
        mut paths: Vec<LayerPath>,
        teacher: Option<Teacher<'a>>,
        at: Stream,
    ) -> Result<Self, NetworkError> {
        recipe.check()?;
        state.check()?;
        assert_eq!(paths.len(), state.network.layers().len(), "one path per product");
        for (path, full_scale) in paths.iter_mut().zip(&state.full_scale) {
            path.full_scale.clone_from(full_scale);
        }
        for (layer, path) in state.network.layers_mut().iter_mut().zip(&paths) {
            layer.weights.mapv_inplace(|w| w.clamp(-path.weight_clip, path.weight_clip));
        }
        Ok(Self { recipe, paths, teacher, state, workers: Vec::new(), at })
    }

    /// The state so far.
    pub fn state(&self) -> &TrainState {
        &self.state
    }

    /// The datapath with the full scales learned so far.
    pub fn paths(&self) -> &[LayerPath] {
        &self.paths
    }

    /// Ends the run.
    pub fn into_state(self) -> TrainState {
        self.state
    }

    /// Whether all epochs of the recipe are done.
    pub fn is_done(&self) -> bool {
        self.recipe.epochs <= self.state.epochs_done
    }

    /// Makes one pass over `data`.
    ///
    /// # Errors
    /// [`NetworkError::Data`] if the data do not fit the network, [`NetworkError::Unlabelled`] if
    /// they have no labels, [`NetworkError::Answers`] if the teacher was asked about others.
    pub fn epoch(&mut self, data: &Dataset) -> Result<EpochReport, NetworkError> {
        let network = &self.state.network;
        if data.pixels() != network.inputs() || network.outputs() < data.classes() {
            return Err(NetworkError::Data {
                pixels: data.pixels(),
                classes: data.classes(),
                inputs: network.inputs(),
                outputs: network.outputs(),
            });
        }
        if data.labels().is_empty() {
            return Err(NetworkError::Unlabelled);
        }
        if let Some(teacher) = self.teacher.filter(|_| self.recipe.distillation > 0.0) {
            teacher.check(data.len(), self.recipe.max_shift, network.outputs())?;
        }
        let epoch_at = self.at.child("epoch", self.state.epochs_done as u64);
        let order = epoch_at.child("order", 0).permutation(data.len());
        let layers = network.layers();
        let mut workers = std::mem::take(&mut self.workers);
        let wanted = self.recipe.batch.div_ceil(CHUNK);
        workers.resize_with(wanted, || Worker::new(network, &self.paths));
        let mut stored: Vec<Vec<f32>> = layers.iter().map(|l| vec![0.0; l.weights.len()]).collect();
        let (mut loss, mut right, mut seen) = (0.0, 0, 0);
        for (step_idx, batch) in order.chunks(self.recipe.batch).enumerate() {
            let at = epoch_at.child("step", step_idx as u64);
            self.step(data, batch, at, &mut workers, &mut stored);
            for worker in &workers[..batch.len().div_ceil(CHUNK)] {
                loss += worker.loss;
                right += worker.right;
            }
            seen += batch.len();
        }
        self.workers = workers;
        self.state.epochs_done += 1;
        let seen = seen as f64;
        Ok(EpochReport { loss: loss / seen, train_accuracy: right as f64 / seen })
    }

    fn step(
        &mut self,
        data: &Dataset,
        batch: &[usize],
        at: Stream,
        workers: &mut [Worker],
        stored: &mut [Vec<f32>],
    ) {
        let network = &self.state.network;
        for (layer_idx, (layer, path)) in network.layers().iter().zip(&self.paths).enumerate() {
            store(
                &layer.weights,
                path,
                at.child("weights", layer_idx as u64),
                &mut stored[layer_idx],
            );
        }
        let stored = &*stored;
        let scale = 1.0 / batch.len() as f32;
        let used = batch.len().div_ceil(CHUNK);
        workers[..used].par_iter_mut().zip(batch.par_chunks(CHUNK)).enumerate().for_each(
            |(chunk_idx, (worker, images))| {
                let at = at.child("chunk", chunk_idx as u64);
                worker.load(data, images, self.recipe, at);
                worker.forward(network, stored, &self.paths, images.len(), at);
                worker.targets(data, images, self.recipe, self.teacher);
                worker.loss_gradient(images.len(), scale);
                worker.backward(network, stored, &self.paths, images.len(), at);
            },
        );
        let (first, rest) = workers[..used].split_first_mut().expect("a batch is not empty");
        for (idx, norm) in self.state.network.norms.iter_mut().enumerate() {
            norm.follow(&first.norms[idx]);
            rest.iter().for_each(|worker| norm.follow(&worker.norms[idx]));
        }
        for worker in rest {
            add_gradients(first, worker);
        }
        self.apply(data.len(), &workers[0]);
    }

    fn apply(&mut self, images: usize, worker: &Worker) {
        let state = &mut self.state;
        state.steps += 1;
        let total = (images.div_ceil(self.recipe.batch) * self.recipe.epochs) as f64;
        let progress = state.steps as f64 / total;
        let warm = (progress / WARM_UP).min(1.0);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * progress.min(1.0)).cos());
        let size = |rate: f32, decay: f32| StepSize {
            rate: (f64::from(rate) * warm * cosine) as f32,
            decay,
            step: state.steps,
        };
        let recipe = self.recipe;
        let rule = recipe.optimiser;
        for (norm, (moments, work)) in
            state.network.norms.iter_mut().zip(state.norms.iter_mut().zip(&worker.norms))
        {
            let parts = [(&mut norm.scale, &work.d_scale), (&mut norm.shift, &work.d_shift)];
            for (moments, (values, gradient)) in moments.iter_mut().zip(parts) {
                let size = size(recipe.learning_rate, 0.0);
                update(rule, size, moments, gradient, f32::INFINITY, values);
            }
        }
        for (layer_idx, layer) in state.network.layers_mut().iter_mut().enumerate() {
            let path = &mut self.paths[layer_idx];
            let gradients = &worker.work.gradients;
            let weights = layer.weights.as_slice_mut().expect("standard layout");
            update(
                rule,
                size(recipe.learning_rate, recipe.weight_decay),
                &mut state.weights[layer_idx],
                &gradients.weights[layer_idx],
                path.weight_clip,
                weights,
            );
            if path.learns_bias {
                update(
                    rule,
                    size(recipe.learning_rate, 0.0),
                    &mut state.bias[layer_idx],
                    &gradients.bias[layer_idx],
                    f32::INFINITY,
                    layer.bias.as_slice_mut().expect("standard layout"),
                );
            }
            if recipe.full_scale_rate > 0.0 && path.output_levels.is_finite() {
                let mut logs: Vec<f32> = path.full_scale.iter().map(|f| f.ln()).collect();
                update(
                    rule,
                    size(recipe.full_scale_rate, 0.0),
                    &mut state.log_full_scale[layer_idx],
                    &gradients.log_full_scale[layer_idx],
                    f32::INFINITY,
                    &mut logs,
                );
                path.full_scale.iter_mut().zip(&logs).for_each(|(f, l)| *f = l.exp());
                state.full_scale[layer_idx].clone_from(&path.full_scale);
            }
        }
    }

    /// Accuracy of the network so far on `data`, computed digitally from what is stored of its weights.
    pub fn digital_accuracy(&self, data: &Dataset) -> f64 {
        let network = &self.state.network;
        let exact = network.stored_by(&self.paths).exact();
        accuracy(network.logits(&exact, data).0.view(), data.labels())
    }
}

/// One worker of a step: its images, its pass and what came of them.
struct Worker {
    tape: Tape<f32>,
    work: PathWork,
    norms: Vec<NormWork<f32>>,
    images: Vec<f32>,
    /// Which they are, as they were moved.
    shifted: Vec<Shifted>,
    /// Gradient with respect to the logits, batch × classes.
    slopes: Vec<f32>,
    /// Nothing: nobody asks for the gradient with respect to images.
    unused: Vec<f32>,
    targets: Vec<f32>,
    labels: Vec<u8>,
    loss: f64,
    right: usize,
}

impl Worker {
    fn new(network: &Network, paths: &[LayerPath]) -> Self {
        Self {
            tape: Tape::default(),
            work: PathWork::new(network.layers(), paths),
            norms: vec![NormWork::default(); network.norms().len()],
            images: vec![],
            shifted: vec![],
            slopes: vec![],
            unused: vec![],
            targets: vec![],
            labels: vec![],
            loss: 0.0,
            right: 0,
        }
    }

    fn load(&mut self, data: &Dataset, images: &[usize], recipe: &Recipe, at: Stream) {
        let pixels = data.pixels();
        self.images.resize(images.len() * pixels, 0.0);
        self.shifted.clear();
        if recipe.max_shift == 0 {
            data.batch_into(images, &mut self.images);
            self.shifted.extend(images.iter().map(|&image| (image, 0, 0)));
        } else {
            let reach = recipe.max_shift as i32;
            let mut rng = at.child("shift", 0).rng();
            for (&image, out) in images.iter().zip(self.images.chunks_exact_mut(pixels)) {
                let (dy, dx) = (rng.random_range(-reach..=reach), rng.random_range(-reach..=reach));
                data.shifted_into(image, dy, dx, out);
                self.shifted.push((image, dy, dx));
            }
        }
    }

    fn forward(
        &mut self,
        network: &Network,
        stored: &[Vec<f32>],
        paths: &[LayerPath],
        batch: usize,
        at: Stream,
    ) {
        let Self { tape, work, norms, images, .. } = self;
        let mut path =
            Path { layers: &network.layers, plans: &network.plans, paths, stored, work, at };
        let mut context = Context {
            carrier: &mut path,
            norms: &network.norms,
            norm_work: norms,
            training: Some(at),
            capacity: CHUNK,
        };
        tape.forward(&network.operations, &mut context, batch, images);
    }

    fn backward(
        &mut self,
        network: &Network,
        stored: &[Vec<f32>],
        paths: &[LayerPath],
        batch: usize,
        at: Stream,
    ) {
        let Self { tape, work, norms, images, slopes, unused, .. } = self;
        work.start_backward();
        let mut path =
            Path { layers: &network.layers, plans: &network.plans, paths, stored, work, at };
        let mut context = Context {
            carrier: &mut path,
            norms: &network.norms,
            norm_work: norms,
            training: Some(at),
            capacity: CHUNK,
        };
        let operations = &network.operations;
        tape.backward(operations, &mut context, batch, images, slopes, unused, false);
        self.work.finish_backward(&network.layers);
    }

    /// Targets: the label, mixed with the teacher's answer to the same (shifted) image.
    fn targets(
        &mut self,
        data: &Dataset,
        images: &[usize],
        recipe: &Recipe,
        teacher: Option<Teacher<'_>>,
    ) {
        let classes = self.tape.last().len() / images.len();
        self.labels.clear();
        self.labels.extend(images.iter().map(|&image| data.labels()[image]));
        self.targets.resize(images.len() * classes, 0.0);
        self.targets.fill(0.0);
        let share = if teacher.is_some() { recipe.distillation } else { 0.0 };
        if let (Some(teacher), true) = (teacher, share > 0.0) {
            let x = ndarray::ArrayView2::from_shape((images.len(), data.pixels()), &self.images)
                .expect("one row per image");
            let answers = teacher.answers(&self.shifted, x);
            for (target, answer) in self.targets.chunks_exact_mut(classes).zip(answers.rows()) {
                let answer = answer.mapv(|v| v / recipe.teacher_temperature);
                softmax(answer.as_slice().expect("standard layout"), target);
                target.iter_mut().for_each(|t| *t *= share);
            }
        }
        for (target, &label) in self.targets.chunks_exact_mut(classes).zip(&self.labels) {
            target[usize::from(label)] += 1.0 - share;
        }
    }

    /// Cross-entropy of the targets and its gradient with respect to the logits.
    fn loss_gradient(&mut self, batch: usize, scale: f32) {
        let logits = self.tape.last();
        self.slopes.resize(logits.len(), 0.0);
        let gradient = &mut self.slopes[..];
        let classes = logits.len() / batch;
        (self.loss, self.right) = (0.0, 0);
        let rows = logits.chunks_exact(classes).zip(gradient.chunks_exact_mut(classes));
        for (((logits, gradient), target), &label) in
            rows.zip(self.targets.chunks_exact(classes)).zip(&self.labels)
        {
            softmax(logits, gradient);
            let label = usize::from(label);
            self.right += usize::from(gradient.iter().all(|&p| p <= gradient[label]));
            for (p, &t) in gradient.iter_mut().zip(target) {
                self.loss -= f64::from(t) * f64::from(p.max(1e-30)).ln();
                *p = (*p - t) * scale;
            }
        }
    }
}

fn softmax(logits: &[f32], out: &mut [f32]) {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for (p, &v) in out.iter_mut().zip(logits) {
        *p = (v - top).exp();
        sum += *p;
    }
    out.iter_mut().for_each(|p| *p /= sum);
}

fn add_gradients(sum: &mut Worker, other: &Worker) {
    for (a, b) in sum.norms.iter_mut().zip(&other.norms) {
        let pairs = [(&mut a.d_scale, &b.d_scale), (&mut a.d_shift, &b.d_shift)];
        for (a, b) in pairs {
            a.iter_mut().zip(b).for_each(|(a, &b)| *a += b);
        }
    }
    let (a, b) = (&mut sum.work.gradients, &other.work.gradients);
    let pairs = [
        (&mut a.weights, &b.weights),
        (&mut a.bias, &b.bias),
        (&mut a.log_full_scale, &b.log_full_scale),
    ];
    for (a, b) in pairs.into_iter().flat_map(|(a, b)| a.iter_mut().zip(b)) {
        a.iter_mut().zip(b).for_each(|(a, &b)| *a += b);
    }
}
