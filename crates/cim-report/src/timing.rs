//! How long things took: kept apart from the report, which has the same bytes on every run.

use serde::{Deserialize, Serialize};

use super::model::Comparison;

/// How long the run took: the one part that differs from run to run, written as `timing.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// The whole run (s).
    pub total_s: f64,
    /// Training of the digital network (s).
    pub train_s: f64,
    /// One conic solve, per layer (µs).
    pub conic_us_per_layer: f64,
    /// One solve on the microsecond path, per layer (µs).
    pub fast_us_per_layer: f64,
    /// Worker threads.
    pub threads: usize,
    /// Stages in the order they ran.
    pub stages: Vec<Stage>,
    /// The rows of the comparison that are about time; they cannot be in `report.json`.
    pub comparison: Vec<Comparison>,
}

/// One stage of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// What it did.
    pub name: String,
    /// How long it took (s).
    pub seconds: f64,
}
