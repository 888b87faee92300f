//! What can be wrong with an array.

use cim_core::{Ohms, Seconds};
use thiserror::Error;

use crate::layout::Side;

/// Errors of arrays and their circuits.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum CircuitError {
    /// Cells that cannot age, as the address of their programming is not known.
    #[error(
        "cells that were handed over and not programmed cannot be aged by {elapsed}: give the \
         address of their programming first"
    )]
    NoLife {
        /// The time asked for.
        elapsed: Seconds,
    },
    /// A conductance is negative or not a number.
    #[error("conductance of {value} S at row {row}, column {col} must be zero or positive")]
    Conductance {
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        col: usize,
        /// The conductance as given.
        value: f64,
    },
    /// A tolerance that says nothing, or less than rounding.
    #[error("a tolerance of {got} must lie between 1e-12 and 1")]
    Tolerance {
        /// The tolerance, relative to the largest current.
        got: f64,
    },
    /// The array has no cells.
    #[error("an array of {rows} rows and {cols} columns has no cells")]
    Empty {
        /// Rows.
        rows: usize,
        /// Columns.
        cols: usize,
    },
    /// A cell does not exist.
    #[error("there is no cell at row {row}, column {col} of an array of {rows} × {cols}")]
    NoCell {
        /// Row as asked for.
        row: usize,
        /// Column as asked for.
        col: usize,
        /// Rows.
        rows: usize,
        /// Columns.
        cols: usize,
    },
    /// A matrix does not fit the array.
    #[error("{name} have {} × {} values where {} × {} are needed", got.0, got.1, want.0, want.1)]
    Shape {
        /// What does not fit.
        name: &'static str,
        /// Its shape.
        got: (usize, usize),
        /// The shape needed.
        want: (usize, usize),
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
    /// A resistance of the wires is negative or not finite.
    #[error("resistance of {name} is {resistance}: it must be zero or positive, and finite")]
    Wires {
        /// Which part.
        name: &'static str,
        /// The resistance as given.
        resistance: Ohms,
    },
    /// The resistance of one segment of wire is negative or not a number.
    #[error("{line} wire at ({row}, {col}) has {value} Ω: it must be zero or positive")]
    Segment {
        /// Row or column wire.
        line: &'static str,
        /// First index of the segment.
        row: usize,
        /// Second index of the segment.
        col: usize,
        /// The resistance as given.
        value: f64,
    },
    /// A sensed column does not exist.
    #[error("sensed column {column} does not exist in an array of {cols} columns")]
    Column {
        /// The column as asked for.
        column: usize,
        /// Columns there are.
        cols: usize,
    },
    /// A side has another number of lines than voltages.
    #[error("{got} voltages for the {want} lines of the side '{side}'")]
    Voltages {
        /// The side.
        side: Side,
        /// Voltages given.
        got: usize,
        /// Lines there are.
        want: usize,
    },
    /// A voltage is not finite.
    #[error("voltage of {value} V at the {side} {line} must be finite")]
    Voltage {
        /// The side.
        side: Side,
        /// The line.
        line: usize,
        /// The voltage as given.
        value: f64,
    },
    /// Two held terminals are joined by ideal wires and shorts alone.
    #[error(
        "the {side} {line} and the {other_side} {other_line} are shorted together: no resistance \
         limits the current between them"
    )]
    Shorted {
        /// Side of one terminal.
        side: Side,
        /// Its line.
        line: usize,
        /// Side of the other.
        other_side: Side,
        /// Its line.
        other_line: usize,
    },
    /// The dense equations have no unique solution.
    #[error("the circuit is singular: a node has no path to ground")]
    Singular,
    /// A node has no path to any terminal that is held.
    #[error(
        "the {line} wire at row {row}, column {col} floats: no conductance leads from it to a \
         driven or grounded end, so that its voltage is not determined"
    )]
    Floating {
        /// Row or column wire.
        line: &'static str,
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        col: usize,
    },
    /// A number of the circuit is beyond the largest.
    #[error(
        "currents at row {row}, column {col} are beyond the largest number: see that conductances \
         and voltages are in siemens and volts"
    )]
    Overflow {
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        col: usize,
    },
    /// An array is larger than can be solved.
    #[error("an array of {rows} rows and {cols} columns is beyond the limit of {limit}")]
    TooLarge {
        /// Rows.
        rows: usize,
        /// Columns.
        cols: usize,
        /// What is accepted.
        limit: &'static str,
    },
    /// A short lies in a loop without resistance.
    #[error(
        "the current through the short at row {row}, column {col} is not determined: it lies in a \
         loop without resistance"
    )]
    Undetermined {
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        col: usize,
    },
    /// A solution does not satisfy the laws of the circuit.
    #[error(
        "the solution violates {law} at row {row}, column {col} by {residual:.1e} of its scale, \
         {allowed:.1e} allowed"
    )]
    Residual {
        /// Which law.
        law: &'static str,
        /// Row of the worst place.
        row: usize,
        /// Column of the worst place.
        col: usize,
        /// Violation relative to the largest term.
        residual: f64,
        /// What is accepted.
        allowed: f64,
    },
    /// Power in and power dissipated differ.
    #[error("the sources deliver {delivered:e} W and {dissipated:e} W are dissipated")]
    Power {
        /// Delivered by the sources (W).
        delivered: f64,
        /// Dissipated by cells and wires (W).
        dissipated: f64,
    },
    /// Newton's method did not converge.
    #[error(
        "the non-linear circuit did not converge in {steps} steps: at row {row}, column {col} \
         Kirchhoff's law is off by {residual:.1e} of the largest current"
    )]
    NotConverged {
        /// Steps taken.
        steps: usize,
        /// Row of the worst cell.
        row: usize,
        /// Column of the worst cell.
        col: usize,
        /// Residual relative to the largest cell current.
        residual: f64,
    },
    /// A cell of a law with a limited range sees more voltage than it is valid for.
    #[error(
        "the cell at row {row}, column {col} sees {volts:.4} V, outside the ±{range} V for which \
         its current-voltage law holds"
    )]
    OutsideLaw {
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        col: usize,
        /// Its voltage (V).
        volts: f64,
        /// Largest voltage of the law (V).
        range: f64,
    },
    /// A cell's current falls with voltage.
    #[error(
        "the cell at row {row}, column {col} of {value} S has a current that falls with voltage: \
         its law does not hold for such a conductance"
    )]
    Falling {
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        col: usize,
        /// Its conductance (S).
        value: f64,
    },
    /// A current-voltage law cannot be.
    #[error(transparent)]
    Device(#[from] cim_device::DeviceError),
    /// Something that this part does not model.
    #[error("{0}")]
    NotModelled(&'static str),
}
