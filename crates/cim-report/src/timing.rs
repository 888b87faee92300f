//! How long things took: kept apart from the report, which has the same bytes on every run.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How long the run took: the one part that differs from run to run, written as `timing.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// The whole run (s).
    pub total_s: f64,
    /// Training of networks (s).
    pub train_s: f64,
    /// Worker threads.
    pub threads: usize,
    /// Stages in the order they ran.
    pub stages: Vec<Stage>,
    /// Times of single steps that were measured beside the stages.
    pub steps: Vec<Stage>,
    /// What only this study measures: further keys of `timing.json`.
    #[serde(flatten)]
    pub data: Map<String, Value>,
}

/// One stage of the run, or one step in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// What it did.
    pub name: String,
    /// How long it took (s).
    pub seconds: f64,
}
