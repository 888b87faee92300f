//! The way back from the spikes.

use ndarray::ArrayViewMut2;

use super::forward::Tape;
use super::kernel::{Back, Block, LANES};
use super::quartets::{self, Scatter};
use super::volley::Volley;
use super::{Layer, groups};
use crate::DynamicsError;
use crate::error::fits;

/// Working memory of [`gradient`]; re-used between runs.
#[derive(Clone, Debug, Default)]
pub struct Adjoints {
    /// The weights of the neurons at hand and their gradient: blocks × inputs, or × events.
    weights: Vec<Block>,
    by_weight: Vec<Block>,
    events: Volley,
    /// What nobody asks: slopes by the times of events.
    by_event: Vec<f32>,
}

impl Adjoints {
    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        4 * LANES * (self.weights.capacity() + self.by_weight.capacity())
            + 4 * self.by_event.capacity()
            + self.events.bytes()
    }
}

/// The gradient of a loss: adds to `by_weight`, inputs × neurons, and writes `by_input`, samples × inputs, per
/// input time.
///
/// `by_time` is the loss's slope by each neuron's spike time, samples × neurons (of no effect where a neuron is
/// silent), `by_rest` by the membrane of each silent neuron at the end of the grid (of no effect where it
/// fired). Inputs that came too late have slope 0.
///
/// # Errors
/// [`DynamicsError::Shape`] where a number of entries is not that of samples and inputs or neurons.
pub fn gradient(
    layer: &Layer<'_>,
    tape: &Tape,
    by_time: &[f32],
    by_rest: &[f32],
    adjoints: &mut Adjoints,
    mut by_weight: ArrayViewMut2<'_, f32>,
    by_input: &mut [f32],
) -> Result<(), DynamicsError> {
    let ((inputs, n), samples) = (layer.shape(), tape.samples());
    fits("slopes by spike times", by_time.len(), samples * n)?;
    fits("slopes by resting membranes", by_rest.len(), samples * n)?;
    fits("slopes of input times", by_input.len(), samples * inputs)?;
    fits("gradient of weights", by_weight.len(), inputs * n)?;
    fits("rows that follow each other", usize::from(by_weight.is_standard_layout()), 1)?;
    by_input.fill(0.0);
    let to = by_weight.as_slice_mut().expect("contiguous by rows, as the weights");
    let way = Way { layer, tape, by_time, by_rest };
    if layer.is_read_as_it_lies(samples) {
        way.by_events(adjoints, to, by_input);
    } else {
        way.by_copies(adjoints, to, by_input);
    }
    let per_window = 1.0 / layer.grid.width() as f32;
    by_input.iter_mut().for_each(|slope| *slope *= per_window);
    Ok(())
}

/// A run with the slopes that it is gone back with.
struct Way<'a, 'l> {
    layer: &'a Layer<'l>,
    tape: &'a Tape,
    by_time: &'a [f32],
    by_rest: &'a [f32],
}

impl Way<'_, '_> {
    /// A copy of some blocks of weights and of their slopes at a time, for all samples.
    fn by_copies(&self, adjoints: &mut Adjoints, to: &mut [f32], by_input: &mut [f32]) {
        let (inputs, n) = self.layer.shape();
        for group in groups(n.div_ceil(LANES)) {
            let Adjoints { weights, by_weight, .. } = &mut *adjoints;
            self.layer.pack(group.clone(), weights);
            by_weight.clear();
            by_weight.resize(group.len() * inputs, [0.0; LANES]);
            let (start, end) = (group.start * LANES, n.min(group.end * LANES));
            let each = group.zip(weights.chunks(inputs)).zip(by_weight.chunks_mut(inputs));
            for ((block, weights), by_weight) in each {
                let samples = self.tape.volleys.iter().zip(by_input.chunks_mut(inputs));
                for (sample, (volley, by_input)) in samples.enumerate() {
                    self.back((sample, block), (weights, volley), by_weight, by_input);
                }
            }
            for (input, to) in to.chunks_mut(n).enumerate() {
                for (block, to) in to[start..end].chunks_mut(LANES).enumerate() {
                    let from = &by_weight[block * inputs + input];
                    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
                }
            }
        }
    }

    /// By the events that stand for the inputs of an interval.
    fn by_events(&self, adjoints: &mut Adjoints, to: &mut [f32], by_input: &mut [f32]) {
        let cells = self.layer.grid.cells();
        let Adjoints { weights, by_weight, events, by_event } = adjoints;
        quartets::volley(cells, events);
        quartets::signs(cells, weights);
        by_event.clear();
        by_event.resize(weights.len(), 0.0);
        for tile in self.layer.tile(&self.tape.times).cut() {
            by_weight.clear();
            by_weight.resize(self.tape.samples() * tile.all(), [0.0; LANES]);
            for (sample, by_weight) in by_weight.chunks_mut(tile.all()).enumerate() {
                let each = tile.blocks.clone().zip(by_weight.chunks_mut(tile.events()));
                for (block, by_weight) in each {
                    self.back((sample, block), (weights, events), by_weight, by_event);
                }
            }
            Scatter { tile: &tile, from: by_weight, by_weight: to, by_input }.run();
        }
    }

    /// One block of neurons on one sample.
    fn back(
        &self,
        (sample, block): (usize, usize),
        (weights, volley): (&[Block], &Volley),
        by_weight: &mut [Block],
        by_input: &mut [f32],
    ) {
        let (n, cells) = (self.layer.shape().1, self.layer.grid.cells());
        let first = block * LANES;
        let lanes = LANES.min(n - first);
        let (states, fired) = self.tape.course.states(sample * n.div_ceil(LANES) + block);
        let from = sample * n + first;
        let (mut by_time, mut by_rest) = ([0.0; LANES], [0.0; LANES]);
        by_time[..lanes].copy_from_slice(&self.by_time[from..from + lanes]);
        for (lane, by_rest) in by_rest[..lanes].iter_mut().enumerate() {
            let silent = usize::from(fired[lane]) == cells;
            *by_rest = if silent { self.by_rest[from + lane] } else { 0.0 };
        }
        let constants = &self.layer.constants();
        let (by_time, by_rest) = (&by_time, &by_rest);
        Back { constants, weights, volley, states, fired, by_time, by_rest, by_weight, by_input }
            .run();
    }
}
