//! Memristive cells: conductance window, programming noise, read noise, current-voltage law.
//!
//! A device knows no wires, no codes and no weights.
#![doc = include_str!("../README.md")]

pub mod device;
pub mod error;
pub mod law;
pub mod models;
pub mod presets;
pub mod time;

pub use device::{Device, Moments, Window};
pub use error::DeviceError;
pub use law::{CurrentVoltage, Posynomial, PosynomialFit, SigmaLaw};
pub use models::{
    Gaussian, GaussianSpec, Ideal, NanosecondRead, Pcm, PcmSpec, Synaptogen, SynaptogenSpec,
};
pub use presets::{PRESETS, Preset, preset};
pub use time::FittedTimes;
