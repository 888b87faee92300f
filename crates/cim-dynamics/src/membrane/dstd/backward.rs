//! The way back from the spikes.

use ndarray::ArrayViewMut2;

use super::forward::Tape;
use super::kernel::{Back, Block, LANES};
use super::{Layer, groups};
use crate::DynamicsError;
use crate::error::fits;

/// Working memory of [`gradient`]; re-used between runs.
#[derive(Clone, Debug, Default)]
pub struct Adjoints {
    /// The weights of the present group of blocks and their gradient: blocks × inputs.
    weights: Vec<Block>,
    by_weight: Vec<Block>,
}

impl Adjoints {
    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        4 * LANES * (self.weights.capacity() + self.by_weight.capacity())
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
    let cells = layer.grid.cells();
    by_input.fill(0.0);
    let to = by_weight.as_slice_mut().expect("contiguous by rows, as the weights");
    let constants = layer.constants();
    let (blocks, points) = (n.div_ceil(LANES), cells + 1);
    for group in groups(blocks) {
        let Adjoints { weights, by_weight } = adjoints;
        layer.pack(group.clone(), weights);
        by_weight.clear();
        by_weight.resize(group.len() * inputs, [0.0; LANES]);
        let (start, end) = (group.start * LANES, n.min(group.end * LANES));
        let each = group.zip(weights.chunks(inputs)).zip(by_weight.chunks_mut(inputs));
        for ((block, weights), by_weight) in each {
            let first = block * LANES;
            let lanes = LANES.min(n - first);
            let samples = tape.volleys.iter().zip(by_input.chunks_mut(inputs)).enumerate();
            for (sample, (volley, by_input)) in samples {
                let at = sample * blocks + block;
                let fired = &tape.fired[at];
                let from = sample * n + first;
                let (mut time, mut rest) = ([0.0; LANES], [0.0; LANES]);
                time[..lanes].copy_from_slice(&by_time[from..from + lanes]);
                for (lane, rest) in rest[..lanes].iter_mut().enumerate() {
                    let silent = usize::from(fired[lane]) == cells;
                    *rest = if silent { by_rest[from + lane] } else { 0.0 };
                }
                let mine = at * points..(at + 1) * points;
                let states = [&tape.drive, &tape.conductance, &tape.membrane];
                let states = states.map(|states| &states[mine.clone()]);
                let (constants, by_time, by_rest) = (&constants, &time, &rest);
                Back {
                    constants,
                    weights,
                    volley,
                    states,
                    fired,
                    by_time,
                    by_rest,
                    by_weight,
                    by_input,
                }
                .run();
            }
        }
        for (input, to) in to.chunks_mut(n).enumerate() {
            for (block, to) in to[start..end].chunks_mut(LANES).enumerate() {
                let from = &by_weight[block * inputs + input];
                to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
            }
        }
    }
    let per_window = 1.0 / layer.grid.width() as f32;
    by_input.iter_mut().for_each(|slope| *slope *= per_window);
    Ok(())
}
