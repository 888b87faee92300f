//! What the experiment found, as numbers: the keys of `report.json` that only it has.

use cim_report::Estimate;
use serde::Serialize;

pub use super::compared::{AgainstHeuristic, AgainstTraining, Baseline, PartRow, ProgramAlone};
use crate::shared::epoch::Epoch;
pub use crate::shared::estimates::{Rank, Ratio};

/// Points that `variance_points` may hold at most, so that the picture stays small.
pub const MAX_VARIANCE_POINTS: usize = 600;

/// Every key that the report of this experiment has beside those of any report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Findings {
    /// Independently trained networks behind every figure.
    pub networks: usize,
    /// The networks computed digitally.
    pub digital: Digital,
    /// The digital networks after as many further epochs as the full method's, with its teacher and data.
    pub control: Control,
    /// From the naive mapping, first, to the full method, last.
    pub variants: Vec<Variant>,
    /// Accuracy that the naive mapping takes from the control, network by network; 0.01 is a point.
    pub naive_loss: Estimate,
    /// Part of the naive mapping's accuracy loss that the full method wins back, against the better of
    /// the digital network and the control; 1 is all of it.
    pub recovered_loss: f64,
    /// The same with its interval over networks.
    pub recovered_loss_estimate: Ratio,
    /// Part of the naive mapping's output error that the full method removes; 1 is all of it.
    pub mse_reduction: f64,
    /// The same with its interval over networks.
    pub mse_reduction_estimate: Estimate,
    /// Part of the naive mapping's energy that the full method saves, each at its own read voltage.
    pub energy_vs_naive: f64,
    /// The same with both at the full method's read voltage.
    pub energy_vs_naive_at_equal_voltage: Estimate,
    /// Naive, heuristics, training alone and the full method, each at two read voltages.
    pub baselines: Vec<Baseline>,
    /// The full method against the best heuristic, at either read voltage.
    pub against_heuristic: Vec<AgainstHeuristic>,
    /// The full method against training without the program, at either read voltage.
    pub against_training_alone: Vec<AgainstTraining>,
    /// The program alone against the best heuristic, without any training through the chip.
    pub program_alone: Vec<ProgramAlone>,
    /// What each part adds to nothing, with the short budget.
    pub add_one_in: Vec<PartRow>,
    /// What each part adds to all others, with the short budget.
    pub leave_one_out: Vec<PartRow>,
    /// What parts of the program add to what the best percentile does in their place, with the short budget.
    pub replaced: Vec<PartRow>,
    /// What was chosen on the held-out images.
    pub choices: Vec<Chosen>,
    /// Digital energy per inference over the full method's, for three baselines.
    pub energy_vs_digital: EnergyRatios,
    /// Accuracy at each ADC resolution.
    pub bits_sweep: Vec<BitsPoint>,
    /// What the optimiser chose for the first network, and how sure it is.
    pub optimiser: Optimiser,
    /// Spearman's rank correlation of the program's objective with the accuracy lost on the held-out
    /// images, over random designs of the first network.
    pub objective_rank_correlation: f64,
    /// The same with its interval over designs.
    pub objective_rank: Rank,
    /// The closed-form error model against Monte Carlo.
    pub error_model: ErrorModel,
    /// Differences between two variants over the same chips.
    pub paired: Vec<Paired>,
    /// Accuracy against programming noise, temperature, bandwidth.
    pub sweeps: Vec<Sweep>,
    /// Where each layer's error comes from.
    pub error_budget: Vec<Budget>,
    /// Predicted and measured variance of single columns, at most [`MAX_VARIANCE_POINTS`].
    pub variance_points: Vec<VariancePoint>,
    /// Where the energy of an inference goes.
    pub energy: Vec<EnergyBreakdown>,
}

/// The networks computed digitally.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Digital {
    /// Fraction of the test set classified correctly, mean over networks.
    pub accuracy: f64,
    /// The same with its interval over networks.
    pub estimate: Estimate,
    /// Training of the first network, epoch by epoch; its accuracy is on the held-out images.
    pub history: Vec<Epoch>,
}

/// Digital networks that trained as long as the full method.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Control {
    /// Fraction of the test set classified correctly, mean over networks.
    pub accuracy: f64,
    /// The same with its interval over networks.
    pub estimate: Estimate,
    /// Epochs beyond those of the digital networks.
    pub further_epochs: usize,
}

