//! Operators by name. Each file has a table of those that it builds.

mod arithmetic;
mod cast;
mod conv;
mod create;
mod elementwise;
mod gather;
mod im2col;
mod image;
mod logic;
mod loss;
mod matmul;
mod movement;
mod normalise;
mod pool;
mod products;
mod quantised;
mod recurrent;
mod reduce;
mod resize;
mod scatter;
mod search;
mod select;
mod shape;
mod softmax;
mod table;

pub use table::known_operators;
pub(crate) use table::{Entry, find};
