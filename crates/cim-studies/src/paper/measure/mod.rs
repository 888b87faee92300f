//! Measurements on the test set, all of them, after everything is chosen.

pub mod model;
pub mod sweeps;
pub mod table;
