//! Programming a whole chip, against drawing its errors alone.

use std::hint::black_box;

use cim_core::{Hertz, Ohms, Stream};
use cim_crossbar::Wires;
use serde::Serialize;

use crate::fixture::{StateNoise, chip, chip_on, network};
use crate::{median, on_threads, ratio, rounded, rounds};

/// 784-256-128-10 on one thread.
#[derive(Serialize)]
pub struct Ratios {
    /// On ideal wires, with read and shot noise (ms).
    ideal_ms: f64,
    /// On wires of 1 Ω a cell (ms).
    wires_ms: f64,
    /// The former per adding a normal number to every cell in single precision, and no more.
    ideal: f64,
}

pub fn measure() -> Ratios {
    let network = &network();
    let noisy = StateNoise { read: 0.01, fano_factor: 1.0, bandwidth: Hertz(10e6) };
    let cells: usize = network.layers().iter().map(|layer| 2 * layer.weights.len()).sum();
    let targets = vec![1e-6_f32; cells];
    let (mut held, mut normals) = (vec![0.0_f32; cells], vec![0.0_f32; cells]);
    let seconds = on_threads(1, || {
        rounds(&mut [
            Box::new(|| drop(black_box(chip(network, noisy)))),
            Box::new(|| drop(black_box(chip_on(network, noisy, Wires::new(Ohms(1.0), Ohms(1.0)))))),
            Box::new(move || {
                Stream::root(1).fill_standard_normal(0, &mut normals);
                for ((held, &target), &n) in held.iter_mut().zip(&targets).zip(&normals) {
                    *held = target + 3e-6 * n;
                }
                black_box(&mut held);
            }),
        ])
    });
    Ratios {
        ideal_ms: rounded(1e3 * median(&seconds[0])),
        wires_ms: rounded(1e3 * median(&seconds[1])),
        ideal: ratio(&seconds[0], &seconds[2]),
    }
}
