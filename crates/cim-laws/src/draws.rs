//! Matrices of numbers by address.

use cim_core::Stream;
use ndarray::Array2;

/// Standard normal numbers.
pub fn normals(rows: usize, cols: usize, at: Stream) -> Array2<f32> {
    let mut m = Array2::zeros((rows, cols));
    at.fill_standard_normal(0, m.as_slice_mut().expect("standard layout"));
    m
}

/// Numbers uniform in `[low, high)`.
pub fn uniforms(rows: usize, cols: usize, low: f32, high: f32, at: Stream) -> Array2<f32> {
    let mut m = Array2::zeros((rows, cols));
    at.fill_uniform(0, m.as_slice_mut().expect("standard layout"));
    m.mapv(|u: f32| low + (high - low) * u)
}

/// Whole numbers uniform in `low..=high`, as floats.
pub fn integers(rows: usize, cols: usize, low: i32, high: i32, at: Stream) -> Array2<f32> {
    // The draws are below 1, and the ranges asked for are far below 2^24: `high` is not passed.
    uniforms(rows, cols, low as f32, high as f32 + 1.0, at).mapv(f32::floor)
}
