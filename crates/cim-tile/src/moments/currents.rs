//! Currents of a layer in front of its converters: all that full scales are chosen by.
//!
//! The errors of [`LayerErrors`](super::LayerErrors) without what converters make of them, which is most of
//! the work.

use cim_core::Tally;
use ndarray::{Array1, Array2, ArrayView2, s};

use super::exact::Exact;
use super::in_front::{InFront, SensedErrors};
use super::sums::{best_gain, mean_power, over_row_tiles};
use crate::calibration::Calibration;
use crate::error::TileError;
use crate::grid::{Blueprint, LayerDesign, Parts};
use crate::rows;

/// Currents of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerCurrents {
    /// Tiles, row tiles outermost.
    pub tiles: Vec<TileCurrents>,
    /// Current (A) of one output unit.
    pub amps_per_output: f64,
}

/// Currents of one tile.
#[derive(Clone, Debug, PartialEq)]
pub struct TileCurrents {
    /// Row tile and column tile.
    pub place: (usize, usize),
    /// What the outputs should be for the weights as programmed and the drives as converted, samples ×
    /// outputs (A).
    pub ideal_a: Array2<f64>,
    /// What the exact product is, samples × outputs (A).
    pub exact_a: Array2<f64>,
    /// What stands in front of the converters, one entry per phase of the drive.
    pub phases: Vec<SensedErrors>,
}

impl LayerCurrents {
    /// Currents of `weights` on `parts` under `design`, for the drives of `calibration`; full scales play
    /// no part.
    ///
    /// # Errors
    /// [`TileError`] for weights or parts that cannot be.
    pub fn of(
        parts: &Parts,
        design: &LayerDesign,
        weights: ArrayView2<'_, f32>,
        calibration: &Calibration,
    ) -> Result<Self, TileError> {
        let blueprint = Blueprint::of(parts, design, weights, &mut Tally::default())?;
        let column_tiles = parts.grid_shape(weights.nrows(), weights.ncols()).1;
        let tiles = blueprint.tiles().iter().enumerate().map(|(tile_idx, blueprint)| {
            let place = (tile_idx / column_tiles, tile_idx % column_tiles);
            let inputs = parts.block(place, weights.dim()).0;
            let rows = rows::of_inputs(parts.dac.polarity, inputs);
            let drive = calibration.drive.slice(s![.., rows]);
            let in_front = InFront::of(parts, design.drive_gain, blueprint, drive)?;
            let exact = Exact::of(parts, design, weights, calibration, place);
            let exact_a = exact.product();
            let mut ideal_a = Array2::zeros(exact_a.dim());
            let mut sigmas: Vec<_> = in_front.phases.iter().map(|of| of.ideal_a.clone()).collect();
            for sample in 0..drive.nrows() {
                for (phase, sigma_a) in in_front.phases.iter().zip(&mut sigmas) {
                    for (sensed, sense) in blueprint.plan.senses.iter().enumerate() {
                        let at = [sample, sensed];
                        sigma_a[at] = in_front.noise(phase, at).1;
                        let weight = phase.phase.factor * sense.weight as f64 / blueprint.scale;
                        let ideal = phase.ideal_a[at] - phase.zero_a[at];
                        ideal_a[[sample, sense.output]] += weight * ideal;
                    }
                }
            }
            ideal_a += &exact.constant_a(parts, &blueprint.plan);
            let phases = in_front.phases.into_iter().zip(sigmas);
            let phases = phases.map(|(of, sigma_a)| SensedErrors { ideal_a: of.ideal_a, sigma_a });
            Ok(TileCurrents { place, ideal_a, exact_a, phases: phases.collect() })
        });
        let tiles = tiles.collect::<Result<_, TileError>>()?;
        Ok(Self { tiles, amps_per_output: design.amps_per_output(parts) })
    }

    /// Mean squared error of each output, in squared output units, that no window, voltage or full scale
    /// changes: weights beyond the clip, rounding of weights and of inputs, together.
    pub fn fixed_error(&self) -> Array1<f64> {
        self.power(|tile| &tile.ideal_a - &tile.exact_a)
    }

    /// [`fixed_error`](Self::fixed_error) after the gain that the clip and the rounding of weights and
    /// inputs make on their own, which comes with it.
    pub fn fixed_error_after_gain(&self) -> (Array1<f64>, f64) {
        let sum = |f: fn(&TileCurrents) -> &Array2<f64>| {
            over_row_tiles(&self.tiles, |tile| tile.place.1, |tile| f(tile).clone())
        };
        let gain = best_gain(&sum(|tile| &tile.exact_a), &sum(|tile| &tile.ideal_a));
        let error = self.power(|tile| &tile.ideal_a - &(&tile.exact_a * gain));
        (error / (gain * gain), gain)
    }

    fn power(&self, f: impl Fn(&TileCurrents) -> Array2<f64>) -> Array1<f64> {
        let sum = over_row_tiles(&self.tiles, |tile| tile.place.1, f);
        mean_power(&sum) / self.amps_per_output.powi(2)
    }
}
