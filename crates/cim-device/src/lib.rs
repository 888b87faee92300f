//! Memristive cells: conductance window, programming noise, read noise, current-voltage law.
//!
//! A device knows no wires, no codes and no weights.
#![doc = include_str!("../README.md")]

pub mod conduction;
pub mod device;
pub mod error;
pub mod law;
pub mod models;
pub mod nanosecond;
pub mod presets;

pub use conduction::{Conduction, Operating};
pub use device::{Device, Moments, Window};
pub use error::DeviceError;
pub use law::{CurrentVoltage, Posynomial, PosynomialFit, SigmaLaw};
pub use models::{Gaussian, GaussianSpec, Ideal};
pub use nanosecond::{NanosecondRead, PairNoise};
pub use presets::{PRESETS, Preset, preset};
