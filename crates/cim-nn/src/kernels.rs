//! Loops over elements of the forward and backward pass, compiled for the vectors of the machine.
//!
//! Each is a struct and not a closure: whatever is called below pulp's dispatch must be inlined
//! into it to be compiled for the vectors it found, and only functions can be marked so. For the
//! same reason loops are `for`, not `for_each`.

use std::ops::Range;

use pulp::NullaryFnOnce;

use crate::noise::{LayerPath, WeightNoise, quantise};
use crate::operations::build::Reads;

/// Elements whose sums run side by side, so that they vectorise in a fixed order.
const LANES: usize = 16;

/// One row tile of a layer.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub path: &'a LayerPath,
    pub tile_idx: usize,
    pub outputs: usize,
}

/// One column tile of [`At`]: its columns and its converter.
struct Converter {
    cols: Range<usize>,
    full_scale: f32,
    step: f32,
    inverse_step: f32,
    top: f32,
    sigma: f32,
}

impl At<'_> {
    #[inline(always)]
    fn converter(self, col_tile: usize) -> Converter {
        let Self { path, tile_idx, outputs } = self;
        let top = path.output_levels.top;
        let full_scale = path.full_scale[[tile_idx, col_tile]];
        let step = full_scale / (top + 0.5);
        Converter {
            cols: col_tile * path.tile_cols..outputs.min((col_tile + 1) * path.tile_cols),
            full_scale,
            step,
            inverse_step: 1.0 / step,
            top,
            sigma: path.output_sigma[[tile_idx, col_tile]],
        }
    }
}

/// Adds the noise in front of the converter to `z` and the converted value to `y`.
pub(crate) struct Convert<'a> {
    pub at: At<'a>,
    /// Standard normals, one per `z`, or none.
    pub noise: &'a [f32],
    pub z: &'a mut [f32],
    pub y: &'a mut [f32],
}

impl NullaryFnOnce for Convert<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { at, noise, z, y } = self;
        let outputs = at.outputs;
        for col_tile in 0..at.path.full_scale.ncols() {
            let Converter { cols, step, inverse_step, top, sigma, .. } = at.converter(col_tile);
            let rows = z.chunks_exact_mut(outputs).zip(y.chunks_exact_mut(outputs)).enumerate();
            for (row, (z, y)) in rows {
                let (z, y) = (&mut z[cols.clone()], &mut y[cols.clone()]);
                if !noise.is_empty() {
                    let noise = &noise[row * outputs..][cols.clone()];
                    for (z, &n) in z.iter_mut().zip(noise) {
                        *z = n.mul_add(sigma, *z);
                    }
                }
                for (y, &z) in y.iter_mut().zip(z.iter()) {
                    *y += quantise(z, inverse_step, step, top);
                }
            }
        }
    }
}

/// Gradient through the converter: straight through inside, nothing where it clips.
pub(crate) struct ThroughConverter<'a> {
    pub at: At<'a>,
    pub z: &'a [f32],
    pub dy: &'a [f32],
    pub dz: &'a mut [f32],
    /// Collects the gradient with respect to the logarithm of each full scale of the row tile.
    pub sums: &'a mut [f32],
}

impl NullaryFnOnce for ThroughConverter<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { at, z, dy, dz, sums } = self;
        for (col_tile, sum) in sums.iter_mut().enumerate() {
            let converter = at.converter(col_tile);
            let rows = z.chunks_exact(at.outputs).zip(dy.chunks_exact(at.outputs));
            for ((z, dy), dz) in rows.zip(dz.chunks_exact_mut(at.outputs)) {
                let cols = converter.cols.clone();
                *sum += through_row(&converter, &z[cols.clone()], &dy[cols.clone()], &mut dz[cols]);
            }
        }
    }
}

#[inline(always)]
fn through_row(converter: &Converter, z: &[f32], dy: &[f32], dz: &mut [f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (z, z_rest) = z.as_chunks::<LANES>();
    let (dy, dy_rest) = dy.as_chunks::<LANES>();
    let (dz, dz_rest) = dz.as_chunks_mut::<LANES>();
    for ((z, dy), dz) in z.iter().zip(dy).zip(dz) {
        through_lanes(converter, z, dy, dz, &mut lanes);
    }
    let mut last = [0.0; LANES];
    through_lanes(converter, &padded(z_rest), &padded(dy_rest), &mut last, &mut lanes);
    dz_rest.copy_from_slice(&last[..z_rest.len()]);
    lanes.iter().sum()
}

#[inline(always)]
fn padded(rest: &[f32]) -> [f32; LANES] {
    let mut lanes = [0.0; LANES];
    lanes[..rest.len()].copy_from_slice(rest);
    lanes
}

#[inline(always)]
fn through_lanes(
    converter: &Converter,
    z: &[f32; LANES],
    dy: &[f32; LANES],
    dz: &mut [f32; LANES],
    lanes: &mut [f32; LANES],
) {
    let &Converter { full_scale, step, inverse_step, top, .. } = converter;
    for i in 0..LANES {
        let inside = z[i].abs() <= full_scale;
        let q = quantise(z[i], inverse_step, step, top);
        dz[i] = if inside { dy[i] } else { 0.0 };
        lanes[i] += dy[i] * if inside { q - z[i] } else { q };
    }
}

/// [`Convert`] for outputs × positions: `z` is contiguous, rows of `y` are `stride` apart.
pub(crate) struct ConvertColumns<'a> {
    pub at: At<'a>,
    /// Standard normals, one per `z`, or none.
    pub noise: &'a [f32],
    /// Positions.
    pub width: usize,
    pub stride: usize,
    pub z: &'a mut [f32],
    pub y: &'a mut [f32],
}

