//! What can go wrong: a problem that is badly posed, that nothing satisfies, or whose answer
//! does not pass its own certificate.

use cim_core::{Amps, Joules, Siemens, Volts};
use thiserror::Error;

/// Why there is no solution to hand out.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum OptError {
    /// There is nothing to optimise for.
    #[error("the problem has no tile")]
    NoTiles,
    /// A number outside what its meaning allows: not finite, negative, or zero where it divides.
    #[error("{name} is {value}, not {expected}")]
    BadNumber {
        /// Name of the field.
        name: &'static str,
        /// Its value, in SI units.
        value: f64,
        /// What it has to be.
        expected: &'static str,
    },
    /// A number of one tile outside what its meaning allows.
    #[error("{name} of tile {tile} is {value}, not {expected}")]
    BadTile {
        /// Index of the tile in the problem.
        tile: usize,
        /// Name of the field.
        name: &'static str,
        /// Its value, in SI units or in units of the tile's output.
        value: f64,
        /// What it has to be.
        expected: &'static str,
    },
    /// The device has no conductance window.
    #[error("device window is empty: off {g_off}, on {g_on}")]
    EmptyWindow {
        /// Least conductance of a cell.
        g_off: Siemens,
        /// Greatest conductance of a cell.
        g_on: Siemens,
    },
    /// No read voltage is allowed.
    #[error("read voltage range is empty: {least} to {most}")]
    EmptyVoltage {
        /// Least read voltage.
        least: Volts,
        /// Greatest read voltage, where reading starts to disturb the cell.
        most: Volts,
    },
    /// The converter has no full scale to choose.
    #[error("full-scale floor {floor} is not below the ceiling {ceiling}")]
    EmptyFullScale {
        /// Least full scale.
        floor: Amps,
        /// Greatest full scale.
        ceiling: Amps,
    },
    /// The histogram of a tile's output is not a distribution of magnitudes.
    #[error("output histogram of tile {tile}: {reason}")]
    Histogram {
        /// Index of the tile in the problem.
        tile: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The energy limit is below what the smallest window at the least voltage takes.
    #[error("energy limit {limit} is below the least possible {least}, at the smallest window")]
    Energy {
        /// The limit asked for.
        limit: Joules,
        /// Energy of the smallest window at the least read voltage.
        least: Joules,
    },
    /// The wires lose more than allowed even in the smallest window.
    #[error(
        "wire non-ideality limit {limit} is below the least possible {least} of tile {tile}, \
         at the smallest window"
    )]
    Nonideality {
        /// The limit asked for, as a fraction of the signal.
        limit: f64,
        /// Fraction lost in the smallest window.
        least: f64,
        /// Index of the tile that loses it.
        tile: usize,
    },
    /// The read voltage asked for is not one the device allows.
    #[error("fixed read voltage {fixed} is outside {least} to {most}")]
    FixedVoltage {
        /// The voltage asked for.
        fixed: Volts,
        /// Least read voltage.
        least: Volts,
        /// Greatest read voltage.
        most: Volts,
    },
    /// The window handed to [`evaluate`](crate::evaluate) has no value for every tile.
    #[error("{ranges} ranges were given for {tiles} tiles")]
    Ranges {
        /// How many were given.
        ranges: usize,
        /// How many tiles there are.
        tiles: usize,
    },
    /// The conic solver refused the program or returned no numbers.
    #[error("conic solver failed: {reason}")]
    Solver {
        /// What it said.
        reason: String,
    },
    /// A point was found, but its certificate does not hold: no number is handed out.
    #[error(
        "solution is not certified: relative gap {gap:e} (at most {most_gap:e}), \
         constraint residual {residual:e} (at most {most_residual:e})"
    )]
    NotCertified {
        /// (objective − lower bound) / objective.
        gap: f64,
        /// The greatest gap that counts as optimal.
        most_gap: f64,
        /// Greatest relative violation of a constraint.
        residual: f64,
        /// The greatest violation that counts as feasible.
        most_residual: f64,
    },
}
