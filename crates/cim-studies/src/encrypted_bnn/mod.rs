//! A binary network whose weights lie encrypted on their cells, what that protects from, and what breaks it.

mod attack;
mod attacked;
mod charts;
mod chips;
mod keys;
mod learned;
mod locked;
mod measured;
mod outcome;
mod spec;
mod stages;
mod study;
mod tables;
mod without_cells;

pub use study::EncryptedBnn;
