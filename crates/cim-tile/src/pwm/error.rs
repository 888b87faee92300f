//! What can be wrong with a time-stepped tile.

use thiserror::Error;

/// Errors of time-stepped tiles and their inputs.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum PwmError {
    /// A quantity of the specification cannot be.
    #[error("{name} is {value}: it must be {expected}")]
    Quantity {
        /// Key of the quantity.
        name: &'static str,
        /// The value as given, with its unit.
        value: String,
        /// What is accepted.
        expected: &'static str,
    },
    /// Inputs have too few or too many bits.
    #[error("inputs of {bits} bits with sign: 2 to 16 can be pulses")]
    Bits {
        /// Bits as given.
        bits: u32,
    },
    /// A split leaves one of its bursts empty.
    #[error("{low_bits} low bits of magnitudes of {bits} bits leave an empty burst")]
    LowBits {
        /// Low bits as given.
        low_bits: u32,
        /// Bits of a magnitude.
        bits: u32,
    },
    /// The tile does not divide into segments.
    #[error("{tile_rows} rows of a tile do not divide into {segments} segments")]
    Segments {
        /// Segments as given.
        segments: usize,
        /// Rows of the tile.
        tile_rows: usize,
    },
    /// The cells do not fit the tile.
    #[error("{rows} rows × {cols} columns of pairs do not fit a tile of {tile_rows} rows")]
    Size {
        /// Rows of pairs.
        rows: usize,
        /// Columns of pairs.
        cols: usize,
        /// Rows of the tile.
        tile_rows: usize,
    },
    /// The two cells of the pairs come in different shapes.
    #[error("g_plus is {plus:?} and g_minus is {minus:?}, rows × columns: they must be alike")]
    Pairs {
        /// Rows and columns of the first cells.
        plus: (usize, usize),
        /// Rows and columns of the second cells.
        minus: (usize, usize),
    },
    /// A conductance is negative or not finite.
    #[error("{name} of {value} S at row {row}, column {col} must be zero or positive and finite")]
    Conductance {
        /// Which cell of the pair.
        name: &'static str,
        /// Row of the pair.
        row: usize,
        /// Column of the pair.
        col: usize,
        /// The conductance as given.
        value: f64,
    },
    /// The vectors do not have one code per row.
    #[error("vectors of {codes} codes for {rows} rows")]
    Inputs {
        /// Codes of a vector.
        codes: usize,
        /// Rows of pairs.
        rows: usize,
    },
    /// A code is longer than the longest pulse.
    #[error("code {code} of row {row} in vector {vector} is outside -{top}..={top}")]
    Code {
        /// Vector of the batch.
        vector: usize,
        /// Row.
        row: usize,
        /// The code as given.
        code: i32,
        /// Largest code.
        top: i32,
    },
    /// Codes were checked for a tile with other rows or longer pulses.
    #[error("codes up to {drive_top} checked for another tile: this one has codes up to {top}")]
    Foreign {
        /// Largest code of that tile.
        drive_top: i32,
        /// Largest code of this one.
        top: i32,
    },
    /// A vector or a burst does not exist.
    #[error("{name} {index} does not exist: there are {count}")]
    Index {
        /// What was asked for.
        name: &'static str,
        /// Which.
        index: usize,
        /// How many there are.
        count: usize,
    },
}
