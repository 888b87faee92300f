//! Weights of binary networks that lie on cells encrypted, and are used as they lie there.
//!
//! An array holds `E = diag(s) W` with columns swapped and turned over by a key; drives, comparators and
//! multiplexers with the same key make its outputs those of `W`, bit by bit. Whoever reads the cells reads `E`.
//!
//! What it does not do is stated with the attacks of the study `encrypted-bnn`: the key is a mask that the same
//! network keeps for all inputs, so that whoever has `E` and knows what the network is for can search for it.
//!
//! Source: Rajendran, Deb and Chattopadhyay 2025, arXiv 2510.23034: row inversion, column swap. Column
//! inversion with its rule for ties, and the expansion of one word to keys of all layers, are ours.

mod expand;
mod gates;
mod key;
mod keyed;

pub use expand::Word;
pub use gates::Gates;
pub use key::{LayerKey, Method, Methods};
pub use keyed::Keyed;
