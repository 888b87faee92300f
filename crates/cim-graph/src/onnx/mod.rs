//! ONNX files: bytes to messages, messages to a model.

mod initializer;
mod messages;
mod read;
mod wire;

pub(crate) use initializer::data_type;
pub(crate) use read::{read, read_tensor};
