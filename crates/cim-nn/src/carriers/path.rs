//! Products through the noisy, clipped, quantised datapath that training sees.
//!
//! Rounding is passed straight through in the backward pass, clipping stops the gradient, and the
//! gradient of a full scale is that of the quantiser's output with respect to its range.
//!
//! Source: Bengio et al. 2013 (straight-through); Esser et al. 2020, equation 3 (range).

use std::ops::Range;

use cim_core::Stream;
use cim_core::matmul::{product, product_add};
use faer::{MatMut, MatRef};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use rayon::prelude::*;

use crate::activation::NoiseAwareRelu;
use crate::kernels::{
    At, Clip, Convert, ConvertColumns, Store, ThroughColumns, ThroughConverter, input_converter,
};
use crate::network::Layer;
use crate::noise::{InputRange, LayerPath, WeightNoise, WeightValues};
use crate::operations::build::Reads;
use crate::operations::{Backward, Call, Carrier, ProductPlan};
use crate::real::{by_rows, by_rows_mut, gemm};

/// Gradients of one pass, of the same shape as the network's layers.
pub(crate) struct Gradients {
    pub weights: Vec<Vec<f32>>,
    pub bias: Vec<Vec<f32>>,
    /// With respect to the logarithm of each full scale, row tiles × column tiles.
    pub log_full_scale: Vec<Vec<f32>>,
}

/// Working memory of one product for one pass.
#[derive(Default)]
struct ProductWork {
    /// For each application by rows, the inputs as the tiles see them: one contiguous
    /// batch × rows block per row tile.
    x: Vec<Vec<f32>>,
    /// For each application, the output of each row tile before its converter; empty if continuous.
    z: Vec<Vec<f32>>,
    /// Transposed gradient of the weights, where the product was driven by columns.
    transposed: Vec<f32>,
    /// Whether this backward pass has met the product yet.
    met: bool,
}

/// Working memory of one worker.
pub(crate) struct PathWork {
    products: Vec<ProductWork>,
    masked: Vec<f32>,
    noise: Vec<f32>,
    tiled: Vec<f32>,
    pub gradients: Gradients,
}

impl PathWork {
    pub(crate) fn new(layers: &[Layer], paths: &[LayerPath]) -> Self {
        let zeros = |len: usize| vec![0.0; len];
        Self {
            products: layers.iter().map(|_| ProductWork::default()).collect(),
            masked: vec![],
            noise: vec![],
            tiled: vec![],
            gradients: Gradients {
                weights: layers.iter().map(|l| zeros(l.weights.len())).collect(),
                bias: layers.iter().map(|l| zeros(l.bias.len())).collect(),
                log_full_scale: paths.iter().map(|p| zeros(p.full_scale.len())).collect(),
            },
        }
    }

    /// Gets ready for a backward pass: gradients replace those of the last one.
    pub(crate) fn start_backward(&mut self) {
        self.products.iter_mut().for_each(|work| work.met = false);
    }

    /// Ends a backward pass.
    pub(crate) fn finish_backward(&mut self, layers: &[Layer]) {
        for (product, work) in self.products.iter().enumerate() {
            let gradients = &mut self.gradients;
            if !work.met {
                gradients.weights[product].fill(0.0);
                gradients.bias[product].fill(0.0);
                gradients.log_full_scale[product].fill(0.0);
            } else if !work.transposed.is_empty() {
                let (inputs, outputs) = layers[product].weights.dim();
                let rows = gradients.weights[product].chunks_exact_mut(outputs).enumerate();
                for (row, gradient) in rows {
                    let column = work.transposed[row..].iter().step_by(inputs);
                    gradient.iter_mut().zip(column).for_each(|(g, &t)| *g = t);
                }
            }
        }
    }
}

/// The path of one worker in one step.
pub(crate) struct Path<'a> {
    pub layers: &'a [Layer],
    pub plans: &'a [ProductPlan],
    pub paths: &'a [LayerPath],
    /// Weights as they are stored in this step.
    pub stored: &'a [Vec<f32>],
    pub work: &'a mut PathWork,
    pub at: Stream,
}

