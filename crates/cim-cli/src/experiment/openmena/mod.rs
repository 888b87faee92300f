//! The tasks of OpenMENA (Safa et al. 2025): digits and a robot on a small board without
//! differential pairs, programmed by VIPI, fine-tuned with the chip in the loop.

mod arena;
pub mod digits;
mod outcome;
pub mod spec;
mod stages;
mod two_layers;

pub use stages::run;
