//! What can be wrong with a placement.

use thiserror::Error;

/// Errors of placing bits.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum PlacementError {
    /// An array that holds no weight.
    #[error(
        "an array of {rows} rows and {columns} columns holds no weight of {bits} bits, such as weight {weight} of \
         {mapping}"
    )]
    Size {
        /// The mapping.
        mapping: &'static str,
        /// The first weight; 0 if there is none.
        weight: i32,
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
        /// Bits of a weight, 1 to 15.
        bits: u32,
    },
    /// A weight that the bits do not hold.
    #[error("weight {weight} at ({row}, {col}) is outside {min}..={max} of {mapping}")]
    Weight {
        /// The mapping.
        mapping: &'static str,
        /// The weight as given.
        weight: i32,
        /// Its input.
        row: usize,
        /// Its output.
        col: usize,
        /// Smallest weight.
        min: i32,
        /// Largest weight.
        max: i32,
    },
}