impl Path<'_> {
    /// The address of the noise of an application by rows.
    fn address(&self, call: Call) -> Stream {
        let at = self.at.child("layer", call.product as u64);
        if call.slot == 0 { at } else { at.child("time", call.slot as u64) }
    }

    /// Forgets the gradients of the last pass where this is the first application of this one.
    /// Returns whether it was met before.
    fn meet(&mut self, product: usize, outputs: usize, columns: bool) -> bool {
        let work = &mut self.work.products[product];
        let met = std::mem::replace(&mut work.met, true);
        if !met {
            let gradients = &mut self.work.gradients;
            gradients.log_full_scale[product].fill(0.0);
            gradients.bias[product].fill(0.0);
            let size = if columns { gradients.weights[product].len() } else { 0 };
            work.transposed.clear();
            work.transposed.resize(size, 0.0);
            debug_assert_eq!(gradients.bias[product].len(), outputs);
        }
        met
    }
}

/// Whether the input converter of a product has anything to do.
fn converts(path: &LayerPath, reads: Reads) -> bool {
    let limited = path.input_levels.is_finite() || path.input_limit.is_finite();
    // Unsigned data are codes already.
    limited && !(reads == Reads::Data && path.input_range == InputRange::Unsigned)
}

impl Carrier<f32> for Path<'_> {
    fn rectifier(&self, before: Option<usize>, next: Option<usize>) -> NoiseAwareRelu {
        NoiseAwareRelu {
            limit: next.map_or(f32::INFINITY, |next| self.paths[next].input_limit),
            sigma: before.map_or(0.0, |before| self.paths[before].relu_sigma),
        }
    }

    fn converts(&self, product: usize) -> bool {
        converts(&self.paths[product], self.plans[product].reads)
    }

    fn convert(&mut self, product: usize, x: &mut [f32]) {
        if self.converts(product) {
            input_converter(&self.paths[product], self.plans[product].reads, x);
        }
    }

    fn rows(&mut self, call: Call, batch: usize, x: &[f32], y: &mut [f32]) {
        let Call { product: idx, slot, .. } = call;
        let (at, path, layer) = (self.address(call), &self.paths[idx], &self.layers[idx]);
        let (inputs, outputs) = layer.weights.dim();
        let stored = &self.stored[idx];
        let work = &mut self.work.products[idx];
        let room = work.x.len().max(slot + 1);
        work.x.resize_with(room, Vec::new);
        work.z.resize_with(room, Vec::new);
        let (tiled, z) = (&mut work.x[slot], &mut work.z[slot]);
        tiled.resize(x.len(), 0.0);
        into_tiles(x, batch, inputs, path, tiled);
        let reads = self.plans[idx].reads;
        if converts(path, reads) {
            input_converter(path, reads, tiled);
        }
        for row in y.chunks_exact_mut(outputs) {
            row.copy_from_slice(layer.bias.as_slice().expect("standard layout"));
        }
        let converted = path.output_levels.is_finite();
        z.resize(if converted { batch * outputs * path.row_tiles(inputs) } else { 0 }, 0.0);
        for (tile_idx, rows) in row_tiles(inputs, path).enumerate() {
            let height = rows.len();
            let x = view(&tiled[batch * rows.start..][..batch * height], batch, height);
            let w = view(&stored[rows.start * outputs..][..height * outputs], height, outputs);
            if !converted {
                product_add(x, w, view_mut(y, batch, outputs));
                continue;
            }
            let z = &mut z[tile_idx * batch * outputs..][..batch * outputs];
            product(x, w, view_mut(z, batch, outputs));
            let noise = noise(path, tile_idx, z.len(), &mut self.work.noise);
            at.fill_standard_normal(tile_idx as u64, noise);
            let at = At { path, tile_idx, outputs };
            pulp::Arch::new().dispatch(Convert { at, noise, z, y });
        }
    }

    fn columns(&mut self, call: Call, x: &[f32], width: usize, y: &mut [f32], stride: usize) {
        let Call { product: idx, slot, slots } = call;
        let (path, layer) = (&self.paths[idx], &self.layers[idx]);
        let at = self.at.child("layer", idx as u64);
        let (inputs, outputs) = layer.weights.dim();
        for (out, &bias) in layer.bias.iter().enumerate() {
            y[out * stride..][..width].fill(bias);
        }
        let converted = path.output_levels.is_finite();
        let tiles = path.row_tiles(inputs);
        let work = &mut self.work.products[idx];
        let room = if converted { work.z.len().max(slots) } else { 0 };
        work.z.resize_with(room, Vec::new);
        for (tile_idx, rows) in row_tiles(inputs, path).enumerate() {
            let height = rows.len();
            let x = by_rows(&x[rows.start * width..], height, width, width).transpose();
            let w = by_rows(&self.stored[idx][rows.start * outputs..], height, outputs, outputs);
            if !converted {
                let y = by_rows_mut(y, outputs, width, stride).transpose_mut();
                gemm(y, true, x, w);
                continue;
            }
            let z = &mut work.z[slot];
            z.resize(tiles * outputs * width, 0.0);
            let z = &mut z[tile_idx * outputs * width..][..outputs * width];
            gemm(by_rows_mut(z, outputs, width, width).transpose_mut(), false, x, w);
            let noise = noise(path, tile_idx, z.len(), &mut self.work.noise);
            at.fill_standard_normal((slot * tiles + tile_idx) as u64, noise);
            let at = At { path, tile_idx, outputs };
            pulp::Arch::new().dispatch(ConvertColumns { at, noise, width, stride, z, y });
        }
    }
}

