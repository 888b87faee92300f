//! What every mapping is, and what it refuses.

use std::ops::RangeInclusive;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use thiserror::Error;

use super::plan::Plan;

/// What a mapping refuses.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MappingError {
    /// A weight does not fit the levels.
    #[error("weight {weight} at ({row}, {col}) is outside {min}..={max} of {mapping}")]
    Weight {
        /// The mapping.
        mapping: &'static str,
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
    /// A weight is cut into no bits, or into more than are carried exactly.
    #[error("{slices} slices of {bits} bits: use 1 to {most} bits in all")]
    Slices {
        /// Number of slices.
        slices: u32,
        /// Bits of each.
        bits: u32,
        /// Most bits of a weight.
        most: u32,
    },
    /// A weight cannot be cut into these parts.
    #[error("parts {parts:?}: use parts of 1 to 8 bits, and at most 16 in all")]
    Split {
        /// Bits of the parts.
        parts: Vec<u32>,
    },
    /// Parts that are not those of a weight.
    #[error("parts {parts:?} of {mapping} are {sum} bits in all, and weights have {bits}")]
    Sum {
        /// The mapping.
        mapping: &'static str,
        /// Bits of the parts.
        parts: Vec<u32>,
        /// Bits of all of them.
        sum: u32,
        /// Bits of a weight.
        bits: u32,
    },
    /// Parts without a place for the sign.
    #[error(
        "parts {parts:?} of {mapping}: begin with a part of 1 bit, which is the sign, and have one more behind it"
    )]
    Sign {
        /// The mapping.
        mapping: &'static str,
        /// Bits of the parts.
        parts: Vec<u32>,
    },
    /// A weight 0 where there are −1 and 1 alone.
    #[error("weight 0 at ({row}, {col}): {mapping} has -1 and 1 alone")]
    Zero {
        /// The mapping.
        mapping: &'static str,
        /// Its row.
        row: usize,
        /// Its column.
        col: usize,
    },
    /// Weights are asked to be cut in a way that the mapping does not know.
    #[error("{mapping} takes no {what}")]
    NotTaken {
        /// The mapping.
        mapping: &'static str,
        /// What it does not take: bits, parts or slices.
        what: &'static str,
    },
    /// A name that no mapping has.
    #[error("there is no mapping {name}: {}", known.join(", "))]
    Unknown {
        /// The name as given.
        name: String,
        /// Names of all mappings.
        known: Vec<&'static str>,
    },
    /// An array cannot hold one weight.
    #[error(
        "an array of {rows} × {columns} cells is too small for one weight, such as weight {weight} of \
         {mapping}: it takes {needed_rows} × {needed_columns}"
    )]
    Array {
        /// The mapping.
        mapping: &'static str,
        /// The first weight.
        weight: i32,
        /// Rows of the array.
        rows: usize,
        /// Columns of the array.
        columns: usize,
        /// Rows of a weight.
        needed_rows: usize,
        /// Columns of a weight.
        needed_columns: usize,
    },
    /// More layers have a split of their own than are kept.
    #[error("layers has {layers} splits: give up to {most}, those behind are cut as all others")]
    Layers {
        /// Layers as given.
        layers: usize,
        /// Most of them.
        most: usize,
    },
    /// The split of a layer does not fit.
    #[error("layers, split {layer}: {error}")]
    OfLayer {
        /// Number of the layer, from 1.
        layer: usize,
        /// Why.
        error: Box<Self>,
    },
    /// A weight 0 has no level.
    #[error("shift {shift} of {mapping}: use 1 to {most}")]
    Shift {
        /// The mapping.
        mapping: &'static str,
        /// The shift as given.
        shift: u16,
        /// Largest shift.
        most: u16,
    },
}

impl MappingError {
    /// Refuses the first weight outside a range, naming the mapping.
    ///
    /// # Errors
    /// [`MappingError::Weight`].
    pub(crate) fn check(
        mapping: &'static str,
        weights: ArrayView2<'_, i32>,
        range: RangeInclusive<i32>,
    ) -> Result<(), Self> {
        let (min, max) = range.into_inner();
        // All of them without a branch; then which.
        if weights.fold(true, |fine, weight| fine & (min <= *weight) & (*weight <= max)) {
            return Ok(());
        }
        match weights.indexed_iter().find(|(_, weight)| !(min..=max).contains(*weight)) {
            None => Ok(()),
            Some(((row, col), &weight)) => {
                Err(Self::Weight { mapping, weight, row, col, min, max })
            }
        }
    }
}

/// A way to carry integer weights (inputs × outputs) by non-negative conductances.
pub trait Mapping: Send + Sync {
    /// Largest weight accepted; real weights become whole ones of this magnitude at most.
    fn top_weight(&self) -> i32;

    /// Smallest weight accepted: a code may reach further down than up.
    fn least_weight(&self) -> i32 {
        -self.top_weight()
    }

    /// Level that stands for the top of the conductance window.
    fn top_level(&self) -> i32;

    /// What a weight of 1 counts in the law: more than 1 where parts of a weight that each have the
    /// whole window do not stand to each other as whole numbers otherwise.
    fn unit(&self) -> i64 {
        1
    }

    /// Physical columns for a number of outputs of a tile.
    fn columns(&self, outputs: usize) -> usize;

    /// Groups of sensed currents of a tile that have a full scale each.
    fn full_scale_groups(&self) -> usize {
        1
    }

    /// The plan for `weights`.
    ///
    /// # Errors
    /// [`MappingError`] for a weight that does not fit.
    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError>;

    /// The mapping of a layer of a network, counted in the order of its products, where layers have mappings of
    /// their own; nothing if this is that of all.
    fn of_layer(&self, _layer: usize) -> Option<Arc<dyn Mapping>> {
        None
    }

    /// How far above the bottom of the window the cells of real weights (inputs × outputs) are, in
    /// units of weights of which `clip` stands for the whole window; rows × columns. Larger weights
    /// are clipped.
    ///
    /// As [`plan`](Self::plan) has it for the nearest whole numbers, unless a mapping whose levels
    /// are finer than any device's error takes the weights themselves.
    fn raised(&self, weights: ArrayView2<'_, f64>, clip: f64) -> Array2<f64> {
        let top = f64::from(self.top_weight());
        let whole = weights.mapv(|w| (w / clip * top).clamp(-top, top).round_ties_even() as i32);
        let plan = self.plan(whole.view()).expect("clipped to what is accepted");
        plan.levels.mapv(|level| clip * f64::from(level) / f64::from(plan.top_level))
    }
}

impl dyn Mapping + '_ {
    /// What the largest weight changes the currents of an output by, each times its weight, as a
    /// fraction of what the whole window does to one.
    pub fn reach(&self) -> f64 {
        f64::from(self.top_weight()) * self.unit() as f64 / f64::from(self.top_level())
    }

    /// The plan of one row of weights 0: the senses and columns of any weights.
    pub fn layout(&self, outputs: usize) -> Plan {
        self.plan(Array2::zeros((1, outputs)).view()).expect("every mapping carries 0")
    }
}
