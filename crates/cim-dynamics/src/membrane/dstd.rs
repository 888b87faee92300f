//! Differentiable spike-time discretisation: a spike becomes two weighted events on a grid of times.
//!
//! A spike at `τ_m + f D` closes its synapse by `1 − f` at `τ_m` and by `f` at `τ_{m+1}`. Without leak
//! and reversal potentials the membrane is exact from `τ_{m+1}` on; with them the error falls as `D²`.
//! The number of intervals is that of the grid, not of the inputs, nothing is sorted, and the weights
//! `1 − f` and `f` are differentiable.
//!
//! Source: Sakemi et al. 2025, arXiv 2412.09010; the step weights from their description.

mod backward;
mod forward;
mod kernel;
mod volley;

use ndarray::ArrayView2;

use super::spec::Membrane;
use crate::DynamicsError;
use crate::error::fits;

pub use backward::{Adjoints, gradient};
pub use forward::{Tape, first_spikes};
use kernel::{Block, Constants, LANES};

/// A grid of times from 0 on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    per_window: usize,
    cells: usize,
}

impl Grid {
    /// A grid of `per_window` intervals a window that reaches over `windows` windows, rounded up to whole
    /// intervals.
    ///
    /// # Errors
    /// [`DynamicsError`] if there is no interval, or more than 65,000.
    pub fn new(per_window: usize, windows: f64) -> Result<Self, DynamicsError> {
        crate::error::positive("the horizon of the grid", windows, windows)?;
        let cells = (per_window as f64 * windows - 1e-9).ceil();
        crate::error::within("the number of intervals", cells, 1.0, 65_000.0)?;
        Ok(Self { per_window, cells: cells as usize })
    }

    /// Number of intervals.
    pub const fn cells(&self) -> usize {
        self.cells
    }

    /// Length of an interval in windows.
    pub const fn width(&self) -> f64 {
        1.0 / self.per_window as f64
    }

    /// Where the grid ends, in windows.
    pub const fn horizon(&self) -> f64 {
        self.cells as f64 * self.width()
    }

    /// In which interval a time lies, and how far in it; none where it is too late.
    fn place(&self, time: f32) -> Option<(usize, f32)> {
        let at = time * self.per_window as f32;
        let cell = at as usize;
        (at < self.cells as f32).then_some((cell, at - cell as f32))
    }
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

    /// Copies the weights of a block of neurons; those beyond the last are 0, and never fire.
    fn pack(&self, block: usize, to: &mut Vec<Block>) {
        let weights = self.weights.to_slice().expect("contiguous by rows, checked when built");
        let (n, first) = (self.weights.ncols(), block * LANES);
        let lanes = LANES.min(n - first);
        to.clear();
        to.extend(weights.chunks(n).map(|row| {
            let mut packed = [0.0; LANES];
            packed[..lanes].copy_from_slice(&row[first..first + lanes]);
            packed
        }));
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
