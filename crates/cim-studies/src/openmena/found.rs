//! What is compared, and what was found of it.

use cim_core::Tally;
use cim_nn::Minimum;
use ndarray::{Array1, Array2};

use super::arena::Episode;
use super::two_layers::{Accuracies, TwoLayers};

/// What of a programmed chip is trained afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Name in reports.
    pub name: &'static str,
    /// Name in figures.
    pub key: &'static str,
    /// What is trained.
    pub tuned: Tuned,
}

/// What is trained behind a programmed chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tuned {
    /// Nothing.
    Nothing,
    /// The digital bias of every column.
    Bias,
    /// The bias, and a digital layer behind the columns that begins as the identity.
    LastLayer,
}

/// What is compared, in this order.
pub const VARIANTS: [Variant; 3] = [
    Variant { name: "programmed", key: "programmed", tuned: Tuned::Nothing },
    Variant { name: "bias fine-tuned", key: "bias", tuned: Tuned::Bias },
    Variant { name: "last layer fine-tuned", key: "last_layer", tuned: Tuned::LastLayer },
];

/// Weights (counts) and bias of one output, and its fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub weights: Array1<f64>,
    pub bias: f64,
    pub fit: Minimum,
}

/// What is put on chips.
pub struct Networks {
    /// Bias in logits.
    pub digit: Column,
    /// Bias in commands.
    pub wheels: [Column; 2],
    /// Command of one count.
    pub command_per_count: f64,
    /// What fine-tuning of the robot sees: inputs and commands.
    pub lessons: (Array2<f32>, Array2<f32>),
    /// Collisions per hundred lessons of the disturbed teacher itself.
    pub teacher: f64,
    pub two_layers: TwoLayers,
}

/// What one chip did.
#[derive(Clone, Debug)]
pub struct Chip {
    /// Test accuracy at a probability of one half, by variant.
    pub accuracy: [f64; VARIANTS.len()],
    /// Test accuracy at the best threshold there is, by variant.
    pub best: [f64; VARIANTS.len()],
    /// Test accuracy at each decision threshold, by variant.
    pub curve: [Vec<f64>; VARIANTS.len()],
    /// Test accuracy of the network of two layers, by way of programming it.
    pub two_layers: Accuracies,
    /// Collisions per hundred episodes, by variant.
    pub collisions: [f64; VARIANTS.len()],
    /// The same of the digital robot from the same starts.
    pub ideal_collisions: f64,
    /// Programming error of the cells in use, rms (counts).
    pub rms_counts: f64,
    /// What pulses came to, where cells are written by them.
    pub pulsed: Option<Pulsed>,
    /// Episodes of the ideal robot and of the variants, where they were asked for.
    pub episodes: Vec<Vec<Episode>>,
    pub tally: Tally,
}

/// What pulses came to, of a cell in use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pulsed {
    /// Share of cells that ended in the dead zone, and that did not move.
    pub in_band: f64,
    pub stuck: f64,
    /// Pulses, energy (J) and time (s) of a cell.
    pub pulses: f64,
    pub energy_j: f64,
    pub time_s: f64,
}

/// Accuracy of the digital digits, with their weights as fitted and as whole counts.
pub struct Software {
    pub train: f64,
    pub test: f64,
    pub rounded: f64,
    /// Of the test set, at the best threshold there is.
    pub best: f64,
}
