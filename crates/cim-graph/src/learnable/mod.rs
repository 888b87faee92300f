//! Networks as layers that can be learned, and what was learned as a file again.

mod constants;
mod fold;
mod layer;
mod nest;
mod network;
mod operators;
mod read;
mod reader;
mod values;
mod window;
mod written;

pub use layer::{Layer, Norm, Parameters, Sliding, Step};
pub use network::Learnable;
pub(crate) use written::Origin;
