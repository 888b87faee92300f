//! What wires take from bit-sliced arrays, by where bits and inputs lie.

mod factors;
mod measured;
mod methods;
mod networks;
mod outcome;
mod spec;
mod stages;
mod study;
mod tables;

pub use study::Mdm;
