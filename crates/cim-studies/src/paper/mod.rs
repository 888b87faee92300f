//! The main job: the system of Abbas et al. 2026, from device physics to MNIST accuracy.
//!
//! `run` goes through the stages: `train` is handed training images alone, `measure` gets the test set and
//! hands on numbers only, `outcome` makes the report of them. What is done with one network is in
//! `crate::method`.

mod measure;
mod outcome;
mod run;
mod sections;
mod spec;
mod study;
#[cfg(test)]
mod tests;
mod train;

pub use spec::{Spec, check_design};
pub use study::{INTERIOR, Paper};
