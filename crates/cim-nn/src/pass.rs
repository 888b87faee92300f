//! Forward and backward pass of a chunk of images through the noisy, clipped, quantised datapath.
//!
//! Rounding is passed straight through in the backward pass, clipping stops the gradient, and the
//! gradient of a full scale is that of the quantiser's output with respect to its range.
//!
//! Source: Bengio et al. 2013 (straight-through); Esser et al. 2020, equation 3 (range).

use cim_core::Stream;
use cim_core::matmul::{product, product_add};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::activation::NoiseAwareRelu;
use crate::kernels::{Activate, At, Convert, Store, ThroughConverter, ThroughRelu};
use crate::network::Layer;
use crate::noise::LayerPath;

/// Working memory of one layer for one chunk.
struct LayerWork {
    /// Inputs as the tiles see them, one contiguous batch × rows block per row tile.
    x: Vec<f32>,
    /// Output of each row tile before its converter, batch × outputs each; empty if continuous.
    z: Vec<f32>,
    /// Pre-activation, batch × outputs.
    y: Vec<f32>,
    /// Gradient of the loss with respect to `y`.
    dy: Vec<f32>,
}

/// Gradients of one chunk, of the same shape as the network.
pub(crate) struct Gradients {
    pub weights: Vec<Vec<f32>>,
    pub bias: Vec<Vec<f32>>,
    /// With respect to the logarithm of each full scale, row tiles × column tiles.
    pub log_full_scale: Vec<Vec<f32>>,
}

/// Working memory of one worker.
pub(crate) struct Pass {
    layers: Vec<LayerWork>,
    masked: Vec<f32>,
    noise: Vec<f32>,
    dx: Vec<f32>,
    pub gradients: Gradients,
}

impl Pass {
    pub(crate) fn new(layers: &[Layer], paths: &[LayerPath]) -> Self {
        let zeros = |len: usize| vec![0.0; len];
        Self {
            layers: layers
                .iter()
                .map(|_| LayerWork { x: vec![], z: vec![], y: vec![], dy: vec![] })
                .collect(),
            masked: vec![],
            noise: vec![],
            dx: vec![],
            gradients: Gradients {
                weights: layers.iter().map(|l| zeros(l.weights.len())).collect(),
                bias: layers.iter().map(|l| zeros(l.bias.len())).collect(),
                log_full_scale: paths.iter().map(|p| zeros(p.full_scale.len())).collect(),
            },
        }
    }

    /// Takes the images (batch × inputs) in.
    pub(crate) fn load(&mut self, images: &[f32], inputs: usize, path: &LayerPath) {
        let batch = images.len() / inputs;
        let x = &mut self.layers[0].x;
        x.resize(images.len(), 0.0);
        into_tiles(images, batch, inputs, path, x);
    }

    /// Runs the forward pass and returns the logits, batch × outputs.
    pub(crate) fn forward(
        &mut self,
        batch: usize,
        layers: &[Layer],
        stored: &[Vec<f32>],
        paths: &[LayerPath],
        at: Stream,
    ) -> &[f32] {
        for (layer_idx, (layer, path)) in layers.iter().zip(paths).enumerate() {
            let (work, rest) = self.layers[layer_idx..].split_first_mut().expect("a layer");
            let at = at.child("layer", layer_idx as u64);
            forward_layer(batch, layer, &stored[layer_idx], path, at, work, &mut self.noise);
            if let (Some(next), Some(next_path)) = (rest.first_mut(), paths.get(layer_idx + 1)) {
                let relu = NoiseAwareRelu { limit: next_path.input_limit, sigma: path.relu_sigma };
                self.masked.resize(work.y.len(), 0.0);
                let activated = &mut self.masked[..];
                let (y, out) = (&work.y, &mut *activated);
                pulp::Arch::new().dispatch(Activate { relu, next: next_path, y, out });
                next.x.resize(work.y.len(), 0.0);
                into_tiles(activated, batch, layer.bias.len(), next_path, &mut next.x);
            }
        }
        &self.layers[layers.len() - 1].y
    }

    /// Where the gradient with respect to the logits goes before [`backward`](Self::backward).
    pub(crate) fn logit_gradient(&mut self) -> (&[f32], &mut [f32]) {
        let last = self.layers.last_mut().expect("at least one layer");
        last.dy.resize(last.y.len(), 0.0);
        (&last.y, &mut last.dy)
    }

