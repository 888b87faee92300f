//! What the report is made of.

use cim_chip::RankEstimate;

use super::findings::{BitsPoint, ErrorModel, Sweep, VariancePoint};
use crate::method::rows::Row;
use crate::paper::measure::table::{AsNumbers, Tabled, UntrainedRow};
use crate::paper::spec::Spec;
use crate::paper::train::rows::Group;
use crate::paper::train::trial::Trial;

/// Everything the report is made of.
pub struct Outcome<'a> {
    /// The study as run.
    pub spec: &'a Spec,
    /// All networks.
    pub trials: &'a [Trial],
    /// Their accuracies as numbers.
    pub as_numbers: &'a AsNumbers,
    /// What all rows measured.
    pub rows: &'a [Tabled],
    /// What was found without training, at every resolution that was asked for.
    pub untrained: &'a [UntrainedRow],
    /// Accuracy at every resolution.
    pub bits: Vec<BitsPoint>,
    /// Accuracy in other worlds.
    pub sweeps: Vec<Sweep>,
    /// The closed form against Monte Carlo.
    pub error_model: ErrorModel,
    /// Single columns of it.
    pub variance_points: Vec<VariancePoint>,
    /// The program's objective against what is lost, over random designs.
    pub objective_rank: RankEstimate,
}

/// The row called `name` of a table.
pub fn row<'a>(rows: &'a [Tabled], group: Group, name: &str) -> &'a Row {
    of_table(rows, group).find(|row| row.name == name).expect("every network has every row")
}

/// All rows of a table.
pub fn of_table(rows: &[Tabled], group: Group) -> impl Iterator<Item = &Row> {
    rows.iter().filter(move |tabled| tabled.group == group).map(|tabled| &tabled.row)
}
