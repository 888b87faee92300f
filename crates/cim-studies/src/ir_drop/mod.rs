//! Accuracy on resistive wires, and what can be done about it.

mod methods;
mod outcome;
mod spec;
mod stages;
mod study;

pub use study::IrDrop;
