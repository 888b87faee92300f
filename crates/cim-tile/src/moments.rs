//! Closed-form error model: mean and variance of every output, source by source.
//!
//! Nothing is drawn here. Programming, thermal and shot noise, rounding and clipping are exact for
//! the models of `cim-device`, `cim-crossbar` and `cim-adc` as long as the current in front of a
//! converter is Gaussian, which many cells make it. Read noise is that of the targets: first order
//! in the programming error.
//!
//! What the front end adds is exact to first order in its own errors, and in those that meet it: the
//! offset of an amplifier stands against the conductances that the cells were found with.
//!
//! With wires, means are those of the array solved at the mean conductances, and a programming error
//! reaches every current by the product of two fields, first order in it: the drive's and that of
//! what is sensed. Noise is taken as `cim_crossbar::Wired` has it.
//!
//! Errors that several currents of an output share (a column that two of them subtract, cells
//! that both phases see through the wires) add up as they do in the sum. The same errors in
//! *different* outputs (a column that all subtract) leave the variance of each what it is; that
//! they are correlated is not in these figures. The datapath itself may join read and shot noise within 1 % of the
//! variance at full drive, see `cim_crossbar::Readout::driven_within`.
//!
//! Source: error terms of a differential column as in `docs/model.md`, *Error model*.

mod analog;
mod column;
mod converted;
mod currents;
mod exact;
mod front_end;
mod in_front;
mod sums;
mod thresholds;
mod tile;

use cim_core::Tally;
use ndarray::{Array, Array1, Array2, ArrayView1, ArrayView2, Axis, Dimension, RemoveAxis, s};

pub use column::ColumnErrors;
pub use currents::{LayerCurrents, TileCurrents};
use exact::Exact;
pub use in_front::SensedErrors;
use sums::{best_gain, mean_power, over_row_tiles};
pub use tile::{Shifts, TileErrors};

use crate::calibration::Calibration;
use crate::error::TileError;
use crate::grid::{Blueprint, LayerDesign, Parts};
use crate::rows;

/// Errors of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerErrors {
    /// Tiles, row tiles outermost.
    pub tiles: Vec<TileErrors>,
    /// Current (A) of one output unit.
    pub amps_per_output: f64,
}

impl LayerErrors {
    /// Closed-form errors of `weights` on `parts` under `design`, for the drives of `calibration`.
    ///
    /// # Errors
    /// [`TileError`] for weights or parts that cannot be.
    pub fn of(
        parts: &Parts,
        design: &LayerDesign,
        weights: ArrayView2<'_, f32>,
        calibration: &Calibration,
    ) -> Result<Self, TileError> {
        let full_scales = design.full_scales_of_tiles(parts, weights.dim())?;
        let groups = parts.mapping.full_scale_groups();
        let blueprint = Blueprint::of(parts, design, weights, &mut Tally::default())?;
        let column_tiles = parts.grid_shape(weights.nrows(), weights.ncols()).1;
        let of = blueprint.tiles().iter().zip(full_scales.chunks_exact(groups)).enumerate();
        let tiles = of.map(|(tile_idx, (blueprint, full_scales))| {
            let place = (tile_idx / column_tiles, tile_idx % column_tiles);
            let inputs = parts.block(place, weights.dim()).0;
            let rows = rows::of_inputs(parts.dac.polarity, inputs);
            let drive = calibration.drive.slice(s![.., rows]);
            let exact = Exact::of(parts, design, weights, calibration, place);
            tile::errors(parts, design.drive_gain, place, full_scales, blueprint, drive, &exact)
        });
        let tiles = tiles.collect::<Result<_, _>>()?;
        Ok(Self { tiles, amps_per_output: design.amps_per_output(parts) })
    }

    /// The same where every output is multiplied by a factor of its own behind the converters: what stands in front of
    /// them stays.
    ///
    /// # Panics
    /// If there is not a factor for each output.
    #[must_use]
    pub fn behind(mut self, factors: ArrayView1<'_, f32>) -> Self {
        let widths = self.tiles.iter().filter(|tile| tile.place.0 == 0);
        let firsts: Vec<usize> = widths
            .scan(0, |next, tile| {
                let first = *next;
                *next += tile.columns.len();
                Some(first)
            })
            .collect();
        for tile in &mut self.tiles {
            let first = firsts[tile.place.1];
            let own = factors.slice(s![first..first + tile.columns.len()]).mapv(f64::from);
            tile.multiply(&own);
        }
        self
    }

