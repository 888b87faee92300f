//! The closed-form error model against Monte Carlo, column by column.

use cim_core::{MatMul, Scratch, Stream, Tally};
use cim_tile::{Grid, LayerDesign, LayerErrors, TileError};
use ndarray::{Array2, Axis, s};
use rayon::prelude::*;

use crate::design::ChipDesign;
use crate::error::ChipError;
use crate::inputs::LayerInputs;
use crate::mapped::Mapped;

/// How the closed form does against Monte Carlo.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelCheck {
    /// Predicted over measured variance, mean over columns.
    pub variance_ratio_mean: f64,
    /// The same, 5th percentile.
    pub variance_ratio_p05: f64,
    /// The same, 95th percentile.
    pub variance_ratio_p95: f64,
    /// Share of errors within 1.96 predicted standard deviations of the predicted mean.
    pub coverage95: f64,
    /// Every column.
    pub columns: Vec<ColumnVariance>,
}

/// Variance of one column, mean over inputs (A²).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnVariance {
    /// Product, from 0.
    pub layer: usize,
    /// Tile of the layer, from 0.
    pub tile: usize,
    /// Column of the tile, from 0.
    pub column: usize,
    /// By the closed form.
    pub predicted: f64,
    /// Over chips.
    pub measured: f64,
}

/// Chips per task: fixed, so that sums have one order at any thread count.
const CHUNK: usize = 20;

/// Sums over chips of one tile's error against its predicted mean.
struct Sums {
    first: Array2<f64>,
    second: Array2<f64>,
    covered: usize,
}

/// Programs every tile `chips` times, reads it with the calibration inputs and compares mean
/// squared deviation and coverage with the closed form. Coverage counts reads of driven tiles: a tile
/// whose inputs are all zero makes no error and covers trivially. `tick` is called after every tile.
///
/// # Errors
/// [`ChipError::Tile`] for what cannot be programmed, [`ChipError::Silent`] where no output shows noise.
pub fn check(
    design: &ChipDesign,
    network: &impl Mapped,
    inputs: &LayerInputs,
    chips: usize,
    at: Stream,
    tick: impl Fn() + Sync,
) -> Result<ModelCheck, ChipError> {
    let errors = design.errors(network, inputs)?;
    let (mut ratios, mut columns) = (Vec::new(), Vec::new());
    let (mut covered, mut samples) = (0, 0);
    for (layer_idx, (product, layer_errors)) in
        network.products().into_iter().zip(&errors).enumerate()
    {
        for (tile_idx, tile) in layer_errors.tiles.iter().enumerate() {
            let at = at.child("layer", layer_idx as u64).child("tile", tile_idx as u64);
            let (first, second, inside, reads) = measure(
                design,
                layer_idx,
                tile.place,
                product.weights,
                inputs,
                layer_errors,
                chips,
                at,
            )?;
            let n = chips as f64;
            // Unbiased variance over chips for each input, then the mean over inputs.
            let variance = (&second - &(&first * &first / n)) / (n - 1.0);
            let measured = variance.mean_axis(Axis(0)).expect("inputs");
            let predicted = tile.variance.mean_axis(Axis(0)).expect("inputs");
            for (column, (&predicted, &measured)) in predicted.iter().zip(&measured).enumerate() {
                // An output whose code never changed over all chips has no ratio.
                if measured > 0.0 {
                    ratios.push(predicted / measured);
                }
                columns.push(ColumnVariance {
                    layer: layer_idx,
                    tile: tile_idx,
                    column,
                    predicted,
                    measured,
                });
            }
            covered += inside;
            samples += reads;
            tick();
        }
    }
    if ratios.is_empty() || samples == 0 {
        return Err(ChipError::Silent { chips });
    }
    ratios.sort_by(f64::total_cmp);
    let at_share = |share: f64| ratios[((ratios.len() - 1) as f64 * share).round() as usize];
    Ok(ModelCheck {
        variance_ratio_mean: ratios.iter().sum::<f64>() / ratios.len() as f64,
        variance_ratio_p05: at_share(0.05),
        variance_ratio_p95: at_share(0.95),
        coverage95: covered as f64 / samples as f64,
        columns,
    })
}

/// Sums over chips of error and squared error (A, A²), samples × columns, and how many errors lay
/// within 1.96 predicted standard deviations of the predicted mean.
#[expect(clippy::too_many_arguments, reason = "one tile of one layer of one design")]
fn measure(
    design: &ChipDesign,
    layer_idx: usize,
    place: (usize, usize),
    weights: ndarray::ArrayView2<'_, f32>,
    inputs: &LayerInputs,
    errors: &LayerErrors,
    chips: usize,
    at: Stream,
) -> Result<(Array2<f64>, Array2<f64>, usize, usize), ChipError> {
    let parts = design.parts.of_layer(layer_idx);
    let layer = &design.layers[layer_idx];
    let (rows, cols) = parts.block(place, weights.dim());
    let block = weights.slice(s![rows.clone(), cols]);
    let groups = parts.mapping.full_scale_groups();
    let groups = place.1 * groups..(place.1 + 1) * groups;
    let x = inputs.layer(layer_idx).slice(s![.., rows]).to_owned();
    let own = LayerDesign {
        full_scale: layer.full_scale.slice(s![place.0..=place.0, groups]).to_owned(),
        ..layer.clone()
    };
    let tile = errors.tiles.iter().find(|t| t.place == place).expect("every tile has its errors");
    let bound = tile.variance.mapv(|v| 1.96 * v.sqrt());
    let driven: Vec<bool> = x.rows().into_iter().map(|x| x.iter().any(|&x| x != 0.0)).collect();
    let reads = chips * bound.ncols() * driven.iter().filter(|&&d| d).count();
    let amps = errors.amps_per_output;
    let tasks: Vec<Result<Sums, TileError>> = (0..chips.div_ceil(CHUNK))
        .into_par_iter()
        .map(|task| {
            let zeros = || Array2::<f64>::zeros(bound.dim());
            let mut sums = Sums { first: zeros(), second: zeros(), covered: 0 };
            let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
            let mut y = Array2::zeros(bound.dim());
            for chip in task * CHUNK..chips.min((task + 1) * CHUNK) {
                let at = at.child("chip", chip as u64);
                let grid = Grid::program(&parts, &own, block, at, &mut tally)?;
                grid.apply(x.view(), 0, y.view_mut(), &mut scratch, &mut tally);
                for (index, &y) in y.indexed_iter() {
                    let error = f64::from(y) * amps - tile.mean_a[index];
                    sums.first[index] += error;
                    sums.second[index] += error * error;
                    sums.covered += usize::from(driven[index.0] && error.abs() <= bound[index]);
                }
            }
            Ok(sums)
        })
        .collect();
    let mut total = (Array2::zeros(bound.dim()), Array2::zeros(bound.dim()), 0, reads);
    for task in tasks {
        let task = task?;
        total.0 += &task.first;
        total.1 += &task.second;
        total.2 += task.covered;
    }
    Ok(total)
}
