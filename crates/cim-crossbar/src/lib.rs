//! Arrays of memristive cells: volts in, amperes and their noise out.
//!
//! A crossbar knows no bits.
#![doc = include_str!("../README.md")]

pub mod ambient;
pub mod crossbar;
pub mod error;
pub mod noise;
pub mod pwm;
pub mod readout;
pub mod solve;
pub mod state;
pub mod wires;

pub use ambient::Ambient;
pub use crossbar::Crossbar;
pub use error::CircuitError;
pub use readout::{Readout, Sensed};
pub use wires::Wires;
