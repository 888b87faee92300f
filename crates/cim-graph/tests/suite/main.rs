//! Whole networks: against ONNX's own expectations, against other tools, and through their products.

mod build;
mod compare;
mod conformance;
mod networks;
mod products;
mod refusals;
