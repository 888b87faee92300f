//! The main job: the system of Abbas et al. 2026, from device physics to MNIST accuracy.

mod chips;
pub mod design;
mod model_check;
mod outcome;
pub mod spec;
mod stages;
mod training;

pub use stages::{Options, run};
