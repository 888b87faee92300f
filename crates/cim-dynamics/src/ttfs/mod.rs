//! Networks that answer by the first neuron to spike, trained through their own equations.

pub mod images;
pub mod network;
mod pass;
pub mod train;

pub use images::Images;
pub use network::{Network, Shape, Start};
pub use train::{Recipe, Score, TrainState, Trainer, score};
