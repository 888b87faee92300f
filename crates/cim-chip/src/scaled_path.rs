//! The datapath of scaled products as training sees it.

use cim_nn::{LayerPath, Levels, WeightNoise};
use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::inputs::LayerInputs;
use crate::mapped::Mapped;
use crate::scaled::Scaled;

impl<N: Mapped> Scaled<'_, N> {
    /// Paths of the scaled products as paths of the network's own, driven by `inputs` (of the network).
    ///
    /// Training knows one unit for all weights of a product, so that each gets the one in which errors of cells, rounding
    /// of inputs, and full scales with what is in front of them have the power in the outputs that they have between the
    /// factors, on average over outputs and what drives them. Nothing that factors keep inside is clipped.
    pub fn paths(&self, scaled: Vec<LayerPath>, inputs: &LayerInputs) -> Vec<LayerPath> {
        let products = self.products();
        let limits = inputs.limits();
        let of = |(idx, path): (usize, LayerPath)| {
            if !self.scaling(idx).scales_columns() && !self.scaling(idx).scales_rows() {
                return path;
            }
            let factors = self.factors(idx).map(|factors| factors.mapv(f64::from));
            scaled_back(path, factors, products[idx].weights, inputs.layer(idx), limits[idx])
        };
        scaled.into_iter().enumerate().map(of).collect()
    }
}

fn scaled_back(
    path: LayerPath,
    [a, b]: [Array1<f64>; 2],
    weights: ArrayView2<'_, f32>,
    x: ArrayView2<'_, f32>,
    limit: f32,
) -> LayerPath {
    let squares = |v: &Array1<f64>| v.mapv(|v| v * v);
    let largest = |v: &Array1<f64>| v.iter().fold(0.0f64, |m, &v| m.max(v));
    let x2 = x.mapv(|x| f64::from(x).powi(2)).sum_axis(Axis(0));
    let outputs = squares(&b).mean().unwrap_or(1.0);
    let unit = (outputs * ratio((&x2 * &squares(&a)).sum(), x2.sum())).sqrt() as f32;
    // Weights between the factors, and those of the network.
    let between = weights.mapv(|w| f64::from(w).powi(2)) * &squares(&b);
    let own = &between * &squares(&a).insert_axis(Axis(1));
    let step = path.input_limit / path.input_levels.top;
    let step = step * ratio(between.sum(), own.sum()).sqrt() as f32;
    let top =
        if path.input_levels.is_finite() { (limit / step).round().max(1.0) } else { f32::INFINITY };
    let WeightNoise { c0, c1, c2, cm, w0 } = path.weight_noise;
    let per_tile = |tiles: &Array2<f32>| {
        let mut tiles = tiles.clone();
        let columns = b.axis_chunks_iter(Axis(0), path.tile_cols);
        for (mut tiles, b) in tiles.columns_mut().into_iter().zip(columns) {
            let by = b.mapv(|b| b * b).mean().unwrap_or(1.0).sqrt() as f32;
            tiles *= by;
        }
        tiles
    };
    LayerPath {
        weight_clip: path.weight_clip * (largest(&a) * largest(&b)) as f32,
        weight_noise: WeightNoise {
            c0: unit.powi(2) * c0,
            c1: unit * c1,
            c2,
            cm: unit.powi(3) * cm,
            w0: unit * w0,
        },
        input_limit: limit,
        input_levels: Levels { top },
        full_scale: per_tile(&path.full_scale),
        output_sigma: per_tile(&path.output_sigma),
        relu_sigma: path.relu_sigma * outputs.sqrt() as f32,
        ..path
    }
}

/// What is nothing of nothing is as it was.
fn ratio(of: f64, whole: f64) -> f64 {
    if of > 0.0 && whole > 0.0 { of / whole } else { 1.0 }
}