/// A choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chosen {
    /// Number of the network, from 0.
    pub network: usize,
    /// What was chosen.
    pub what: String,
    /// Which.
    pub chosen: String,
}

/// One row of the ablation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Variant {
    /// One of naive, window, full_scale, window_full_scale, relu, noise, full.
    pub name: String,
    /// Epochs of its networks beyond those of the digital ones.
    pub further_epochs: usize,
    /// Fraction of the test set classified correctly.
    pub accuracy: Estimate,
    /// Error of the logits against the same weights computed digitally, per unit signal power.
    pub output_mse: f64,
    /// Energy per inference (J).
    pub energy_j: f64,
    /// Fraction of ADC conversions that clipped.
    pub clipped_fraction: f64,
    /// Counts over all chips.
    pub tally: Counts,
}

/// Counts of what happened in the datapath.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Samples sent through a DAC.
    pub dac_conversions: u64,
    /// Samples that lay outside the DAC's range and were clipped to it.
    pub dac_clips: u64,
    /// Samples sent through an ADC.
    pub adc_conversions: u64,
    /// Samples that lay outside the ADC's full scale and were clipped to it.
    pub adc_clips: u64,
    /// Cells that were programmed.
    pub cells_programmed: u64,
    /// Cells whose programmed conductance left the device's window by error.
    pub cells_outside_window: u64,
    /// Cells whose programming error would have made the conductance negative; they hold 0 S.
    pub cells_at_zero: u64,
    /// Weights that exceeded the weight clip and were stored as the largest level.
    pub weights_clipped: u64,
}

/// Digital energy over analog energy; larger is better for analog.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EnergyRatios {
    /// Against multiply-accumulates alone, weights for free.
    pub mac_only: f64,
    /// Against multiply-accumulates and weights read from an 8 KB SRAM.
    pub sram_8kb: f64,
    /// Against multiply-accumulates and weights read from a 1 MB SRAM.
    pub sram_1mb: f64,
}

/// Accuracy at one ADC resolution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BitsPoint {
    /// ADC bits.
    pub bits: u32,
    /// Naive mapping.
    pub naive: Estimate,
    /// Full method.
    pub full: Estimate,
    /// Networks whose learned full scales were better on the held-out images than programmed ones.
    pub learned_full_scales: usize,
}

/// What the optimiser chose and how sure it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Optimiser {
    /// Relative duality gap of the optimum, recomputed from the data.
    pub gap: f64,
    /// The design in use, which gives error for energy and may have learned full scales, against the
    /// proven bound.
    pub in_use: PointInUse,
    /// Smallest conductance chosen (S).
    pub g_min_s: f64,
    /// Largest conductance chosen (S).
    pub g_max_s: f64,
    /// ADC full scale of each tile (A).
    pub full_scale_a: Vec<f64>,
    /// Smallest conductance the device offers (S).
    pub g_off_s: f64,
    /// Largest conductance the device offers (S).
    pub g_on_s: f64,
    /// Read voltage (V).
    pub read_voltage_v: f64,
    /// Weight clip of each layer, as a fraction of its largest weight.
    pub weight_clip: Vec<f64>,
    /// Objective of the fast path over the conic optimum, minus 1.
    pub fast_objective_gap: f64,
    /// Whether the ceiling of the full scale bound and was tightened for a second solve.
    pub ceiling_tightened: bool,
}

/// The point in use against the bound of the optimum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PointInUse {
    /// `(objective − bound) / objective`: no design of the program's problem has less error than the bound.
    pub gap: f64,
    /// The program's objective there.
    pub objective: f64,
    /// The proven bound.
    pub bound: f64,
    /// Smallest conductance in use (S).
    pub g_min_s: f64,
    /// Largest conductance in use (S).
    pub g_max_s: f64,
    /// Read voltage in use (V).
    pub read_voltage_v: f64,
}

/// The closed-form variance over the one measured by Monte Carlo, per column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ErrorModel {
    /// Mean of the ratio.
    pub variance_ratio_mean: f64,
    /// 5th percentile of the ratio.
    pub variance_ratio_p05: f64,
    /// 95th percentile of the ratio.
    pub variance_ratio_p95: f64,
    /// Fraction of errors inside the predicted 95 % interval.
    pub coverage95: f64,
}

/// Accuracy of variant `a` minus that of variant `b`, chip by chip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Paired {
    /// Name of the first variant.
    pub a: String,
    /// Name of the second variant, or `digital`.
    pub b: String,
    /// Accuracy of `a` minus accuracy of `b`.
    pub difference: Estimate,
}

