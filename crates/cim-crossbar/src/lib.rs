//! Arrays of memristive cells: volts in, amperes and their noise out.
//!
//! A crossbar knows no bits.
#![doc = include_str!("../README.md")]

pub mod ambient;
pub mod amplifiers;
mod bend;
pub mod circuit;
pub mod crossbar;
mod drive;
pub mod error;
pub mod fields;
pub mod ladder;
mod layout;
pub mod noise;
pub mod program;
pub mod readout;
pub mod sensed;
pub mod solve;
pub mod spice;
pub mod state;
pub mod summary;
pub mod targets;
pub mod whole;
pub mod wired;
pub mod wires;

pub use ambient::Ambient;
pub use amplifiers::Amplifiers;
pub use circuit::{Bias, Circuit, Scheme, Terminals, implausible};
pub use crossbar::Crossbar;
pub use error::CircuitError;
pub use fields::Fields;
pub use ladder::Ladder;
pub use layout::Side;
pub use program::{Account, AnyProgrammer, Gdp, GdpSpec, ProductError, product_error};
pub use readout::Readout;
pub use sensed::Sensed;
pub use solve::nodal::Nodal;
pub use solve::solution::Solution;
pub use solve::transfer::Transfer;
pub use solve::vectors::Vectors;
pub use summary::Summary;
pub use targets::{WireTargets, wire_targets};
pub use whole::Steps;
pub use wired::Wired;
pub use wires::{Ends, Wires};
