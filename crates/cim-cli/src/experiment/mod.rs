//! Experiments: one folder each, with its preset beside it; beside them what they share.

use std::path::Path;

use serde::Deserialize;

pub mod chips;
pub mod clock;
pub mod design;
pub mod ir_drop;
pub mod openmena;
pub mod paper;
pub mod pcm;
pub mod training;

/// Presets that are built in, as written.
pub const PRESETS: &[(&str, &str)] = &[
    ("paper", paper::spec::PAPER),
    ("ir-drop", ir_drop::spec::IR_DROP),
    ("pcm", pcm::spec::PCM),
    ("openmena", openmena::spec::OPENMENA),
];

/// Which experiment a preset is of: its key `experiment`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Experiment {
    /// The system of Abbas et al. 2026; a preset that does not say is of this one.
    #[default]
    Paper,
    /// Accuracy on resistive wires.
    IrDrop,
    /// Accuracy on phase-change memory over time.
    Pcm,
    /// The tasks of Safa et al. 2025 on a small board, with the chip in the loop.
    Openmena,
}

/// What is run and where it keeps its checkpoints.
pub struct Options<'a, S> {
    /// Name of the preset, for the report.
    pub preset: &'a str,
    /// The preset as written.
    pub text: &'a str,
    /// The preset as read.
    pub spec: S,
    /// Folder of the results.
    pub out: &'a Path,
    /// Take up checkpoints of an interrupted run.
    pub resume: bool,
    /// Number of threads, for the timing only.
    pub threads: usize,
    /// Names the data set in checkpoints.
    pub data_id: String,
}