impl NullaryFnOnce for ConvertColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { at, noise, width, stride, z, y } = self;
        for col_tile in 0..at.path.full_scale.ncols() {
            let Converter { cols, step, inverse_step, top, sigma, .. } = at.converter(col_tile);
            for out in cols {
                let z = &mut z[out * width..][..width];
                let y = &mut y[out * stride..][..width];
                if !noise.is_empty() {
                    for (z, &n) in z.iter_mut().zip(&noise[out * width..][..width]) {
                        *z = n.mul_add(sigma, *z);
                    }
                }
                for (y, &z) in y.iter_mut().zip(z.iter()) {
                    *y += quantise(z, inverse_step, step, top);
                }
            }
        }
    }
}

/// [`ThroughConverter`] for outputs × positions: rows of `dy` are `stride` apart.
pub(crate) struct ThroughColumns<'a> {
    pub at: At<'a>,
    /// Positions.
    pub width: usize,
    pub stride: usize,
    pub z: &'a [f32],
    pub dy: &'a [f32],
    pub dz: &'a mut [f32],
    /// Collects the gradient with respect to the logarithm of each full scale of the row tile.
    pub sums: &'a mut [f32],
}

impl NullaryFnOnce for ThroughColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { at, width, stride, z, dy, dz, sums } = self;
        for (col_tile, sum) in sums.iter_mut().enumerate() {
            let converter = at.converter(col_tile);
            for out in converter.cols.clone() {
                let (z, dz) = (&z[out * width..][..width], &mut dz[out * width..][..width]);
                *sum += through_row(&converter, z, &dy[out * stride..][..width], dz);
            }
        }
    }
}

/// Puts `x` through the input converter of a product; ties round to even.
pub(crate) fn input_converter(path: &LayerPath, reads: Reads, x: &mut [f32]) {
    pulp::Arch::new().dispatch(InputConverter { path, reads, x });
}

struct InputConverter<'a> {
    path: &'a LayerPath,
    reads: Reads,
    x: &'a mut [f32],
}

impl NullaryFnOnce for InputConverter<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { path, reads, x } = self;
        // What a rectifier has limited is inside.
        if path.input_limit.is_finite() && reads != Reads::Rectified {
            let [low, high] = path.input_bounds();
            for x in x.iter_mut() {
                let below = if *x < high { *x } else { high };
                *x = if below > low { below } else { low };
            }
        }
        if path.input_levels.is_finite() {
            let step = path.input_limit / path.input_levels.top;
            let inverse_step = 1.0 / step;
            for x in x {
                *x = (*x * inverse_step).round_ties_even() * step;
            }
        }
    }
}

/// Stops the gradient `dx` where `x` is outside the range.
pub(crate) struct Clip<'a> {
    pub range: [f32; 2],
    pub x: &'a [f32],
    pub dx: &'a mut [f32],
}

impl NullaryFnOnce for Clip<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let [low, high] = self.range;
        for (dx, &x) in self.dx.iter_mut().zip(self.x) {
            *dx = if low <= x && x <= high { *dx } else { 0.0 };
        }
    }
}

/// Sum in a fixed order that vectorises.
pub(crate) fn sum(x: &[f32]) -> f32 {
    pulp::Arch::new().dispatch(Sum(x))
}

struct Sum<'a>(&'a [f32]);

impl NullaryFnOnce for Sum<'_> {
    type Output = f32;

    #[inline(always)]
    fn call(self) -> f32 {
        let mut lanes = [0.0_f32; LANES];
        let (x, rest) = self.0.as_chunks::<LANES>();
        for x in x {
            for i in 0..LANES {
                lanes[i] += x[i];
            }
        }
        lanes.iter().sum::<f32>() + rest.iter().sum::<f32>()
    }
}

/// Turns standard normals in `stored` into weights as they would be stored.
pub(crate) struct Store<'a> {
    pub noise: WeightNoise,
    pub weights: &'a [f32],
    pub stored: &'a mut [f32],
}

impl NullaryFnOnce for Store<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { noise, weights, stored } = self;
        for (s, &w) in stored.iter_mut().zip(weights) {
            *s = noise.sigma(w).mul_add(*s, w);
        }
    }
}