impl Backward<f32> for Path<'_> {
    fn convert_back(&mut self, product: usize, x: &[f32], dx: &mut [f32]) {
        let (path, reads) = (&self.paths[product], self.plans[product].reads);
        // What a rectifier has limited is never clipped again.
        if reads != Reads::Rectified && converts(path, reads) && path.input_limit.is_finite() {
            pulp::Arch::new().dispatch(Clip { range: path.input_bounds(), x, dx });
        }
    }

    fn rows_back(
        &mut self,
        call: Call,
        batch: usize,
        x: &[f32],
        dy: &[f32],
        mut dx: Option<&mut [f32]>,
    ) {
        let Call { product: idx, slot, .. } = call;
        let (path, layer) = (&self.paths[idx], &self.layers[idx]);
        let (inputs, outputs) = layer.weights.dim();
        let met = self.meet(idx, outputs, false);
        let stored = &self.stored[idx];
        let PathWork { products, masked, tiled, gradients, .. } = &mut *self.work;
        let work = &products[idx];
        add_columns(dy, &mut gradients.bias[idx]);
        tiled.resize(batch * inputs, 0.0);
        for (tile_idx, rows) in row_tiles(inputs, path).enumerate() {
            let height = rows.len();
            let dz = if path.output_levels.is_finite() {
                masked.resize(dy.len(), 0.0);
                let z = &work.z[slot][tile_idx * batch * outputs..][..batch * outputs];
                let n_cols = path.full_scale.ncols();
                let sums = &mut gradients.log_full_scale[idx][tile_idx * n_cols..][..n_cols];
                let at = At { path, tile_idx, outputs };
                pulp::Arch::new().dispatch(ThroughConverter { at, z, dy, dz: masked, sums });
                &masked[..]
            } else {
                dy
            };
            let x = view(&work.x[slot][batch * rows.start..][..batch * height], batch, height);
            let dz = view(dz, batch, outputs);
            let part = rows.start * outputs..rows.end * outputs;
            let dw = view_mut(&mut gradients.weights[idx][part.clone()], height, outputs);
            if met {
                product_add(x.t(), dz, dw);
            } else {
                product(x.t(), dz, dw);
            }
            if dx.is_some() {
                let w = view(&stored[part], height, outputs);
                let dx = &mut tiled[batch * rows.start..][..batch * height];
                product(dz, w.t(), view_mut(dx, batch, height));
            }
        }
        if let Some(dx) = &mut dx {
            from_tiles(tiled, batch, inputs, path, dx);
            self.convert_back(idx, x, dx);
        }
    }

    fn columns_back(
        &mut self,
        call: Call,
        x: &[f32],
        width: usize,
        dy: &[f32],
        stride: usize,
        mut dx: Option<&mut [f32]>,
    ) {
        let Call { product: idx, slot, .. } = call;
        let (path, layer) = (&self.paths[idx], &self.layers[idx]);
        let (inputs, outputs) = layer.weights.dim();
        self.meet(idx, outputs, true);
        let PathWork { products, masked, gradients, .. } = &mut *self.work;
        let work = &mut products[idx];
        for (out, sum) in gradients.bias[idx].iter_mut().enumerate() {
            *sum += crate::kernels::sum(&dy[out * stride..][..width]);
        }
        for (tile_idx, rows) in row_tiles(inputs, path).enumerate() {
            let height = rows.len();
            let dz: MatRef<'_, f32> = if path.output_levels.is_finite() {
                masked.resize(outputs * width, 0.0);
                let z = &work.z[slot][tile_idx * outputs * width..][..outputs * width];
                let n_cols = path.full_scale.ncols();
                let sums = &mut gradients.log_full_scale[idx][tile_idx * n_cols..][..n_cols];
                let at = At { path, tile_idx, outputs };
                let dz = &mut masked[..];
                pulp::Arch::new().dispatch(ThroughColumns { at, width, stride, z, dy, dz, sums });
                by_rows(masked, outputs, width, width)
            } else {
                by_rows(dy, outputs, width, stride)
            };
            let tile = &x[rows.start * width..];
            let x = by_rows(tile, height, width, width);
            let dw: MatMut<'_, f32> =
                by_rows_mut(&mut work.transposed[rows.start..], outputs, height, inputs);
            gemm(dw.transpose_mut(), true, x, dz.transpose());
            if let Some(dx) = &mut dx {
                let w = &self.stored[idx][rows.start * outputs..];
                let w = by_rows(w, height, outputs, outputs);
                let dx = by_rows_mut(&mut dx[rows.start * width..], height, width, width);
                gemm(dx.transpose_mut(), false, dz.transpose(), w.transpose());
            }
        }
    }
}

