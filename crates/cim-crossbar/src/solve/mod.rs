//! Solvers: from conductances and wires to currents.

#[cfg(feature = "lapack")]
pub mod dense;
mod dissection;
mod ends;
pub mod iterative;
mod lines;
mod network;
pub mod newton;
pub mod nodal;
pub mod ohmic;
mod shorts;
pub mod solution;
pub mod transfer;
pub mod vectors;
