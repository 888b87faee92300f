//! Noisy analog inference of 10,000 images against plain products.

use std::hint::black_box;

use cim_core::Hertz;
use cim_crossbar::Wires;
use serde::Serialize;

use crate::fixture::{StateNoise, chip, chip_with, images, network};
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
    /// One image after the other with all of these noises, time of an image (µs).
    single_input_us: f64,
    /// The noises on tiles of 16 rows per those on tiles of 128.
    rows_16: f64,
}

/// Images one by one.
const SINGLE: u32 = 1000;

const BLOCKS: [usize; 5] = [64, 128, 256, 512, 1024];

pub fn measure(threads: usize) -> Ratios {
    let (network, data) = (network(), images(10_000));
    let state = |read, fano_factor, bandwidth| {
        let bandwidth = Hertz(bandwidth);
        chip(&network, StateNoise { read, fano_factor, bandwidth })
    };
    let chips = [state(0.0, 0.0, 10e6), state(0.01, 1.0, 10e6), state(0.01, 1.0, 1e9)];
    let low = chip_with(
        &network,
        StateNoise { read: 0.01, fano_factor: 1.0, bandwidth: Hertz(10e6) },
        Wires::NONE,
        16,
    );
    let one = images(1);
    let (network, data, one, low) = (&network, &data, &one, &low);
    let seconds = on_threads(threads, || {
        let mut cases: Vec<Box<dyn FnMut()>> = Vec::new();
        for block in BLOCKS {
            cases.push(Box::new(move || drop(black_box(digital::logits(network, data, block)))));
        }
        for chip in &chips {
            cases.push(Box::new(move || drop(black_box(network.logits(chip, data)))));
        }
        cases.push(Box::new(move || drop(black_box(network.logits(low, data)))));
        let single = &chips[1];
        cases.push(Box::new(move || {
            (0..SINGLE).for_each(|_| drop(black_box(network.logits(single, one))));
        }));
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
        single_input_us: rounded(median(&analog[4]) * 1e6 / f64::from(SINGLE)),
        rows_16: ratio(&analog[3], &analog[1]),
    }
}
