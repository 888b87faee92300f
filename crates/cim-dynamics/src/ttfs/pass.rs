//! Some samples forward and back through a network, side by side.

use ndarray::Array2;

use super::images::Images;
use super::network::Network;
use crate::DynamicsError;
use crate::membrane::dstd::{self, Adjoints, Layer, Tape};

/// Working memory of one worker.
#[derive(Default)]
pub(super) struct Pass {
    samples: usize,
    /// Spike times before each layer, and after the last: samples × neurons.
    pub times: Vec<Vec<f32>>,
    tapes: Vec<Tape>,
    adjoints: Adjoints,
    /// Samples × places × inputs of a patch.
    patches: Vec<f32>,
    by_patches: Vec<f32>,
    slopes: [Vec<f32>; 2],
}

/// The layers of a network on grids, checked once.
pub(super) fn layers(
    network: &Network,
    per_window: usize,
) -> Result<Vec<Layer<'_>>, DynamicsError> {
    let layer = |l: usize| {
        Layer::new(&network.membrane, network.grid(l, per_window)?, network.weights[l].view())
    };
    (0..network.weights.len()).map(layer).collect()
}

impl Pass {
    /// Takes images as samples.
    pub fn load(&mut self, images: &Images<'_>, samples: &[usize]) {
        self.times.resize_with(1, Vec::new);
        self.times[0].clear();
        samples.iter().for_each(|&image| images.times(image, &mut self.times[0]));
        self.samples = samples.len();
    }

    /// Spikes of the last layer of a sample.
    pub fn outputs(&self, sample: usize) -> &[f32] {
        self.times.last().map_or(&[], |times| self.of(times, sample))
    }

    /// Spikes of all layers of a sample between the first and the last.
    pub fn hidden(&self, sample: usize) -> impl Iterator<Item = &f32> {
        let last = self.times.len().saturating_sub(1).max(1);
        self.times[1..last].iter().flat_map(move |times| self.of(times, sample))
    }

    fn of<'a>(&self, values: &'a [f32], sample: usize) -> &'a [f32] {
        let each = values.len() / self.samples.max(1);
        &values[sample * each..][..each]
    }

    /// Spikes of every layer for the samples in `self.times[0]`.
    pub fn forward(
        &mut self,
        network: &Network,
        layers: &[Layer<'_>],
    ) -> Result<(), DynamicsError> {
        self.times.resize_with(layers.len() + 1, Vec::new);
        self.tapes.resize_with(layers.len(), Tape::default);
        for (l, (layer, shape)) in layers.iter().zip(&network.shapes).enumerate() {
            let (before, after) = self.times.split_at_mut(l + 1);
            let size = shape.weights().0;
            self.patches.clear();
            for sample in before[l].chunks(shape.inputs()) {
                for place in 0..shape.places() {
                    let from = self.patches.len();
                    self.patches.resize(from + size, 0.0);
                    let patch = &mut self.patches[from..];
                    shape.patch(place, |k, input| patch[k] = sample[input]);
                }
            }
            let tape = &mut self.tapes[l];
            dstd::first_spikes(layer, &self.patches, tape)?;
            after[0].clone_from(&tape.time);
        }
        Ok(())
    }

    /// Membranes at the end of the last layer's grid: samples × neurons.
    pub fn rest(&self) -> &[f32] {
        self.tapes.last().map_or(&[], Tape::rest)
    }

    /// Adds to the gradient of all weights; `by_time` and `by_rest` are slopes of the last layer, and
    /// `hidden` is the weight of the penalty for silent neurons before it.
    pub fn backward(
        &mut self,
        network: &Network,
        layers: &[Layer<'_>],
        [by_time, by_rest]: [&[f32]; 2],
        hidden: f32,
        by_weight: &mut [Array2<f32>],
    ) -> Result<(), DynamicsError> {
        self.slopes[0].clear();
        self.slopes[0].extend_from_slice(by_time);
        let mut by_rest = by_rest.to_vec();
        for (l, (layer, shape)) in layers.iter().zip(&network.shapes).enumerate().rev() {
            let size = shape.weights().0;
            let [after, before] = &mut self.slopes;
            let samples = self.times[l].len() / shape.inputs();
            self.by_patches.resize(samples * shape.places() * size, 0.0);
            dstd::gradient(
                layer,
                &self.tapes[l],
                after,
                &by_rest,
                &mut self.adjoints,
                by_weight[l].view_mut(),
                &mut self.by_patches,
            )?;
            if l == 0 {
                break;
            }
            before.clear();
            before.resize(samples * shape.inputs(), 0.0);
            let patches = self.by_patches.chunks(shape.places() * size);
            for (before, patches) in before.chunks_mut(shape.inputs()).zip(patches) {
                for (place, patch) in patches.chunks(size).enumerate() {
                    shape.patch(place, |k, input| before[input] += patch[k]);
                }
            }
            let silent = self.times[l].iter().zip(self.tapes[l - 1].rest());
            let each = hidden / shape.inputs() as f32;
            by_rest.clear();
            by_rest.extend(silent.map(|(time, rest)| {
                if time.is_finite() { 0.0 } else { -2.0 * each * (1.0 - rest) }
            }));
            self.slopes.swap(0, 1);
        }
        Ok(())
    }
}
