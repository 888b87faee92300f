//! Whole networks: against ONNX's own expectations, against other tools, and through their products.

#![expect(clippy::print_stdout, reason = "a test says what it counted and what it left out")]

mod build;
mod compare;
mod conformance;
mod learnable;
mod networks;
mod products;
mod refusals;
