//! Circuits in time: membranes with reversal potentials, spiking layers, learning in the log domain.
//!
//! What has a closed form is solved by it; an independent integrator is the oracle. This crate knows units,
//! addressed randomness and the matrix product of `cim-core`, and no file, clock or page.

pub mod adam;
pub mod error;
pub mod log_domain;
pub mod membrane;
pub mod runge_kutta;
pub mod spiking;
pub mod ttfs;

pub use error::DynamicsError;
pub use membrane::{Membrane, MembraneSpec};

/// Tests the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