/// Room for the noise in front of the converters of a row tile; none if they have none.
fn noise<'a>(
    path: &LayerPath,
    tile_idx: usize,
    len: usize,
    buffer: &'a mut Vec<f32>,
) -> &'a mut [f32] {
    let noisy = path.output_sigma.row(tile_idx).iter().any(|&sigma| sigma > 0.0);
    buffer.resize(buffer.len().max(len), 0.0);
    &mut buffer[..if noisy { len } else { 0 }]
}

fn row_tiles(inputs: usize, path: &LayerPath) -> impl Iterator<Item = Range<usize>> + use<> {
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

fn add_columns(m: &[f32], sums: &mut [f32]) {
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

/// Weights as they would be stored: `w + sigma(|w|) · n` of the values that the path knows, drawn row
/// block by row block.
pub(crate) fn store(weights: &Array2<f32>, path: &LayerPath, at: Stream, stored: &mut [f32]) {
    /// Weights per address: fixed, so that the bytes do not depend on the thread count.
    const CHUNK: usize = 8192;
    let weights = weights.as_slice().expect("standard layout");
    let mut values = Vec::new();
    let weights = match path.weight_values {
        WeightValues::Any => weights,
        few => {
            values.extend_from_slice(weights);
            few.store(&mut values);
            &values
        }
    };
    let noise = path.weight_noise;
    let tasks = stored.par_chunks_mut(CHUNK).zip(weights.par_chunks(CHUNK)).enumerate();
    tasks.for_each(|(chunk_idx, (stored, weights))| {
        if noise == WeightNoise::NONE {
            stored.copy_from_slice(weights);
            return;
        }
        at.fill_standard_normal(chunk_idx as u64, stored);
        pulp::Arch::new().dispatch(Store { noise, weights, stored });
    });
}
