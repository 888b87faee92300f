//! The report of a study: any experiment that is named numbers, charts and tables.
//!
//! Fill in a [`Study`]; [`write()`] makes the same files as for `cim reproduce`, one picture for
//! each [`Chart`].

mod chart;
mod content;
mod model;
mod terminal;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use super::page::Headline;
pub use content::write;
pub use model::{Chart, Line, Panel, Point, Reference, SCHEMA, Scale, Study, StudyTable};
pub use terminal::summary;
