//! Solvers: from conductances and wires to currents.

#[cfg(feature = "lapack")]
pub mod dense;
pub mod ohmic;
