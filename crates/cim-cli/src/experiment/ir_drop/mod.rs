//! Accuracy on resistive wires, and what can be done about it.

mod outcome;
pub mod spec;
mod stages;

pub use stages::run;
