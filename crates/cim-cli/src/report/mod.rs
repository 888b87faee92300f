//! What a run of `cim reproduce` hands over: one set of plain data, told in five ways.
//!
//! Fill in a [`Report`] and a [`Timing`]; [`write()`] makes `report.json`, `timing.json`,
//! `report.md`, `report.html` and the pictures of them. Nothing here computes physics, and nothing
//! here knows another crate of the workspace.

mod content;
mod error;
mod figures;
mod files;
mod format;
mod html;
mod json;
mod markdown;
mod model;
pub mod study;
mod svg;
mod tables;
mod terminal;
mod timing;
pub mod trajectories;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use error::ReportError;
pub use files::{write, write_text};
pub use model::{
    BitsPoint, Budget, Comparison, Counts, Design, Digital, EnergyBreakdown, EnergyPart,
    EnergyRatios, Epoch, ErrorModel, Estimate, MAX_VARIANCE_POINTS, Optimiser, Paired, Parameter,
    Report, SCHEMA, SourceShare, Sweep, SweepPoint, VariancePoint, Variant,
};
pub use terminal::{summary_table, timing_table};
pub use timing::{Stage, Timing};
