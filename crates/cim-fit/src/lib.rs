//! Laws of memristive cells from measurements.
#![doc = include_str!("../README.md")]

mod ascent;
mod choose;
mod deviations;
mod episodes;
pub mod error;
pub mod fit;
pub mod fitted;
mod floor;
mod growing;
mod header;
mod held_out;
mod knots;
mod likelihood;
mod linear;
pub mod measurements;
mod moments;
mod observation;
pub mod report;
mod steps;
mod tails;
mod telegraph;
mod two_states;
mod usable;

pub use error::FitError;
pub use fit::fit;
pub use fitted::{Candidate, Choice, Compared, Deviations, Fitted, HeldOut, Parameter, Residual};
pub use measurements::Measurements;
pub use usable::Unusable;
