//! One sample forward and back through a network.

use ndarray::Array2;

use super::network::Network;
use crate::DynamicsError;
use crate::membrane::dstd::{self, Adjoints, Layer, Tape};

/// Working memory of one worker.
#[derive(Default)]
pub(super) struct Pass {
    /// Spike times before each layer, and after the last.
    pub times: Vec<Vec<f32>>,
    /// Membranes at the end of each layer's grid.
    pub rest: Vec<Vec<f32>>,
    tapes: Vec<Vec<Tape>>,
    adjoints: Adjoints,
    patch: Vec<f32>,
    by_patch: Vec<f32>,
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
    /// Spikes of every layer for `self.times[0]`.
    pub fn forward(
        &mut self,
        network: &Network,
        layers: &[Layer<'_>],
    ) -> Result<(), DynamicsError> {
        self.times.resize_with(layers.len() + 1, Vec::new);
        self.rest.resize_with(layers.len(), Vec::new);
        self.tapes.resize_with(layers.len(), Vec::new);
        for (l, (layer, shape)) in layers.iter().zip(&network.shapes).enumerate() {
            let (before, after) = self.times.split_at_mut(l + 1);
            let (from, to, rest) = (&before[l], &mut after[0], &mut self.rest[l]);
            to.clear();
            rest.clear();
            self.tapes[l].resize_with(shape.places(), Tape::default);
            self.patch.resize(shape.weights().0, 0.0);
            for (place, tape) in self.tapes[l].iter_mut().enumerate() {
                shape.patch(place, |k, input| self.patch[k] = from[input]);
                dstd::first_spikes(layer, &self.patch, tape)?;
                to.extend_from_slice(&tape.time);
                rest.extend_from_slice(tape.rest());
            }
        }
        Ok(())
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
            let n = shape.weights().1;
            self.by_patch.resize(shape.weights().0, 0.0);
            let [after, before] = &mut self.slopes;
            before.clear();
            before.resize(shape.inputs(), 0.0);
            for (place, tape) in self.tapes[l].iter().enumerate() {
                let mine = place * n..(place + 1) * n;
                let (by_time, by_rest) = (&after[mine.clone()], &by_rest[mine]);
                if by_time.iter().chain(by_rest).all(|slope| *slope == 0.0) {
                    continue;
                }
                dstd::gradient(
                    layer,
                    tape,
                    by_time,
                    by_rest,
                    &mut self.adjoints,
                    by_weight[l].view_mut(),
                    &mut self.by_patch,
                )?;
                shape.patch(place, |k, input| before[input] += self.by_patch[k]);
            }
            if l > 0 {
                let silent = self.times[l].iter().zip(&self.rest[l - 1]);
                let each = hidden / self.times[l].len() as f32;
                by_rest.clear();
                by_rest.extend(silent.map(|(time, rest)| {
                    if time.is_finite() { 0.0 } else { -2.0 * each * (1.0 - rest) }
                }));
            }
            self.slopes.swap(0, 1);
        }
        Ok(())
    }
}
