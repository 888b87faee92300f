//! Networks as weights in safetensors and a list of layers in TOML.

mod build;
mod norm;
mod spec;
mod weights;

pub(crate) use build::read;
pub(crate) use weights::all_tensors;
pub use weights::tensors;
pub(crate) use weights::widened;