    /// Runs the backward pass; gradients replace those of the last chunk.
    pub(crate) fn backward(
        &mut self,
        batch: usize,
        layers: &[Layer],
        stored: &[Vec<f32>],
        paths: &[LayerPath],
    ) {
        for layer_idx in (0..layers.len()).rev() {
            let (before, here) = self.layers.split_at_mut(layer_idx);
            let (work, path, layer) = (&here[0], &paths[layer_idx], &layers[layer_idx]);
            let (inputs, outputs) = layer.weights.dim();
            sum_columns(&work.dy, &mut self.gradients.bias[layer_idx]);
            let full_scale_gradient = &mut self.gradients.log_full_scale[layer_idx];
            full_scale_gradient.fill(0.0);
            self.dx.resize(batch * inputs, 0.0);
            for (tile_idx, rows) in row_tiles(inputs, path).enumerate() {
                let height = rows.len();
                let dz = if path.output_levels.is_finite() {
                    self.masked.resize(work.dy.len(), 0.0);
                    let z = &work.z[tile_idx * batch * outputs..][..batch * outputs];
                    let n_cols = path.full_scale.ncols();
                    let sums = &mut full_scale_gradient[tile_idx * n_cols..][..n_cols];
                    let masked = &mut self.masked[..];
                    let at = At { path, tile_idx, outputs };
                    let (dy, dz) = (&work.dy, &mut *masked);
                    pulp::Arch::new().dispatch(ThroughConverter { at, z, dy, dz, sums });
                    &self.masked[..]
                } else {
                    &work.dy[..]
                };
                let x = view(&work.x[batch * rows.start..][..batch * height], batch, height);
                let dz = view(dz, batch, outputs);
                let dw = &mut self.gradients.weights[layer_idx][rows.start * outputs..]
                    [..height * outputs];
                product(x.t(), dz, view_mut(dw, height, outputs));
                if layer_idx > 0 {
                    let w = view(
                        &stored[layer_idx][rows.start * outputs..][..height * outputs],
                        height,
                        outputs,
                    );
                    let dx = &mut self.dx[batch * rows.start..][..batch * height];
                    product(dz, w.t(), view_mut(dx, batch, height));
                }
            }
            if let Some(previous) = before.last_mut() {
                let relu = NoiseAwareRelu {
                    limit: path.input_limit,
                    sigma: paths[layer_idx - 1].relu_sigma,
                };
                previous.dy.resize(previous.y.len(), 0.0);
                from_tiles(&self.dx, batch, inputs, path, &mut previous.dy);
                let (y, dy) = (&previous.y, &mut previous.dy);
                pulp::Arch::new().dispatch(ThroughRelu { relu, y, dy });
            }
        }
    }
}

fn forward_layer(
    batch: usize,
    layer: &Layer,
    stored: &[f32],
    path: &LayerPath,
    at: Stream,
    work: &mut LayerWork,
    noise: &mut Vec<f32>,
) {
    let (inputs, outputs) = layer.weights.dim();
    work.y.resize(batch * outputs, 0.0);
    for row in work.y.chunks_exact_mut(outputs) {
        row.copy_from_slice(layer.bias.as_slice().expect("standard layout"));
    }
    let converted = path.output_levels.is_finite();
    work.z.resize(if converted { batch * outputs * path.row_tiles(inputs) } else { 0 }, 0.0);
    for (tile_idx, rows) in row_tiles(inputs, path).enumerate() {
        let height = rows.len();
        let x = view(&work.x[batch * rows.start..][..batch * height], batch, height);
        let w = view(&stored[rows.start * outputs..][..height * outputs], height, outputs);
        if !converted {
            product_add(x, w, view_mut(&mut work.y, batch, outputs));
            continue;
        }
        let z = &mut work.z[tile_idx * batch * outputs..][..batch * outputs];
        product(x, w, view_mut(z, batch, outputs));
        let noisy = path.output_sigma.row(tile_idx).iter().any(|&sigma| sigma > 0.0);
        noise.resize(if noisy { z.len() } else { 0 }, 0.0);
        at.fill_standard_normal(tile_idx as u64, noise);
        let (at, y) = (At { path, tile_idx, outputs }, &mut work.y[..]);
        pulp::Arch::new().dispatch(Convert { at, noise, z, y });
    }
}

fn row_tiles(
    inputs: usize,
    path: &LayerPath,
) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
    let height = path.tile_rows;
    (0..inputs.div_ceil(height)).map(move |t| t * height..inputs.min((t + 1) * height))
}

fn into_tiles(x: &[f32], batch: usize, inputs: usize, path: &LayerPath, tiled: &mut [f32]) {
    for rows in row_tiles(inputs, path) {
        let block = &mut tiled[batch * rows.start..][..batch * rows.len()];
        for (to, from) in block.chunks_exact_mut(rows.len()).zip(x.chunks_exact(inputs)) {
            to.copy_from_slice(&from[rows.clone()]);
        }
    }
}

fn from_tiles(tiled: &[f32], batch: usize, inputs: usize, path: &LayerPath, x: &mut [f32]) {
    for rows in row_tiles(inputs, path) {
        let block = &tiled[batch * rows.start..][..batch * rows.len()];
        for (from, to) in block.chunks_exact(rows.len()).zip(x.chunks_exact_mut(inputs)) {
            to[rows.clone()].copy_from_slice(from);
        }
    }
}

fn sum_columns(m: &[f32], sums: &mut [f32]) {
    sums.fill(0.0);
    for row in m.chunks_exact(sums.len()) {
        sums.iter_mut().zip(row).for_each(|(s, &v)| *s += v);
    }
}

fn view(slice: &[f32], rows: usize, cols: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((rows, cols), slice).expect("rows × cols values")
}

fn view_mut(slice: &mut [f32], rows: usize, cols: usize) -> ArrayViewMut2<'_, f32> {
    ArrayViewMut2::from_shape((rows, cols), slice).expect("rows × cols values")
}

/// Weights as they would be stored: `w + sigma(|w|) · n`, drawn row block by row block.
pub(crate) fn store(weights: &Array2<f32>, path: &LayerPath, at: Stream, stored: &mut [f32]) {
    use rayon::prelude::*;
    /// Weights per address: fixed, so that the bytes do not depend on the thread count.
    const CHUNK: usize = 8192;
    let weights = weights.as_slice().expect("standard layout");
    let noise = path.weight_noise;
    let tasks = stored.par_chunks_mut(CHUNK).zip(weights.par_chunks(CHUNK)).enumerate();
    tasks.for_each(|(chunk_idx, (stored, weights))| {
        if noise == crate::noise::WeightNoise::NONE {
            stored.copy_from_slice(weights);
            return;
        }
        at.fill_standard_normal(chunk_idx as u64, stored);
        pulp::Arch::new().dispatch(Store { noise, weights, stored });
    });
}
