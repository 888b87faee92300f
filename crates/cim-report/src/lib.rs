//! What a run hands over: one set of plain data, told in five ways.
//!
//! `cim reproduce` has a [`Report`] of its own, every other experiment fills in a [`study::Study`];
//! with a [`Timing`] beside it, [`write()`] or [`study::write()`] makes `report.json`, `timing.json`,
//! `report.md`, `report.html` and the pictures of them. Nothing here computes physics, and nothing
//! here knows another crate of the workspace.
#![doc = include_str!("../README.md")]

mod array;
mod content;
mod error;
mod figures;
mod files;
mod format;
mod html;
mod json;
mod markdown;
mod model;
mod page;
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

pub use array::{ArrayMaps, array_picture};
pub use content::write;
pub use error::ReportError;
pub use files::write_text;
pub use model::{
    BitsPoint, Budget, Comparison, Counts, Design, Digital, EnergyBreakdown, EnergyPart,
    EnergyRatios, Epoch, ErrorModel, Estimate, MAX_VARIANCE_POINTS, Optimiser, Paired, Parameter,
    Report, SCHEMA, SourceShare, Sweep, SweepPoint, VariancePoint, Variant,
};
pub use terminal::{summary_table, timing_table};
pub use timing::{Stage, Timing};
