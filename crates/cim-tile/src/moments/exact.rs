//! What a tile is to compute, and what each step towards cells and drives changes of it.

use ndarray::{Array1, Array2, ArrayView2, Axis, CowArray, Ix2, s};

use crate::calibration::Calibration;
use crate::grid::{LayerDesign, Parts};
use crate::mapping::Plan;
use crate::rows;

/// What a tile is to compute exactly.
pub(super) struct Exact<'a> {
    /// Inputs over their limit, samples × rows.
    inputs: ArrayView2<'a, f64>,
    /// Weights, rows × outputs.
    weights: CowArray<'a, f32, Ix2>,
    /// Weight that stands for the whole window.
    clip: f64,
    /// Current (A) of one unit of weight at full drive.
    amps_per_weight: f64,
}

/// From the exact product to cells and drives, samples × outputs, and what is added to every output
/// (A).
pub(super) struct Steps {
    pub exact_a: Array2<f64>,
    pub weight_clip: Array2<f64>,
    pub weight_rounding: Array2<f64>,
    pub dac: Array2<f64>,
    pub constant_a: Array1<f64>,
}

impl<'a> Exact<'a> {
    /// What the tile at `place` is to compute of `weights` (inputs × outputs) for the inputs of
    /// `calibration`.
    pub fn of(
        parts: &Parts,
        design: &LayerDesign,
        weights: ArrayView2<'a, f32>,
        calibration: &'a Calibration,
        place: (usize, usize),
    ) -> Self {
        let polarity = parts.dac.polarity;
        let (inputs, cols) = parts.block(place, weights.dim());
        let block = weights.slice_move(s![inputs.clone(), cols]);
        Self {
            inputs: calibration.wanted.slice(s![.., rows::of_inputs(polarity, inputs)]),
            weights: rows::weights(polarity, block),
            clip: f64::from(design.weight_clip),
            amps_per_weight: design.amps_per_weight(parts),
        }
    }

    /// The exact product, samples × outputs (A).
    pub fn product(&self) -> Array2<f64> {
        self.amps(self.inputs, &self.weights.mapv(f64::from))
    }

    /// What is added to every output whatever the drive (A): the constant of the drive times the sum of
    /// the weights as programmed.
    pub fn constant_a(&self, parts: &Parts, plan: &Plan) -> Array1<f64> {
        self.constant_of(parts, &self.programmed(parts, plan))
    }

    /// The exact product and what each step towards cells and drives changes, in amperes: the clip,
    /// the rounding of weights, that of inputs; and what is added to every output.
    pub fn steps(&self, parts: &Parts, plan: &Plan, drive: ArrayView2<'_, f64>) -> Steps {
        let programmed = self.programmed(parts, plan);
        let exact = self.weights.mapv(f64::from);
        let clipped = exact.mapv(|w| w.clamp(-self.clip, self.clip));
        let converted = &drive - &self.inputs;
        Steps {
            exact_a: self.amps(self.inputs, &exact),
            weight_clip: self.amps(self.inputs, &(&clipped - &exact)),
            weight_rounding: self.amps(self.inputs, &(&programmed - &clipped)),
            dac: self.amps(converted.view(), &programmed),
            constant_a: self.constant_of(parts, &programmed),
        }
    }

    /// Weights as cells hold them, rows × outputs.
    fn programmed(&self, parts: &Parts, plan: &Plan) -> Array2<f64> {
        let unit = parts.mapping.unit() as f64;
        let level = self.clip / (f64::from(parts.mapping.top_weight()) * unit);
        plan.carried().mapv(|carried| carried as f64 * level)
    }

    fn constant_of(&self, parts: &Parts, programmed: &Array2<f64>) -> Array1<f64> {
        let constant = f64::from(parts.dac.polarity.constant()) * self.amps_per_weight;
        programmed.sum_axis(Axis(0)) * constant
    }

    fn amps(&self, inputs: ArrayView2<'_, f64>, weights: &Array2<f64>) -> Array2<f64> {
        inputs.dot(weights) * self.amps_per_weight
    }
}
