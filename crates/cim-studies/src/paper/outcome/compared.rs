//! What is compared with what, as numbers: baselines, the full method against them, part by part.

use cim_report::Estimate;
use serde::Serialize;

use crate::shared::estimates::Ratio;

/// A baseline at a read voltage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Baseline {
    /// naive, percentile, mse_optimal, percentile_clip, calibrated_input_ranges, searched_window,
    /// training_alone; full and full_frugal beside them.
    pub name: String,
    /// `nominal`, or `optimised` for the voltage that the program chose.
    pub at: &'static str,
    /// Read voltage (V), mean over networks.
    pub read_voltage_v: f64,
    /// Fraction of the test set classified correctly.
    pub accuracy: Estimate,
    /// The same on the held-out images, where the row was judged on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holdout_accuracy: Option<f64>,
    /// Error of the logits against the same weights computed digitally, per unit signal power.
    pub output_mse: f64,
    /// Energy per inference (J).
    pub energy_j: f64,
    /// Energy per inference without the sense amplifiers (J).
    pub energy_without_sense_j: f64,
}

/// The full method against the strongest heuristic, at one read voltage and with the same front end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgainstHeuristic {
    /// `nominal` or `optimised`.
    pub at: &'static str,
    /// Its name.
    pub heuristic: String,
    /// Accuracy of the full method minus that of the heuristic.
    pub accuracy: Estimate,
    /// Part of the heuristic's output error that the full method removes.
    pub error_reduction: Estimate,
    /// Part of the heuristic's energy that the full method saves.
    pub energy_saved: Estimate,
    /// Part of it that the full method saves where it is only asked to be no less accurate on the
    /// held-out images.
    pub energy_saved_at_no_less_accuracy: Estimate,
    /// The same without the sense amplifiers of both.
    pub without_sense_saved_at_no_less_accuracy: Estimate,
    /// Accuracy of that design minus the heuristic's.
    pub accuracy_of_frugal: Estimate,
}

/// The full method against training through the chip without the program, for as long, at one read voltage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgainstTraining {
    /// `nominal` or `optimised`.
    pub at: &'static str,
    /// Accuracy of training alone.
    pub accuracy_alone: Estimate,
    /// Accuracy of the full method minus that.
    pub accuracy: Estimate,
    /// Part of the output error of training alone that the full method removes.
    pub error_reduction: Estimate,
    /// Part of its energy that the full method saves.
    pub energy_saved: Estimate,
}

/// The program alone against the heuristic that is best on the held-out images, at one resolution, on
/// networks that were trained as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ProgramAlone {
    /// ADC bits.
    pub bits: u32,
    /// Accuracy of the heuristic, at the nominal read voltage.
    pub heuristic: Estimate,
    /// Accuracy of the program, at the read voltage that it chose.
    pub program: Estimate,
    /// The latter minus the former.
    pub difference: Estimate,
    /// Part of what the heuristic is short of the better of the numbers that the program wins back; 1
    /// is all of it.
    pub recovered: Ratio,
}

/// What one part of the method earns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartRow {
    /// The part.
    pub name: String,
    /// Accuracy of the row: with this part alone, or without it.
    pub accuracy: Estimate,
    /// What the part earns: with it minus without it, all else equal.
    pub difference: Estimate,
}
