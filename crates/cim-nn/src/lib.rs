//! Noise-aware multilayer perceptrons: training, inference, checkpoints.
//!
//! This crate does not know that currents exist. It trains and infers against
//! [`cim_core::MatMul`] and is made robust to numbers: a sigma, a full scale, a count of levels.
#![doc = include_str!("../README.md")]

pub mod activation;
pub mod bounded;
pub mod checkpoint;
pub mod components;
pub mod dataset;
pub mod error;
pub mod in_loop;
mod kernels;
pub mod network;
pub mod noise;
mod pass;
pub mod recipe;
pub mod train;
mod update;

pub use activation::NoiseAwareRelu;
pub use bounded::{Bounds, LeastSquares, Logistic, Minimum, Smooth, minimise};
pub use components::Components;
pub use dataset::Dataset;
pub use error::NetworkError;
pub use in_loop::{Carrier, Loss, Tuning};
pub use network::{Layer, Network, accuracy};
pub use noise::{LayerPath, Levels, WeightNoise};
pub use recipe::{Optimiser, Recipe};
pub use train::{EpochReport, TrainState, Trainer};
