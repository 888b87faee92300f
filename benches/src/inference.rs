//! Noisy analog inference of 10,000 images against plain products.

use std::hint::black_box;

use cim_core::Hertz;
use serde::Serialize;

use crate::fixture::{StateNoise, chip, images, network};
use crate::{digital, median, on_threads, ratio, rounded, rounds};

/// Time per time of the plain products, whose best block is taken.
#[derive(Serialize)]
pub struct Ratios {
    threads: usize,
    digital_block: usize,
    digital_us_per_image: f64,
    /// Programming, thermal and constant output noise.
    constant_noise: f64,
    /// Read and shot noise besides, drawn afresh for every product.
    state_noise: f64,
    /// The same with shot noise at a bandwidth of 1 GHz, of the size of the read noise.
    state_noise_wide: f64,
}

const BLOCKS: [usize; 5] = [64, 128, 256, 512, 1024];

pub fn measure(threads: usize) -> Ratios {
    let (network, data) = (network(), images(10_000));
    let state = |read, fano_factor, bandwidth| {
        let bandwidth = Hertz(bandwidth);
        chip(&network, StateNoise { read, fano_factor, bandwidth })
    };
    let chips = [state(0.0, 0.0, 10e6), state(0.01, 1.0, 10e6), state(0.01, 1.0, 1e9)];
    let (network, data) = (&network, &data);
    let seconds = on_threads(threads, || {
        let mut cases: Vec<Box<dyn FnMut()>> = Vec::new();
        for block in BLOCKS {
            cases.push(Box::new(move || drop(black_box(digital::logits(network, data, block)))));
        }
        for chip in &chips {
            cases.push(Box::new(move || drop(black_box(network.logits(chip, data)))));
        }
        rounds(&mut cases)
    });
    let (digital, analog) = seconds.split_at(BLOCKS.len());
    let best =
        (0..BLOCKS.len()).min_by(|&a, &b| median(&digital[a]).total_cmp(&median(&digital[b])));
    let best = best.expect("several blocks");
    let base = &digital[best];
    Ratios {
        threads,
        digital_block: BLOCKS[best],
        digital_us_per_image: rounded(median(base) * 1e6 / data.len() as f64),
        constant_noise: ratio(&analog[0], base),
        state_noise: ratio(&analog[1], base),
        state_noise_wide: ratio(&analog[2], base),
    }
}
