//! Vocabulary of analog compute-in-memory: quantities with units, randomness by address,
//! matrix products and tallies.
//!
//! This crate knows no physics beyond Ohm's law, opens no file and reads no clock.

pub mod constants;
pub mod elementary;
mod integer;
pub mod keys;
pub mod matmul;
pub mod stream;
pub mod tally;
pub mod units;
mod vectors;

pub use constants::{BOLTZMANN_J_K, ELEMENTARY_CHARGE_C};
pub use integer::{IntegerMatrix, LeftOut};
pub use keys::no_keys;
pub use matmul::{Exact, MatMul, Scratch};
pub use stream::{NormalRows, Stream};
pub use tally::Tally;
pub use units::{
    Amps, Coulombs, Farads, Hertz, Joules, Kelvin, Ohms, Seconds, Siemens, UnitError, Volts, Watts,
};
pub use vectors::vectors;

/// Tests the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
