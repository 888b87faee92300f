//! The main job: the system of Abbas et al. 2026, from device physics to MNIST accuracy.

mod model_check;
pub mod optimised;
mod outcome;
pub mod spec;
mod stages;

pub use stages::run;
