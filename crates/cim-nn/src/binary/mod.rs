//! Binary networks in packed words: weights and activations of −1 and 1, sums in whole numbers, nothing rounded.

mod bits;
mod network;

pub use bits::Bits;
pub use network::{BinaryNetwork, Hidden, Last};
