//! Arrays on wires: how long they take to reduce, and what they cost at inference.

use std::hint::black_box;

use cim_core::{Hertz, Ohms};
use cim_crossbar::solve::{iterative, nodal};
use cim_crossbar::{Bias, Circuit, Nodal, Transfer, Vectors, Wires};
use ndarray::Array2;
use serde::Serialize;

use crate::fixture::{StateNoise, chip, chip_on, images, network};
use crate::{median, on_threads, ratio, rounded, rounds};

/// On one thread.
#[derive(Serialize)]
pub struct Ratios {
    /// Reducing an array to its transfer matrix (ms).
    compile_128_ms: f64,
    compile_256_ms: f64,
    compile_512_ms: f64,
    /// All voltages and currents of an array for one vector, checked (ms).
    one_vector_64_ms: f64,
    one_vector_128_ms: f64,
    one_vector_512_ms: f64,
    /// Column currents of one vector within 1e-3 of the largest, with the bound proven (ms).
    within_1e3_64_ms: f64,
    within_1e3_128_ms: f64,
    /// The same within 1e-9.
    within_1e9_128_ms: f64,
    /// The same of 1 × 100,000 cells, exact.
    one_vector_long_ms: f64,
    /// The same for each of eight vectors of an array that is reduced already (ms).
    further_vector_256_ms: f64,
    /// Currents and summary of one vector, as `cim solve` gives them, per reducing the array.
    currents_256_per_compile: f64,
    /// Longest per shortest time of a 128 × 128 array over wires of 1e-6 to 1e-1 of the smallest
    /// cell resistance.
    over_wires: f64,
    /// Noisy inference of 10,000 images on resistive wires, per the same on ideal wires.
    inference: f64,
    /// The same with read and shot noise.
    inference_state_noise: f64,
}

/// Cells from 1 to 100 µS.
pub fn circuit(size: usize, ohm: f64) -> Circuit {
    let g = Array2::from_shape_fn((size, size), |(row, col)| {
        1e-6 * (1 + (row * 37 + col * 11) % 100) as f64
    });
    Circuit::new(g, Wires::new(Ohms(ohm), Ohms(ohm))).expect("a circuit")
}

fn compile(circuit: &Circuit) {
    black_box(Transfer::compile(circuit).expect("compiled"));
}

pub fn measure() -> Ratios {
    let sizes = [128, 256, 512].map(|size| circuit(size, 1.0));
    let smallest_ohm = 1e4;
    let wires = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1].map(|x| circuit(128, x * smallest_ohm));
    let bias = |rows: usize, cols: usize| Bias::read(&vec![0.2; rows], cols);
    let long = Array2::from_shape_fn((1, 100_000), |(_, col)| 1e-9 * (1 + col % 100) as f64);
    let long = Circuit::new(long, Wires::new(Ohms(0.02), Ohms(1.0))).expect("a circuit");
    let one_vector = [&circuit(64, 1.0), &sizes[0], &sizes[2], &long].map(Circuit::clone);
    let eight = vec![bias(256, 256); 8];
    let reduced = Nodal::new(sizes[1].clone(), &eight[0]).expect("reduced");
    on_threads(1, || {
        let (sizes, wires, eight, reduced) = (&sizes, &wires, &eight, &reduced);
        let mut cases: Vec<Box<dyn FnMut()>> = Vec::new();
        for circuit in sizes.iter().chain(wires) {
            cases.push(Box::new(move || compile(circuit)));
        }
        for circuit in &one_vector {
            let bias = bias(circuit.shape().0, circuit.shape().1);
            cases.push(Box::new(move || {
                drop(black_box(nodal::solve(circuit.clone(), &bias).expect("solved")));
            }));
        }
        cases.push(Box::new(move || drop(black_box(reduced.solve_all(eight).expect("solved")))));
        cases.push(Box::new(move || {
            let row_v = Array2::from_elem((1, 256), 0.2);
            let found = Vectors::ohmic(&sizes[1], &eight[..1], Some(row_v.view()), false);
            drop(black_box(found.expect("solved")));
        }));
        for (size, tolerance) in [(64, 1e-3), (128, 1e-3), (128, 1e-9)] {
            let (circuit, row_v) = (circuit(size, 1.0), Array2::from_elem((1, size), 0.2));
            cases.push(Box::new(move || {
                let found = iterative::column_currents(&circuit, row_v.view(), tolerance);
                drop(black_box(found.expect("found")));
            }));
        }
        let seconds = rounds(&mut cases);
        let currents_per_compile = ratio(&seconds[14], &seconds[1]);
        let solved: Vec<f64> = seconds.iter().map(|s| median(s)).collect();
        let over = &solved[3..9];
        let longest = over.iter().fold(0.0_f64, |most, &s| most.max(s));
        let shortest = over.iter().fold(f64::INFINITY, |least, &s| least.min(s));

        let (network, data) = (&network(), &images(10_000));
        let quiet = StateNoise { read: 0.0, fano_factor: 0.0, bandwidth: Hertz(10e6) };
        let noisy = StateNoise { read: 0.01, fano_factor: 1.0, bandwidth: Hertz(10e6) };
        let wired = Wires::new(Ohms(1.0), Ohms(1.0));
        let chips = [
            chip(network, quiet),
            chip_on(network, quiet, wired),
            chip(network, noisy),
            chip_on(network, noisy, wired),
        ];
        let mut cases: Vec<Box<dyn FnMut()>> = Vec::new();
        for chip in &chips {
            cases.push(Box::new(move || drop(black_box(network.logits(chip, data)))));
        }
        let inference = rounds(&mut cases);
        Ratios {
            compile_128_ms: rounded(1e3 * solved[0]),
            compile_256_ms: rounded(1e3 * solved[1]),
            compile_512_ms: rounded(1e3 * solved[2]),
            one_vector_64_ms: rounded(1e3 * solved[9]),
            one_vector_128_ms: rounded(1e3 * solved[10]),
            one_vector_512_ms: rounded(1e3 * solved[11]),
            within_1e3_64_ms: rounded(1e3 * solved[15]),
            within_1e3_128_ms: rounded(1e3 * solved[16]),
            within_1e9_128_ms: rounded(1e3 * solved[17]),
            one_vector_long_ms: rounded(1e3 * solved[12]),
            further_vector_256_ms: rounded(1e3 * solved[13] / 8.0),
            currents_256_per_compile: currents_per_compile,
            over_wires: rounded(longest / shortest),
            inference: ratio(&inference[1], &inference[0]),
            inference_state_noise: ratio(&inference[3], &inference[2]),
        }
    })
}
