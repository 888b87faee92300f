//! Accuracy of phase-change memory over a year, and what compensation and fine-tuning keep of it.

mod measured;
mod outcome;
mod spec;
mod stages;
mod study;

pub use study::Pcm;
