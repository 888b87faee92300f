//! The whole method on every published device of the catalogue.
//!
//! Networks are trained as numbers once and serve all devices; what knows the chip is trained for each.
//! Bench, training, choices and measurements are those of `crate::method`, as in the study of the paper.

mod charts;
mod findings;
mod on_device;
mod outcome;
mod spec;
mod stages;
mod study;
mod tables;
#[cfg(test)]
mod tests;

pub use study::Devices;
