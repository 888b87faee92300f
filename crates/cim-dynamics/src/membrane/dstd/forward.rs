//! The way to the spikes.

use super::course::Course;
use super::kernel::{Block, LANES};
use super::quartets::{self, Gather};
use super::volley::Volley;
use super::{Layer, check_times, groups};
use crate::DynamicsError;

/// A run of one layer on some samples: what the way back needs. Re-used between runs.
///
/// Many samples take neurons a block at a time: a copy of the block's weights serves them all, so that large weights
/// are read from memory once and not once for each sample. A few samples read the weights as they lie, and copy none.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    samples: usize,
    /// Inputs by interval, where weights are copied; else their times, samples × inputs.
    pub(super) volleys: Vec<Volley>,
    pub(super) times: Vec<f32>,
    pub(super) course: Course,
    /// The weights of the neurons at hand: blocks × inputs, or × events that stand for all inputs of an interval.
    weights: Vec<Block>,
    events: Volley,
    rest: Vec<f32>,
    /// When each neuron fires, samples × neurons, in windows; infinite if it does not.
    pub time: Vec<f32>,
    /// Inputs that came at or after the end of the grid, or never, over all samples.
    pub late: usize,
}

impl Tape {
    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        let volleys = self.volleys.iter().chain([&self.events]);
        let numbers = [&self.times, &self.time, &self.rest].map(Vec::capacity);
        4 * (LANES * self.weights.capacity() + numbers.iter().sum::<usize>())
            + self.course.bytes()
            + volleys.map(Volley::bytes).sum::<usize>()
    }

    /// The membrane of each neuron at the end of the grid, samples × neurons, as if it had not fired, in
    /// thresholds.
    pub fn rest(&self) -> &[f32] {
        &self.rest
    }

    /// Number of samples.
    pub(super) const fn samples(&self) -> usize {
        self.samples
    }

    fn prepare(&mut self, layer: &Layer<'_>, times: &[f32]) {
        let (inputs, n) = layer.shape();
        self.samples = times.len() / inputs;
        self.late = times.iter().filter(|time| layer.grid.place(**time).is_none()).count();
        self.course.prepare(self.samples * n.div_ceil(LANES), layer.grid.cells());
        for values in [&mut self.time, &mut self.rest] {
            values.resize(self.samples * n, 0.0);
        }
    }
}

/// First spikes of a layer for one sample or more, into `tape`.
///
/// `times` is samples × inputs, in windows, infinite for never.
///
/// # Errors
/// [`DynamicsError`] for a number of times that is not that of whole samples, and a time below zero or NaN.
pub fn first_spikes(
    layer: &Layer<'_>,
    times: &[f32],
    tape: &mut Tape,
) -> Result<(), DynamicsError> {
    check_times(layer, times)?;
    tape.prepare(layer, times);
    if layer.is_read_as_it_lies(tape.samples()) {
        tape.by_events(layer, times);
    } else {
        tape.by_copies(layer, times);
    }
    let (n, cells) = (layer.shape().1, layer.grid.cells());
    for neuron in 0..tape.time.len() {
        let (sample, i) = (neuron / n, neuron % n);
        let at = sample * n.div_ceil(LANES) + i / LANES;
        tape.time[neuron] = tape.course.spike(at, i % LANES, layer.grid.width());
        tape.rest[neuron] = tape.course.membrane(at, cells, i % LANES);
    }
    Ok(())
}

impl Tape {
    /// A copy of some blocks of weights at a time, for all samples.
    fn by_copies(&mut self, layer: &Layer<'_>, times: &[f32]) {
        let Self { volleys, course, weights, .. } = self;
        let ((inputs, n), constants) = (layer.shape(), layer.constants());
        let blocks = n.div_ceil(LANES);
        volleys.resize_with(self.samples, Volley::default);
        for (volley, times) in volleys.iter_mut().zip(times.chunks(inputs)) {
            volley.gather(layer.grid, times);
        }
        for group in groups(blocks) {
            layer.pack(group.clone(), weights);
            for (block, weights) in group.zip(weights.chunks(inputs)) {
                for (sample, volley) in volleys.iter().enumerate() {
                    course.forth(sample * blocks + block, &constants, weights, volley);
                }
            }
        }
    }

    /// By the events that stand for the inputs of an interval.
    fn by_events(&mut self, layer: &Layer<'_>, times: &[f32]) {
        let Self { course, weights, events, .. } = self;
        self.times.clear();
        self.times.extend_from_slice(times);
        let (blocks, constants) = (layer.shape().1.div_ceil(LANES), layer.constants());
        quartets::volley(layer.grid.cells(), events);
        for tile in layer.tile(times).cut() {
            Gather { tile: &tile, to: weights }.run();
            for (sample, weights) in weights.chunks(tile.all()).enumerate() {
                for (block, weights) in tile.blocks.clone().zip(weights.chunks(tile.events())) {
                    course.forth(sample * blocks + block, &constants, weights, events);
                }
            }
        }
    }
}
