//! Attackers: what they have, and what they make of it.
//!
//! All of them hold a copy of the cells, thresholds and factors, and know what the network is for and which
//! methods encrypt it. They run what they hold with keys that they guess, on computers of their own.

mod backward;
mod fit;
mod hill_climb;
mod rows;
mod target;

pub use fit::{Fit, fit};
pub use hill_climb::hill_climb;
pub use rows::{alike_rows, constant_pixels};
pub use target::{Guess, Target, right_bits};
