//! The main job: the system of Abbas et al. 2026, from device physics to MNIST accuracy.

mod candidates;
mod fine_tuning;
mod outcome;
mod spec;
mod stages;
mod study;
mod sweeps;

pub use spec::{Spec, check_design};
pub use study::Paper;
