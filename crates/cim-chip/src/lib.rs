//! A network on simulated chips: what it is made of, how it is mapped, optimised, trained for,
//! programmed and measured.
//!
//! This crate knows no file, no clock and no page, and not which study asks.
#![doc = include_str!("../README.md")]

pub mod sections;

mod anatomy;
mod answer;
mod around;
mod budget;
mod chip;
mod chips;
mod design;
mod effect;
mod error;
mod evaluate;
mod follow;
mod foreign;
mod held;
mod inputs;
mod intervals;
mod jacobian;
mod mapped;
mod model_check;
mod objective;
mod optimise;
mod pace;
mod path;
mod preset;
mod rank;
mod reference;
mod scaled;
mod scaled_path;
mod scaling;
mod sensitive;
mod task;
mod tunable;
mod turn;
mod world;
mod written;

pub use anatomy::{ProductAnatomy, anatomy};
pub use answer::{Answer, LayerAnswer, Source};
pub use around::{Ranges, Ranked, random_designs};
pub use budget::{Budget, EffectLoss, Ledger, budget, effects, evaluations};
pub use chip::ChipSpec;
pub use chips::{ChipBlueprint, Measured, accuracies, measure, program};
pub use design::{ChipDesign, check_layers, worst_case};
pub use effect::{Effect, FINEST_BITS};
pub use error::ChipError;
pub use evaluate::{Chips, Evaluated, Moment, evaluate, evaluate_held};
pub use follow::{Follow, Unfollowed};
pub use foreign::Foreign;
pub use held::{HeldChip, HeldError, HeldTile, TilePlace};
pub use inputs::LayerInputs;
pub use intervals::{Estimate, RatioEstimate, estimate, nested, nested_paired, paired, ratio};
pub use jacobian::{Sensitivities, sensitivities};
pub use mapped::Mapped;
pub use model_check::{ColumnVariance, ModelCheck, check as check_model};
pub use optimise::{
    Goal, Knobs, Optimised, Rules, SOFTENED, best_scalings, optimise, optimise_followed,
};
pub use pace::paces;
pub use preset::ChipPreset;
pub use rank::{RankEstimate, rank_correlation, rank_estimate};
pub use reference::Reference;
pub use scaled::Scaled;
pub use scaling::Scaling;
pub use sensitive::Sensitive;
pub use task::{Metric, Task, Truth};
pub use tunable::Tunable;
pub use world::same_world;
pub use written::WrittenDesign;

/// What designs are made of and measured with, so that this crate is enough to use it.
pub use {
    cim_adc::{FullScale, Polarity},
    cim_core::{MatMul, Scratch, Stream, Tally, units},
    cim_nn::{Dataset, Felt, Layer, LayerPath, Network, Product},
    cim_opt::InUse,
    cim_tile::{ColumnErrors, Grid, LayerDesign, LayerErrors, Paces, Parts, Targets},
};
