//! Networks from other tools, read from ONNX or safetensors, whose products with constant weights
//! run on any [`MatMul`](cim_core::MatMul), analog or exact; all else runs in floating point.
//!
//! What is not known (an operator, an attribute, a type of data) is refused by name, never guessed.
//! This crate opens no file, reads no clock and draws no numbers.

mod data_type;
pub mod error;
mod files;
pub mod learnable;
pub mod limits;
pub mod network;
pub mod tensor;

mod attributes;
mod broadcast;
mod compile;
mod layers;
mod model;
mod onnx;
mod operator;
mod operators;
mod program;
mod sniff;
mod strided;

pub use data_type::DataType;
pub use error::GraphError;
pub use files::Files;
pub use layers::tensors;
pub use learnable::Learnable;
pub use limits::Limits;
pub use network::{Network, Port, Watch};
pub use operator::Product;
pub use operators::known_operators;
pub use program::{Placed, Placement};
pub use tensor::{Data, Tensor};

/// Tests the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
