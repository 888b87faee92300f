//! Differentiable spike-time discretisation: a spike becomes two weighted events on a grid of times.
//!
//! A spike at `τ_m + f D` closes its synapse by `1 − f` at `τ_m` and by `f` at `τ_{m+1}`. Without leak
//! and reversal potentials the membrane is exact from `τ_{m+1}` on; with them the error falls as `D²`.
//! The number of intervals is that of the grid, not of the inputs, nothing is sorted, and the weights
//! `1 − f` and `f` are differentiable.
//!
//! Two ways to the same sums. Many samples share a copy of some weights, by blocks of neurons; its memory is that of
//! the copies. A few samples sum the weights where they lie, into four events an interval (`quartets`); theirs is
//! that of the neurons' states.
//!
//! Source: Sakemi et al. 2025, arXiv 2412.09010; the step weights from their description.

mod backward;
mod course;
mod forward;
mod grid;
mod kernel;
mod quartets;
mod volley;

use std::ops::Range;

use ndarray::ArrayView2;

use super::spec::Membrane;
use crate::DynamicsError;
use crate::error::fits;

pub use backward::{Adjoints, gradient};
pub use forward::{Tape, first_spikes};
pub use grid::Grid;
use kernel::{Block, Constants, LANES};
use quartets::Tile;

/// Samples from which on a copy of the weights pays.
const MANY: usize = 8;

/// Blocks of neurons whose weights are copied at once.
const GROUP: usize = 8;

/// Groups of so many blocks.
fn groups(blocks: usize) -> impl Iterator<Item = Range<usize>> {
    (0..blocks).step_by(GROUP).map(move |first| first..blocks.min(first + GROUP))
}

/// A layer as the solver sees it.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    membrane: &'a Membrane,
    grid: Grid,
    weights: ArrayView2<'a, f32>,
}

impl<'a> Layer<'a> {
    /// A layer of `weights`, inputs × neurons (thresholds per window), contiguous by rows.
    ///
    /// # Errors
    /// [`DynamicsError::Weight`] for a weight that is not finite.
    pub fn new(
        membrane: &'a Membrane,
        grid: Grid,
        weights: ArrayView2<'a, f32>,
    ) -> Result<Self, DynamicsError> {
        fits("rows that follow each other", usize::from(weights.is_standard_layout()), 1)?;
        let bad = weights.indexed_iter().find(|(_, w)| !w.is_finite());
        if let Some(((input, neuron), &weight)) = bad {
            return Err(DynamicsError::Weight { input, neuron, weight: f64::from(weight) });
        }
        Ok(Self { membrane, grid, weights })
    }

    /// Inputs × neurons.
    pub fn shape(&self) -> (usize, usize) {
        self.weights.dim()
    }

    /// The grid of its inputs.
    pub const fn grid(&self) -> Grid {
        self.grid
    }

    /// The weights, row by row.
    fn rows(&self) -> &[f32] {
        self.weights.to_slice().expect("contiguous by rows, checked when built")
    }

    /// Whether so many samples read the weights as they lie, and copy none.
    fn is_read_as_it_lies(&self, samples: usize) -> bool {
        samples < MANY && quartets::pay(self.shape().0, self.grid.cells())
    }

    /// All neurons on some samples.
    fn tile<'b>(&'b self, times: &'b [f32]) -> Tile<'b> {
        let (inputs, neurons) = self.shape();
        let (weights, blocks) = (self.rows(), 0..neurons.div_ceil(LANES));
        Tile { grid: self.grid, times, weights, inputs, neurons, blocks }
    }

    /// Copies the weights of a group of blocks, block by block; those beyond the last neuron are 0, and never
    /// fire. Rows far apart in memory are met once for a whole group.
    fn pack(&self, blocks: Range<usize>, to: &mut Vec<Block>) {
        let weights = self.rows();
        let (inputs, n) = self.weights.dim();
        to.clear();
        to.resize(blocks.len() * inputs, [0.0; LANES]);
        let (first, last) = (blocks.start * LANES, n.min(blocks.end * LANES));
        for (input, row) in weights.chunks(n).enumerate() {
            for (block, part) in row[first..last].chunks(LANES).enumerate() {
                to[block * inputs + input][..part.len()].copy_from_slice(part);
            }
        }
    }

    fn constants(&self) -> Constants {
        let (width, slopes) = (self.grid.width(), self.membrane.slopes());
        Constants { width, leak: self.membrane.leak() as f32, slopes }
    }
}

/// Checks spike times once, before the solver that cannot fail: windows, infinite for never.
///
/// # Errors
/// [`DynamicsError`] for a number of times that is not that of whole samples, and a time below zero or NaN.
pub fn check_times(layer: &Layer<'_>, times: &[f32]) -> Result<(), DynamicsError> {
    let inputs = layer.shape().0;
    fits("spike times", times.len(), inputs * (times.len() / inputs.max(1)).max(1))?;
    match times.iter().position(|time| time.is_nan() || *time < 0.0) {
        Some(at) => {
            Err(DynamicsError::SpikeTime { input: at % inputs, time: f64::from(times[at]) })
        }
        None => Ok(()),
    }
}
