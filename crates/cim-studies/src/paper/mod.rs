//! The main job: the system of Abbas et al. 2026, from device physics to MNIST accuracy.
//!
//! `run` goes through the stages: `train` and `choose` are handed training images alone, `measure` gets
//! the test set and hands on numbers only, `outcome` makes the report of them.

pub(crate) mod bench;
pub(crate) mod candidate;
pub(crate) mod choices;
pub(crate) mod choose;
pub(crate) mod measure;
pub(crate) mod method;
mod outcome;
mod run;
pub(crate) mod sections;
mod spec;
mod study;
#[cfg(test)]
mod tests;
pub(crate) mod train;

pub use spec::{Spec, check_design};
pub use study::Paper;
