//! A layer whose weights of 8 bits are eight slices of one bit against the same layer in one pass.

use std::hint::black_box;

use cim_core::Hertz;
use cim_tile::Grid;
use serde::Serialize;

use crate::fixture::{StateNoise, chip, images, layer, sliced};
use crate::{median, on_threads, ratio, rounded, rounds};

/// Time of the slices per time of the one pass, on one thread.
#[derive(Serialize)]
pub struct Ratios {
    /// One pass with constant noise, time of an image (µs).
    one_pass_us_per_image: f64,
    /// Programming, thermal and constant output noise.
    constant_noise: f64,
    /// Read and shot noise besides, drawn afresh for every product.
    state_noise: f64,
}

const SLICES: usize = 8;

pub fn measure() -> Ratios {
    let (layer, data) = (layer(), images(2000));
    let noises = [(0.0, 0.0), (0.01, 1.0)];
    let chips: Vec<Vec<Grid>> = (noises.into_iter())
        .map(|(read, fano_factor)| StateNoise { read, fano_factor, bandwidth: Hertz(10e6) })
        .flat_map(|noise| [chip(&layer, noise), sliced(&layer, noise, SLICES)])
        .collect();
    let (layer, data) = (&layer, &data);
    let seconds = on_threads(1, || {
        let mut cases: Vec<Box<dyn FnMut()>> = Vec::new();
        for chip in &chips {
            cases.push(Box::new(move || drop(black_box(layer.logits(chip, data)))));
        }
        rounds(&mut cases)
    });
    Ratios {
        one_pass_us_per_image: rounded(median(&seconds[0]) * 1e6 / data.len() as f64),
        constant_noise: ratio(&seconds[1], &seconds[0]),
        state_noise: ratio(&seconds[3], &seconds[2]),
    }
}
