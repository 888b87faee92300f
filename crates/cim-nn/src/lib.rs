//! Networks of operations for analog hardware: training, inference, checkpoints.
//!
//! This crate does not know that currents exist. It trains and infers against
//! [`cim_core::MatMul`] and is made robust to numbers: a sigma, a full scale, a count of levels.
#![doc = include_str!("../README.md")]

pub mod activation;
pub mod binary;
pub mod bounded;
mod carriers;
pub mod checkpoint;
pub mod components;
pub mod dataset;
pub mod error;
mod fold;
pub mod in_loop;
mod infer;
mod kernels;
pub mod network;
pub mod noise;
pub mod operations;
pub mod real;
pub mod recipe;
pub mod shape;
mod slopes;
pub mod spec;
pub mod teacher;
pub mod train;
mod train_state;
mod update;

pub use activation::NoiseAwareRelu;
pub use binary::{BinaryNetwork, Bits};
pub use bounded::{Bounds, LeastSquares, Logistic, Minimum, Smooth, minimise};
pub use components::Components;
pub use dataset::{Dataset, Labels};
pub use error::NetworkError;
pub use in_loop::{Carrier, Loss, Tuning};
pub use network::{Layer, Network, Product, accuracy};
pub use noise::{InputRange, LayerPath, Levels, WeightNoise, WeightValues};
pub use operations::{Operation, OperationSpec};
pub use recipe::{Optimiser, Recipe};
pub use shape::Shape;
pub use slopes::Felt;
pub use spec::{NetworkSpec, Outline};
pub use teacher::{Answers, Teacher};
pub use train::{EpochReport, Trainer};
pub use train_state::TrainState;
