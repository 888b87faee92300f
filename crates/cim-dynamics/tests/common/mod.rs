//! What tests share: random layers whose neurons fire about the middle of the window.
#![allow(dead_code, reason = "each test binary uses its own part")]

use cim_core::Stream;
use ndarray::Array2;

/// Spike times in the window and weights, inputs × neurons, a quarter of them inhibitory.
pub fn layer(inputs: usize, neurons: usize, seed: u64) -> (Vec<f64>, Array2<f64>) {
    spread_layer(inputs, neurons, 1.5, seed)
}

/// As [`layer`], with weights of a standard deviation of `spread` means.
pub fn spread_layer(
    inputs: usize,
    neurons: usize,
    spread: f64,
    seed: u64,
) -> (Vec<f64>, Array2<f64>) {
    let at = Stream::root(seed);
    let (mut u, mut z) = (vec![0.0_f32; inputs], vec![0.0_f32; inputs * neurons]);
    at.fill_uniform(0, &mut u);
    at.fill_standard_normal(1, &mut z);
    // Inputs spread over the window: a mean of 8 over their number crosses at half of it; 6 to 12, so that
    // neurons fire at different times.
    let weights = Array2::from_shape_fn((inputs, neurons), |(j, i)| {
        let scale = (6.0 + 6.0 * (0.618 * i as f64).fract()) / inputs as f64;
        scale * (1.0 + spread * f64::from(z[j * neurons + i]))
    });
    (u.into_iter().map(f64::from).collect(), weights)
}
