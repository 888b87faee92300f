//! The tasks of OpenMENA (Safa et al. 2025): digits and a robot on a small board without
//! differential pairs, programmed by VIPI, fine-tuned with the chip in the loop.

mod arena;
mod cells;
mod found;
mod layout;
mod outcome;
mod scores;
mod spec;
mod stages;
mod study;
mod two_layers;

pub use study::Openmena;
