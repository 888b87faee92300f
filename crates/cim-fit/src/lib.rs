//! Laws of memristive cells from measurements.
#![doc = include_str!("../README.md")]

pub mod error;
mod header;
pub mod measurements;
mod usable;
mod episodes;
mod knots;
mod observation;
mod moments;
mod linear;
mod likelihood;
mod held_out;
mod choose;
mod tails;
mod steps;
pub mod fitted;
pub mod fit;

pub use error::FitError;
pub use fit::fit;
pub use fitted::{Candidate, Choice, Compared, Fitted, HeldOut, Parameter};
pub use measurements::Measurements;
pub use usable::Unusable;
