//! What programming took, as plain data.

use std::fmt;

use cim_core::{Joules, Seconds, Siemens, Tally};
use cim_device::program::{End, Outcome, ProgrammerSpec};
use ndarray::{Array2, ArrayView2};
use serde::Serialize;

use super::{GdpSpec, ProductError};
use crate::Wires;

/// How cells were programmed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AnyProgrammer {
    /// Each cell by itself.
    CellByCell(ProgrammerSpec),
    /// All cells by the error of products.
    ByProducts {
        /// Its name.
        kind: &'static str,
        /// Its numbers.
        #[serde(flatten)]
        spec: GdpSpec,
    },
}

/// What cells hold and what it took, in SI units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Account {
    /// How.
    pub programmer: AnyProgrammer,
    /// Rows of cells.
    pub rows: usize,
    /// Columns of cells.
    pub columns: usize,
    /// Half-width of the acceptance band (S).
    pub band_s: f64,
    /// Wires that products are judged on.
    pub wires: Wires,
    /// Of what the cells hold, read noise aside (S).
    pub rms_error_s: f64,
    /// Share of cells within the band, read noise aside.
    pub share_inside_band: f64,
    /// Share of cells within the band, as the last verifying read found them.
    pub share_accepted: f64,
    /// Share of cells that no pulse moved.
    pub share_stuck: f64,
    /// Share of cells that pulses ran out for.
    pub share_given_up: f64,
    /// Pulses, a cell.
    pub pulses_per_cell: f64,
    /// Changes of polarity, a cell.
    pub polarity_changes_per_cell: f64,
    /// Energy of pulses, a cell (J).
    pub energy_per_cell_j: f64,
    /// Time of pulses and reads, a cell (s).
    pub time_per_cell_s: f64,
    /// Error of a product with inputs of mean zero, relative to the wanted one on ideal wires.
    pub product_error: f64,
    /// The same after the best common gain.
    pub product_error_after_gain: f64,
    /// Everything counted.
    pub tally: Tally,
    /// Cell by cell.
    pub per_cell: PerCell,
}

/// What each cell took, rows of columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PerCell {
    /// How it ended.
    pub end: Vec<Vec<End>>,
    /// Pulses.
    pub pulses: Vec<Vec<u32>>,
    /// Changes of polarity.
    pub polarity_changes: Vec<Vec<u32>>,
    /// Reads between pulses.
    pub verify_reads: Vec<Vec<u32>>,
    /// Energy (J).
    pub energy_j: Vec<Vec<f64>>,
    /// Time (s).
    pub time_s: Vec<Vec<f64>>,
}

fn nested<T: Clone>(values: &Array2<T>) -> Vec<Vec<T>> {
    values.rows().into_iter().map(|row| row.to_vec()).collect()
}

impl Account {
    /// Of cells that were to hold `target_s` (S).
    pub fn of(
        (programmer, band, wires): (AnyProgrammer, Siemens, Wires),
        target_s: ArrayView2<'_, f64>,
        outcome: &Outcome,
        products: ProductError,
        tally: Tally,
    ) -> Self {
        let per_cell = 1.0 / target_s.len() as f64;
        Self {
            programmer,
            rows: target_s.nrows(),
            columns: target_s.ncols(),
            band_s: band.0,
            wires,
            rms_error_s: outcome.rms_error_s(target_s),
            share_inside_band: outcome.share_within(target_s, band.0),
            share_accepted: outcome.share(End::InBand),
            share_stuck: outcome.share(End::Stuck),
            share_given_up: outcome.share(End::GivenUp),
            pulses_per_cell: tally.pulses as f64 * per_cell,
            polarity_changes_per_cell: tally.polarity_changes as f64 * per_cell,
            energy_per_cell_j: outcome.energy_j.sum() * per_cell,
            time_per_cell_s: outcome.time_s.sum() * per_cell,
            product_error: products.relative,
            product_error_after_gain: products.after_gain,
            tally,
            per_cell: PerCell {
                end: nested(&outcome.end),
                pulses: nested(&outcome.pulses),
                polarity_changes: nested(&outcome.polarity_changes),
                verify_reads: nested(&outcome.reads),
                energy_j: nested(&outcome.energy_j),
                time_s: nested(&outcome.time_s),
            },
        }
    }
}

/// A table for a terminal: a line a figure, from the acceptance band on.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        let pulses = format!(
            "{:.2} a cell, {:.2} changes of polarity, {} at a limit",
            self.pulses_per_cell, self.polarity_changes_per_cell, self.tally.pulses_limited
        );
        let products = format!(
            "{} ({} after a common gain)",
            percent(self.product_error),
            percent(self.product_error_after_gain)
        );
        for (what, value) in [
            ("acceptance band", format!("± {:.3}", Siemens(self.band_s))),
            ("RMS error", format!("{:.3}", Siemens(self.rms_error_s))),
            ("accepted", percent(self.share_accepted)),
            ("inside without noise", percent(self.share_inside_band)),
            ("stuck", percent(self.share_stuck)),
            ("given up", percent(self.share_given_up)),
            ("pulses", pulses),
            ("energy", format!("{:.3} a cell", Joules(self.energy_per_cell_j))),
            ("time", format!("{:.3} a cell", Seconds(self.time_per_cell_s))),
            ("error of products", products),
        ] {
            writeln!(f, "{what:21} {value}")?;
        }
        Ok(())
    }
}
