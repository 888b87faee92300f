//! Mappings: integers carried by cells, drives and sums. Plain data plus a law.
//!
//! To add one: a file here and its line below; the law suite in `tests/` then runs over it.

mod differential;

use ndarray::{Array2, ArrayView2};
use thiserror::Error;

pub use differential::Differential;

/// One sensed current of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sense {
    /// Column whose current counts positively.
    pub plus: usize,
    /// Column whose current is subtracted, if any.
    pub minus: Option<usize>,
    /// Output that the code adds to.
    pub output: usize,
    /// Factor with which it adds.
    pub weight: i64,
}

/// What a mapping asks of an array.
///
/// Law: `Σ phase · weight · Σ drive · (level₊ − level₋) = wᵀ x`, exactly, for all integers accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Level of every cell, `0 ..= top_level`, rows × columns.
    pub levels: Array2<i32>,
    /// Level that stands for the top of the conductance window.
    pub top_level: i32,
    /// Currents to sense.
    pub senses: Vec<Sense>,
    /// Factor of each phase of the drive.
    pub phases: Vec<i64>,
}

/// What a mapping refuses.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MappingError {
    /// A weight does not fit the levels.
    #[error("weight {weight} at ({row}, {col}) is outside {min}..={max}")]
    Weight {
        /// The weight as given.
        weight: i32,
        /// Its row.
        row: usize,
        /// Its column.
        col: usize,
        /// Smallest weight.
        min: i32,
        /// Largest weight.
        max: i32,
    },
}

/// A way to carry integer weights (inputs × outputs) by non-negative conductances.
pub trait Mapping: Send + Sync {
    /// Largest weight magnitude accepted.
    fn top_weight(&self) -> i32;

    /// Physical columns for a number of outputs.
    fn columns(&self, outputs: usize) -> usize;

    /// The plan for `weights`.
    ///
    /// # Errors
    /// [`MappingError`] for a weight that does not fit.
    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError>;

    /// Drive codes of one phase (batch × rows) for input codes `x` (batch × inputs).
    fn drive(&self, phase: usize, x: &[f32], rows: &mut [f32]);
}
