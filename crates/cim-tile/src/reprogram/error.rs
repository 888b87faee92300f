//! What can be wrong with reprogramming.

use thiserror::Error;

/// Errors of a schedule of writes and its parts.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ReprogramError {
    /// A weight of too few or too many bits.
    #[error("bits is {bits}: a magnitude has 1 to 15 bits, one a cell")]
    Bits {
        /// Bits as given.
        bits: u32,
    },
    /// Arrays of no rows, or of more than are addressed.
    #[error("rows is {rows}: an array has 1 to 65536 rows")]
    Rows {
        /// Rows as given.
        rows: usize,
    },
    /// A stride that leaves crossbars over.
    #[error("stride is {stride}: it must divide the {crossbars} crossbars, 1 to 65536 of them")]
    Stride {
        /// Stride as given.
        stride: usize,
        /// Crossbars as given.
        crossbars: usize,
    },
    /// A group of no columns.
    #[error("columns is 0: sort at least one column at a time")]
    Columns,
    /// A rule for writes that are left out which cannot be.
    #[error("{key} is {value}: {help}")]
    Skipping {
        /// Which key of the rule.
        key: &'static str,
        /// The value as given.
        value: String,
        /// What can be.
        help: &'static str,
    },
    /// A weight that the cells do not hold.
    #[error(
        "weight {weight} at ({row}, {col}) of layer {layer} is outside {least}..={most} of {mapping}"
    )]
    Weight {
        /// How weights lie on cells.
        mapping: &'static str,
        /// Layers that were held before.
        layer: u64,
        /// The weight as given.
        weight: i32,
        /// Its input.
        row: usize,
        /// Its output.
        col: usize,
        /// Smallest weight.
        least: i32,
        /// Largest weight.
        most: i32,
    },
}
