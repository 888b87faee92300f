//! Learning in the log domain: a circuit that descends a gradient, against the steps that it stands for.

mod charts;
mod data;
mod layers;
mod measured;
mod outcome;
mod spec;
mod stages;
mod study;
mod tables;

pub use study::LogDomain;
