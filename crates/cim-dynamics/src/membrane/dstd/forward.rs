//! The way to the spikes.

use super::kernel::{Block, Forth, LANES, States};
use super::volley::Volley;
use super::{Layer, check_times, groups};
use crate::DynamicsError;
use crate::membrane::interval::crossing;

/// A run of one layer on some samples: what the way back needs. Re-used between runs.
///
/// Neurons are taken a block at a time: a block's weights serve all samples, so that large weights are read from
/// memory once and not once for each sample.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    pub(super) volleys: Vec<Volley>,
    /// Samples × blocks × grid points: drive, conductance and membrane when an interval begins.
    pub(super) drive: Vec<Block>,
    pub(super) conductance: Vec<Block>,
    pub(super) membrane: Vec<Block>,
    /// Samples × blocks: interval in which a neuron fires; the number of intervals if it does not.
    pub(super) fired: Vec<[u16; LANES]>,
    /// The weights of the present group of blocks: blocks × inputs.
    weights: Vec<Block>,
    rest: Vec<f32>,
    /// When each neuron fires, samples × neurons, in windows; infinite if it does not.
    pub time: Vec<f32>,
    /// Inputs that came at or after the end of the grid, or never, over all samples.
    pub late: usize,
}

impl Tape {
    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        let states = [&self.drive, &self.conductance, &self.membrane, &self.weights];
        let blocks: usize = states.iter().map(|states| states.capacity()).sum();
        4 * (LANES * blocks + self.time.capacity() + self.rest.capacity())
            + 2 * LANES * self.fired.capacity()
            + self.volleys.iter().map(Volley::bytes).sum::<usize>()
    }

    /// The membrane of each neuron at the end of the grid, samples × neurons, as if it had not fired, in
    /// thresholds.
    pub fn rest(&self) -> &[f32] {
        &self.rest
    }

    /// Number of samples.
    pub(super) fn samples(&self) -> usize {
        self.volleys.len()
    }

    fn prepare(&mut self, layer: &Layer<'_>, times: &[f32]) {
        let ((inputs, n), cells) = (layer.shape(), layer.grid.cells());
        let samples = times.len() / inputs;
        let blocks = n.div_ceil(LANES);
        self.volleys.resize_with(samples, Volley::default);
        for (volley, times) in self.volleys.iter_mut().zip(times.chunks(inputs)) {
            volley.gather(layer.grid, times);
        }
        self.late = self.volleys.iter().map(|volley| volley.late).sum();
        for states in [&mut self.drive, &mut self.conductance, &mut self.membrane] {
            states.resize(samples * blocks * (cells + 1), [0.0; LANES]);
        }
        self.fired.resize(samples * blocks, [0; LANES]);
        for values in [&mut self.time, &mut self.rest] {
            values.resize(samples * n, 0.0);
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
    let (n, cells) = (layer.shape().1, layer.grid.cells());
    tape.prepare(layer, times);
    let constants = layer.constants();
    let (blocks, points) = (n.div_ceil(LANES), cells + 1);
    for group in groups(blocks) {
        layer.pack(group.clone(), &mut tape.weights);
        for (block, weights) in group.zip(tape.weights.chunks(layer.shape().0)) {
            for (sample, volley) in tape.volleys.iter().enumerate() {
                let at = sample * blocks + block;
                let mine = at * points..(at + 1) * points;
                let states = States {
                    drive: &mut tape.drive[mine.clone()],
                    conductance: &mut tape.conductance[mine.clone()],
                    membrane: &mut tape.membrane[mine],
                };
                let (constants, fired) = (&constants, &mut tape.fired[at]);
                Forth { constants, weights, volley, states, fired }.run();
            }
        }
    }
    for neuron in 0..tape.time.len() {
        let (sample, i) = (neuron / n, neuron % n);
        let at = sample * blocks + i / LANES;
        tape.time[neuron] = tape.spike(layer, at, i % LANES);
        tape.rest[neuron] = tape.membrane[at * points + cells][i % LANES];
    }
    Ok(())
}

impl Tape {
    /// When a neuron of a block fires, in windows.
    fn spike(&self, layer: &Layer<'_>, at: usize, lane: usize) -> f32 {
        let (cells, width) = (layer.grid.cells(), layer.grid.width());
        let cell = usize::from(self.fired[at][lane]);
        if cell == cells {
            return f32::INFINITY;
        }
        let states = [&self.drive, &self.conductance, &self.membrane];
        let [s, g, v] = states.map(|states| f64::from(states[at * (cells + 1) + cell][lane]));
        let h = crossing(v, s, g).map_or(width, |h| h.min(width));
        (cell as f64 * width + h) as f32
    }
}
