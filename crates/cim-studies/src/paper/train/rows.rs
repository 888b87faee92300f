//! Rows that will be measured, and what was chosen.

use crate::method::candidate::Candidate;

/// A row of the report.
pub struct Row {
    /// Which table it is of.
    pub group: Group,
    /// Its name there.
    pub name: &'static str,
    /// Epochs of its network beyond those of the digital one.
    pub further_epochs: usize,
    /// What is measured.
    pub candidate: Candidate,
    /// Its accuracy on the held-out images, where that was asked for.
    pub holdout: Option<f64>,
}

/// Tables of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// From the naive mapping to the full method.
    Variant,
    /// Baselines at the nominal read voltage.
    AtNominal,
    /// Baselines at the read voltage that the program chose.
    AtOptimised,
    /// The short budget without any part, and with one.
    AddOneIn,
    /// The short budget with all parts, and with all but one.
    LeaveOneOut,
    /// The short budget with all parts, one of them replaced by the best percentile.
    Replaced,
}

/// One resolution.
pub struct AtBits {
    /// Bits of the column converters.
    pub bits: u32,
    /// The naive mapping of the control.
    pub naive: Candidate,
    /// The full method, trained for this resolution.
    pub full: Candidate,
    /// Where its full scales come from.
    pub scales: &'static str,
}

/// Something chosen on the held-out images.
pub struct Choice {
    /// What.
    pub what: String,
    /// Which.
    pub chosen: String,
}

/// Name of the reference row of a table.
pub const REFERENCE: &str = "reference";
