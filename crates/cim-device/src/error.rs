//! What can be wrong with a device.

use cim_core::{Seconds, Siemens};
use thiserror::Error;

/// Errors of device specifications and programming.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum DeviceError {
    /// The conductance window is empty, negative or not finite.
    #[error(
        "conductance window [{g_min}, {g_max}] is empty or negative: it needs 0 S <= g_min < g_max"
    )]
    Window {
        /// Lower end.
        g_min: Siemens,
        /// Upper end.
        g_max: Siemens,
    },
    /// A chosen window leaves what the device can hold.
    #[error("conductance window [{g_min}, {g_max}] leaves the device's own [{g_off}, {g_on}]")]
    OutsideDevice {
        /// Lower end of the chosen window.
        g_min: Siemens,
        /// Upper end of the chosen window.
        g_max: Siemens,
        /// Lowest conductance of the device.
        g_off: Siemens,
        /// Highest conductance of the device.
        g_on: Siemens,
    },
    /// A target that the device cannot hold.
    #[error("a target of {target} lies outside the device's window [{g_min}, {g_max}]")]
    Target {
        /// The target as given.
        target: Siemens,
        /// Lowest conductance of the device.
        g_min: Siemens,
        /// Highest conductance of the device.
        g_max: Siemens,
    },
    /// A noise coefficient is negative or not finite.
    #[error("{name} is {value}: it must be zero or a positive, finite number")]
    Coefficient {
        /// Key of the coefficient.
        name: &'static str,
        /// The value as given, in SI units.
        value: f64,
    },
    /// The law gives a negative standard deviation inside the window.
    #[error("the law of {name} gives a negative sigma of {sigma} at {conductance}")]
    NegativeSigma {
        /// Which noise.
        name: &'static str,
        /// The offending sigma.
        sigma: Siemens,
        /// Where.
        conductance: Siemens,
    },
    /// A current-voltage law falls with voltage somewhere.
    #[error("the {law} law falls with voltage within its range of {range}: it must rise")]
    Falling {
        /// Which law.
        law: &'static str,
        /// Its range.
        range: cim_core::Volts,
    },
    /// A current-voltage law that is no product of conductance and a function of voltage, where an
    /// array is to be read in one product.
    #[error(
        "the {law} law is no product of conductance and a function of voltage, as an array needs \
         that is read in one matrix product"
    )]
    NotSeparable {
        /// Which law.
        law: &'static str,
    },
    /// A table of a current-voltage law is no table.
    #[error(
        "a current-voltage table of {points} voltages and {values} values: it needs two points or \
         more, as many of one as of the other, finite and rising"
    )]
    Table {
        /// Voltages given.
        points: usize,
        /// Values given.
        values: usize,
    },
    /// A curve of conductance is no curve.
    #[error(
        "a curve of {knots} knots and {values} values: it needs one knot or more, with one value each, \
         finite, and knots that rise"
    )]
    Knots {
        /// Knots given.
        knots: usize,
        /// Values given.
        values: usize,
    },
    /// A later time of a device whose model knows no time.
    #[error(
        "{elapsed} after programming: the model of this device knows no time, its cells would be as \
         they were programmed"
    )]
    Ageless {
        /// The time as given.
        elapsed: Seconds,
    },
    /// A time that is negative or not finite.
    #[error("{elapsed} after programming: a time must be zero or positive, and finite")]
    NegativeTime {
        /// The time as given.
        elapsed: Seconds,
    },
    /// A time at which nothing is known of the device.
    #[error(
        "{elapsed} after programming: the fit of this device holds from {from} to {to}; it is not \
         extrapolated"
    )]
    OutsideFittedTimes {
        /// The time as given.
        elapsed: Seconds,
        /// First time of the fit.
        from: Seconds,
        /// Last time of the fit.
        to: Seconds,
    },
    /// A parameter outside its range.
    #[error("{name} is {value}: it must lie in {range}")]
    Parameter {
        /// Key of the parameter.
        name: &'static str,
        /// The value as given, in SI units.
        value: f64,
        /// The range in words.
        range: &'static str,
    },
    /// One cell is listed twice in a map of faults.
    #[error("cell ({row}, {col}) is listed twice")]
    ListedTwice {
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        col: usize,
    },
    /// Two arrays that should have the same shape do not.
    #[error("{what} is {rows} × {cols}, the array is {array_rows} × {array_cols}")]
    Shape {
        /// Which array.
        what: &'static str,
        /// Its rows.
        rows: usize,
        /// Its columns.
        cols: usize,
        /// Rows of the cells.
        array_rows: usize,
        /// Columns of the cells.
        array_cols: usize,
    },
    /// A target that the cells cannot hold.
    #[error(
        "target of {target} at ({row}, {col}) is outside the window of the cells, [{g_min}, {g_max}]"
    )]
    CellTarget {
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        col: usize,
        /// The target as given.
        target: Siemens,
        /// Lowest conductance of the cells.
        g_min: Siemens,
        /// Highest conductance of the cells.
        g_max: Siemens,
    },
    /// A way of programming that these cells do not offer.
    #[error("{programmer} cannot program {cells}: {reason}")]
    NotPossible {
        /// The way of programming.
        programmer: &'static str,
        /// The kind of cell.
        cells: &'static str,
        /// What is missing.
        reason: &'static str,
    },
    /// No way of programming has this name.
    #[error("no programmer is called '{name}'; known: {known}{hint}")]
    UnknownProgrammer {
        /// The name as given.
        name: String,
        /// Names there are.
        known: String,
        /// A suggestion, or nothing.
        hint: String,
    },
    /// No device has this name.
    #[error("no device is called '{name}'; known: {known}{hint}")]
    UnknownDevice {
        /// The name as given.
        name: String,
        /// Names there are.
        known: String,
        /// A suggestion, or nothing.
        hint: String,
    },
}
