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
mod front_end;
mod thresholds;
mod tile;

use cim_core::Tally;
pub use column::ColumnErrors;
use ndarray::{Array1, ArrayView2, s};
pub use tile::{SensedErrors, TileErrors};

use crate::calibration::Calibration;
use crate::error::TileError;
use crate::grid::{Blueprint, LayerDesign, Parts};

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
            let rows = parts.block(place, weights.dim()).0;
            let drive = calibration.drive.slice(s![.., rows]);
            tile::errors(parts, design.drive_gain, place, full_scales, blueprint, drive)
        });
        let tiles = tiles.collect::<Result<_, _>>()?;
        Ok(Self { tiles, amps_per_output: design.amps_per_output(parts) })
    }

    /// Variance of each output in squared output units, averaged over samples: its own tiles only.
    pub fn output_variance(&self) -> Array1<f64> {
        self.sum_over_row_tiles(|tile| tile.variance.mean_axis(ndarray::Axis(0)).expect("samples"))
            / self.amps_per_output.powi(2)
    }

    /// Mean squared error of each output in squared output units, averaged over samples, with the
    /// mean errors of the row tiles added before squaring.
    pub fn output_error(&self) -> Array1<f64> {
        let shift = self.sum_over_row_tiles(|tile| &tile.mean_a - &tile.ideal_a);
        let power = shift.mapv(|e| e * e).mean_axis(ndarray::Axis(0)).expect("samples");
        self.output_variance() + power / self.amps_per_output.powi(2)
    }

    /// Errors of all outputs added up over tiles, per unit of the power of the layer's output.
    pub fn shares(&self) -> ColumnErrors {
        let ideal = self.sum_over_row_tiles(|tile| tile.ideal_a.clone());
        let power: f64 = ideal.mapv(|i| i * i).sum() / ideal.nrows().max(1) as f64;
        let mut sum = ColumnErrors::default();
        for column in self.tiles.iter().flat_map(|tile| &tile.columns) {
            sum.add_scaled(column, 1.0 / power.max(f64::MIN_POSITIVE));
        }
        sum
    }

    /// Adds up over row tiles and puts column tiles side by side.
    fn sum_over_row_tiles<D>(
        &self,
        f: impl Fn(&TileErrors) -> ndarray::Array<f64, D>,
    ) -> ndarray::Array<f64, D>
    where
        D: ndarray::Dimension + ndarray::RemoveAxis,
    {
        let mut sums: Vec<ndarray::Array<f64, D>> = Vec::new();
        for tile in &self.tiles {
            match sums.get_mut(tile.place.1) {
                Some(sum) => *sum += &f(tile),
                None => sums.push(f(tile)),
            }
        }
        let views: Vec<_> = sums.iter().map(|a| a.view()).collect();
        let last = ndarray::Axis(views[0].ndim() - 1);
        ndarray::concatenate(last, &views).expect("equal numbers of samples")
    }
}