/// Accuracy against one physical parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sweep {
    /// Short name that also names the picture's file: letters, digits, `_`.
    pub name: String,
    /// Unit of `x`, as printed on the axis.
    pub unit: String,
    /// What `x` is, as printed on the axis.
    pub label: String,
    /// Points in ascending `x`.
    pub points: Vec<SweepPoint>,
}

/// One point of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SweepPoint {
    /// Value of the swept parameter, in the sweep's unit.
    pub x: f64,
    /// Naive mapping.
    pub naive: Estimate,
    /// Full method.
    pub full: Estimate,
}

/// How an inference is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Design {
    /// Naive analog mapping.
    #[serde(rename = "naive")]
    Naive,
    /// Full method.
    #[serde(rename = "full")]
    Full,
    /// Digital, multiply-accumulates alone.
    #[serde(rename = "digital mac_only")]
    DigitalMacOnly,
    /// Digital, weights from an 8 KB SRAM.
    #[serde(rename = "digital sram_8kb")]
    DigitalSram8Kb,
    /// Digital, weights from a 1 MB SRAM.
    #[serde(rename = "digital sram_1mb")]
    DigitalSram1Mb,
}

/// Error of one layer by source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Budget {
    /// Number of the layer, from 1.
    pub layer: usize,
    /// Naive or full.
    pub design: Design,
    /// Sources, in the same order everywhere.
    pub sources: Vec<SourceShare>,
}

/// One source of error.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceShare {
    /// thermal, shot, programming, read, quantisation, clipping, …
    pub source: String,
    /// Variance per unit signal power of the layer's output.
    pub share_of_signal: f64,
}

/// Variance of one column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct VariancePoint {
    /// Number of the layer, from 1.
    pub layer: usize,
    /// Number of the tile in its layer, from 0.
    pub tile: usize,
    /// Number of the output column in its tile, from 0.
    pub column: usize,
    /// Closed form (A²).
    pub predicted: f64,
    /// Monte Carlo (A²).
    pub measured: f64,
}

/// Energy of one inference, by part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EnergyBreakdown {
    /// Whose energy it is.
    pub design: Design,
    /// Parts; they add up to the whole.
    pub parts: Vec<EnergyPart>,
}

/// One part of the energy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EnergyPart {
    /// array, dac, adc, digital, mac, sram, …
    pub part: String,
    /// Energy per inference (J).
    pub joules: f64,
}

impl EnergyBreakdown {
    /// Energy of one inference (J).
    pub fn total_j(&self) -> f64 {
        self.parts.iter().map(|part| part.joules).sum()
    }
}

impl Findings {
    /// The full method against training alone at the read voltage that the program chose.
    pub fn training_alone(&self) -> &AgainstTraining {
        let found = self.against_training_alone.iter().find(|one| one.at == "optimised");
        found.expect("both voltages are measured")
    }

    /// The naive mapping.
    pub fn naive(&self) -> &Variant {
        &self.variants[0]
    }

    /// The full method.
    pub fn full(&self) -> &Variant {
        &self.variants[self.variants.len() - 1]
    }
}

impl Budget {
    /// Variance of all sources per unit signal power.
    pub fn total(&self) -> f64 {
        self.sources.iter().map(|source| source.share_of_signal).sum()
    }
}

/// Name of a variant as a reader wants it.
pub fn variant_label(name: &str) -> &str {
    match name {
        "full_scale" => "full scale",
        "window_full_scale" => "window + full scale",
        "relu" => "noise-aware ReLU",
        "noise" => "noise injection",
        "full" => "full method",
        "full_frugal" => "full method, frugal",
        "read_voltage" => "read voltage",
        "clip" => "weight clip",
        "learned_full_scale" => "learned full scale",
        "mse_optimal" => "full scale of least squared error",
        "percentile" => "full scale at a percentile",
        "percentile_clip" => "full scale and weights at percentiles",
        "calibrated_input_ranges" => "the same with input ranges at a percentile",
        "searched_window" => "percentiles and window searched",
        "training_alone" => "training alone",
        other => other,
    }
}

impl Design {
    /// Its name as a reader wants it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Full => "full method",
            Self::DigitalMacOnly => "digital, MAC only",
            Self::DigitalSram8Kb => "digital, 8 KB SRAM",
            Self::DigitalSram1Mb => "digital, 1 MB SRAM",
        }
    }
}