    /// Variance of each output in squared output units, averaged over samples: its own tiles only.
    pub fn output_variance(&self) -> Array1<f64> {
        self.sum_over_row_tiles(|tile| tile.variance.mean_axis(Axis(0)).expect("samples"))
            / self.amps_per_output.powi(2)
    }

    /// Mean squared error of each output against the exact product, in squared output units,
    /// averaged over samples. Mean errors of all sources and row tiles are added before squaring.
    pub fn output_error(&self) -> Array1<f64> {
        self.output_variance() + self.power(|tile| &tile.mean_a - &tile.exact_a)
    }

    /// Mean power of each output of the exact product, in squared output units.
    pub fn output_power(&self) -> Array1<f64> {
        self.power(|tile| tile.exact_a.clone())
    }

    /// Gain by which what the layer gives on average is nearest to the exact product, one for all
    /// outputs: below 1 where clips take away from large values. 1 of a layer without signal.
    pub fn gain(&self) -> f64 {
        self.best_gain(|tile| &tile.mean_a)
    }

    /// [`output_error`](Self::output_error) against the product times [`gain`](Self::gain), in
    /// units of what the gain leaves of an output: what matters where a factor that all outputs
    /// share changes no answer.
    pub fn output_error_after_gain(&self) -> Array1<f64> {
        let gain = self.gain();
        let shift = self.power(|tile| &tile.mean_a - &(&tile.exact_a * gain));
        (self.output_variance() + shift) / (gain * gain)
    }

    /// Mean of what the layer gives, samples × outputs, in output units.
    pub fn mean_output(&self) -> Array2<f64> {
        self.sum_over_row_tiles(|tile| tile.mean_a.clone()) / self.amps_per_output
    }

    fn best_gain(&self, f: impl Fn(&TileErrors) -> &Array2<f64>) -> f64 {
        let exact = self.sum_over_row_tiles(|tile| tile.exact_a.clone());
        best_gain(&exact, &self.sum_over_row_tiles(|tile| f(tile).clone()))
    }

    /// [`output_error`](Self::output_error) of all outputs per unit of the power of the exact
    /// product; 0 of a layer without signal and error.
    pub fn relative_error(&self) -> f64 {
        self.output_error().sum() / self.output_power().sum().max(f64::MIN_POSITIVE)
    }

    /// Errors of all outputs by source, per unit of the power of the exact product.
    ///
    /// Mean errors of one source add up over row tiles before they are squared; sources are squared
    /// each on its own, so that their sum is not [`relative_error`](Self::relative_error) where two
    /// of them pull the same way, as clips of weights and of converters do.
    pub fn shares(&self) -> ColumnErrors {
        let mut sum = ColumnErrors::default();
        for tile in &self.tiles {
            for column in &tile.columns {
                sum.add_scaled(column, 1.0);
            }
        }
        let means = |f: fn(&TileErrors) -> &Array2<f64>| {
            let apart: f64 = self.tiles.iter().map(|tile| mean_square(f(tile).view())).sum();
            mean_square(self.sum_over_row_tiles(|tile| f(tile).clone()).view()) - apart
        };
        sum.distortion += means(|tile| &tile.shifts.distortion);
        sum.clipping += means(|tile| &tile.shifts.clipping);
        sum.weight_clip += means(|tile| &tile.shifts.weight_clip);
        sum.weight_rounding += means(|tile| &tile.shifts.weight_rounding);
        sum.dac += means(|tile| &tile.shifts.dac);
        sum.signal += means(|tile| &tile.exact_a);
        // Nothing but rounding takes a sum of squares below zero.
        for source in [
            &mut sum.distortion,
            &mut sum.clipping,
            &mut sum.weight_clip,
            &mut sum.weight_rounding,
            &mut sum.dac,
        ] {
            *source = source.max(0.0);
        }
        let mut shares = ColumnErrors::default();
        shares.add_scaled(&sum, 1.0 / sum.signal.max(f64::MIN_POSITIVE));
        shares
    }

    /// Mean over samples of the square of what the row tiles add up to, in squared output units.
    fn power(&self, f: impl Fn(&TileErrors) -> Array2<f64>) -> Array1<f64> {
        mean_power(&self.sum_over_row_tiles(f)) / self.amps_per_output.powi(2)
    }

    fn sum_over_row_tiles<D: Dimension + RemoveAxis>(
        &self,
        f: impl Fn(&TileErrors) -> Array<f64, D>,
    ) -> Array<f64, D> {
        over_row_tiles(&self.tiles, |tile| tile.place.1, f)
    }
}

/// Sum over outputs of the mean square over samples (samples × outputs).
fn mean_square(values: ArrayView2<'_, f64>) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>() / values.nrows().max(1) as f64
}
