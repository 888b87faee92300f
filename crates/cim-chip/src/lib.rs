//! A network on simulated chips: what it is made of, how it is mapped, optimised, trained for,
//! programmed and measured.
//!
//! This crate knows no file, no clock and no page, and not which study asks.
#![doc = include_str!("../README.md")]

pub mod sections;

mod around;
mod chip;
mod chips;
mod design;
mod error;
mod inputs;
mod intervals;
mod jacobian;
mod model_check;
mod optimise;
mod path;
mod rank;
mod turn;
mod world;

pub use around::{Ranges, Ranked, random_designs};
pub use chip::ChipSpec;
pub use chips::{ChipBlueprint, Measured, measure, program};
pub use design::{ChipDesign, worst_case};
pub use error::ChipError;
pub use inputs::LayerInputs;
pub use intervals::{Estimate, RatioEstimate, estimate, nested, nested_paired, paired, ratio};
pub use jacobian::sensitivities;
pub use model_check::{ColumnVariance, ModelCheck, check as check_model};
pub use optimise::{Goal, Knobs, Optimised, Rules, optimise};
pub use rank::rank_correlation;
pub use world::same_world;

/// What designs are made of and measured with, so that this crate is enough to use it.
pub use {
    cim_adc::FullScale,
    cim_core::{MatMul, Scratch, Stream, Tally, units},
    cim_nn::{Dataset, Felt, Layer, LayerPath, Network, Product},
    cim_opt::InUse,
    cim_tile::{Grid, LayerDesign, LayerErrors, Parts, Targets},
};
