//! Accuracy of phase-change memory over a year, and what compensation and fine-tuning keep of it.

mod outcome;
pub mod spec;
mod stages;

pub use stages::run;
