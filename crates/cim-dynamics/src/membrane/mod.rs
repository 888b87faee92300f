//! Membranes with reversal potentials: exact, by scan, on a grid of times, and the whole circuit.

pub mod circuit;
pub mod compare;
pub mod dstd;
pub mod equivalent;
pub mod exact;
mod interval;
pub mod netlist;
pub mod scan;
mod spec;

pub use spec::{Membrane, MembraneSpec};
