//! Writes that a network takes on too few crossbars, and how sorting and stucking lower them.

mod charts;
mod measured;
mod methods;
mod outcome;
mod spec;
mod stages;
mod study;
mod tables;

pub use study::Reprogramming;
