//! What the experiment found, as numbers: the keys of `report.json` that only it has.

use cim_report::Estimate;
use serde::Serialize;

use crate::shared::epoch::Epoch;

/// Points that `variance_points` may hold at most, so that the picture stays small.
pub const MAX_VARIANCE_POINTS: usize = 600;

/// Every key that the report of this experiment has beside those of any report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Findings {
    /// The network computed digitally.
    pub digital: Digital,
    /// The ablation, naive first, full last.
    pub variants: Vec<Variant>,
    /// Part of the naive mapping's accuracy loss that the full method wins back; 1 is all of it.
    pub recovered_loss: f64,
    /// Part of the naive mapping's output error that the full method removes; 1 is all of it.
    pub mse_reduction: f64,
    /// Part of the naive mapping's energy saved at no less accuracy than the full method's row.
    pub energy_vs_naive: f64,
    /// Digital energy per inference over the full method's, for three baselines.
    pub energy_vs_digital: EnergyRatios,
    /// Accuracy at each ADC resolution.
    pub bits_sweep: Vec<BitsPoint>,
    /// What the optimiser chose and how sure it is.
    pub optimiser: Optimiser,
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

/// The network computed digitally.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Digital {
    /// Fraction of the test set classified correctly.
    pub accuracy: f64,
    /// Training, epoch by epoch.
    pub history: Vec<Epoch>,
}

/// One row of the ablation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Variant {
    /// One of naive, window, full_scale, window_full_scale, relu, noise, full.
    pub name: String,
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
}

/// What the optimiser chose and how sure it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Optimiser {
    /// Relative duality gap, recomputed from the data.
    pub gap: f64,
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
    /// Objective of the microsecond path over the conic optimum, minus 1.
    pub fast_objective_gap: f64,
    /// Whether the ceiling of the full scale bound and was tightened for a second solve.
    pub ceiling_tightened: bool,
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
