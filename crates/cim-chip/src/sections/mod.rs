//! Sections of a specification: one type each, as written in a file, with what each key means, its
//! unit and its range. Studies compose them; [`ChipSpec`](crate::ChipSpec) turns them into parts.
//!
//! Every section has a `check` (or `build`) that names the key, the value and what can be, so that
//! every entry point refuses the same values in the same words.

pub mod calibration;
pub mod circuit;
pub mod clips;
pub mod compensation;
pub mod converters;
pub mod data;
pub mod device;
pub mod energy;
pub mod evaluation;
pub mod front_end;
pub mod gains;
pub mod keys;
pub mod mapping;
mod need;
pub mod network;
pub mod optimiser;
pub mod scaling;
pub mod tile;
pub mod training;
pub mod wires;

pub use calibration::CalibrationSpec;
pub use circuit::CircuitSpec;
pub use clips::ClipSpec;
pub use compensation::CompensationSpec;
pub use converters::ConverterSpec;
pub use data::DataSpec;
pub use device::DeviceSpec;
pub use energy::EnergySpec;
pub use evaluation::EvaluationSpec;
pub use front_end::FrontEnd;
pub use gains::GainSpec;
pub use mapping::MappingSpec;
pub use need::{
    listed, need, need_fraction, need_not_negative, need_positive, need_share_above_zero,
    need_swept, need_within,
};
pub use network::NetworkSpec;
pub use optimiser::OptimiserSpec;
pub use scaling::ScalingSpec;
pub use tile::TileSpec;
pub use training::{NoisySpec, Recipe};
pub use wires::Wires;
