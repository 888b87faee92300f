//! What can be wrong with an array.

use cim_core::Ohms;
use thiserror::Error;

/// Errors of arrays and their circuits.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum CircuitError {
    /// A conductance is negative or not finite.
    #[error(
        "conductance of {value} S at row {row}, column {col} must be zero or positive and finite"
    )]
    Conductance {
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        col: usize,
        /// The conductance as given.
        value: f64,
    },
    /// The array has no cells.
    #[error("an array of {rows} rows and {cols} columns has no cells")]
    Empty {
        /// Rows.
        rows: usize,
        /// Columns.
        cols: usize,
    },
    /// An ambient quantity is out of range.
    #[error("{name} is {value}: it must be {expected}")]
    Ambient {
        /// Which quantity.
        name: &'static str,
        /// The value as given, in SI units.
        value: f64,
        /// What is accepted.
        expected: &'static str,
    },
    /// Wires with resistance are not solved by the ohmic array.
    #[error(
        "wires of {row} and {column} a cell: only ideal wires (0 Ohm) are modelled by this solver"
    )]
    Wires {
        /// Resistance of one cell pitch of row wire.
        row: Ohms,
        /// Resistance of one cell pitch of column wire.
        column: Ohms,
    },
    /// A sensed column does not exist.
    #[error("sensed column {column} does not exist in an array of {cols} columns")]
    Column {
        /// The column as asked for.
        column: usize,
        /// Columns there are.
        cols: usize,
    },
    /// The nodal equations have no unique solution.
    #[error("the circuit is singular: a node has no path to ground")]
    Singular,
}
