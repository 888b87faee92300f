//! Tiles: weights mapped onto crossbars, the converter datapath, closed-form error moments, energy.
//!
//! A [`Grid`] carries a weight matrix on tiles and is a [`cim_core::MatMul`], which is all that a
//! network knows.
#![doc = include_str!("../README.md")]

pub mod board;
pub mod calibration;
pub mod drift;
mod driven;
pub mod encryption;
pub mod energy;
pub mod error;
pub mod front_end;
pub mod full_scale;
pub mod gains;
pub mod grid;
mod held;
pub mod mapping;
pub mod moments;
pub mod nonideality;
pub mod path;
pub mod placement;
mod product;
pub mod pulsed;
pub mod pwm;
pub mod quantize;
pub mod reprogram;
pub mod rows;
pub mod support;
pub mod ticks;
pub mod tile;

pub use board::{Board, BoardRead, BoardSpec, CountScale, HeldCells};
pub use calibration::Calibration;
pub use drift::Strengths;
pub use energy::{EnergyParts, EnergySpec};
pub use error::TileError;
pub use front_end::{ColumnCalibration, Drivers, FrontEnd};
pub use gains::{Calibrated, ColumnGains, Fit, GainCalibration};
pub use grid::{Blueprint, Grid, LayerDesign, Parts, Targets};
pub use mapping::{
    BitSlicedDifferential, Differential, LOW_BIT, LayerSplits, LoneColumn, LowBit, Mapping,
    MappingError, MappingSpec, OffsetBinary, OffsetColumn, Plan, Sense, Split, SplitDifferential,
    TwoArrays, TwosComplement,
};
pub use moments::{ColumnErrors, LayerCurrents, LayerErrors};
pub use path::StoredVariance;
pub use pulsed::{PulsedDesign, PulsedSpec, PulsedTile};
pub use tile::{Paces, Seen, Tile};
