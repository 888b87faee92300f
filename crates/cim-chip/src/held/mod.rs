//! Conductances measured on a real chip, in place of programming.

mod chip;
mod error;
mod hold;
mod order;
mod place;

pub use chip::{HeldChip, HeldTile};
pub use error::HeldError;
pub use place::TilePlace;
