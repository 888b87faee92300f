//! Membranes with reversal potentials: how exact, how fast and how near to their circuit training on a grid
//! of times is.

mod charts;
mod cost;
mod data;
mod frame;
mod judge;
mod learning;
mod measured;
mod outcome;
mod ratios;
mod spec;
mod stages;
mod study;
mod tables;

pub use study::Dstd;
