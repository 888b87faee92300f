//! What a user waits for: one layer of six tiles, and a network of three layers and 17 tiles.

#![allow(missing_docs, reason = "criterion's macros write undocumented functions")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use cim_core::{Amps, Hertz, Joules, Kelvin, Ohms, Seconds, Siemens, Volts};
use cim_opt::{
    CircuitTerms, DeviceTerms, Limits, Posynomial, WindowProblem, frugal, solve, solve_fast,
};
use criterion::{Criterion, criterion_group, criterion_main};

/// The specification's device and circuit with `tiles` tiles of 48 bins.
fn problem(tiles: usize) -> WindowProblem {
    let device = DeviceTerms {
        g_off: Siemens(1e-6),
        g_on: Siemens(100e-6),
        program: Posynomial { a0: 1e-12, a1: 0.0, a2: 1e-4, am: 1.25e-19 },
        read: Posynomial { a2: 1e-5, ..Posynomial::default() },
        cubic_per_v2: 0.5,
        v_min: Volts(0.05),
        v_max: Volts(0.4),
    };
    let circuit = CircuitTerms {
        temperature: Kelvin(300.0),
        bandwidth: Hertz(1e7),
        amplifier_factor: 0.5,
        input_noise: Amps(1e-7),
        wire: Ohms(0.35),
        supply: Volts(0.9),
        read_time: Seconds(1e-7),
    };
    let tile = |k: usize| {
        let share = 1.0 + k as f64 / tiles as f64;
        support::gaussian_tile(128.0, 0.1 * share, 0.2 / share, 6, 48)
    };
    let tiles = (0..tiles).map(tile).collect();
    WindowProblem { device, circuit, tiles, limits: Limits::default() }
}

fn routes(criterion: &mut Criterion) {
    for (name, tiles) in [("layer of 6 tiles", 6), ("network of 17 tiles", 17)] {
        let free = problem(tiles);
        let energy = solve(&free).map_or(Joules(0.0), |found| found.energy);
        let mut limited = free.clone();
        limited.limits.energy = Some(Joules(0.5 * energy.0));
        limited.limits.nonideality = Some(0.04);
        let mut group = criterion.benchmark_group(name);
        group.bench_function("conic", |b| b.iter(|| solve(black_box(&free))));
        group.bench_function("fast", |b| b.iter(|| solve_fast(black_box(&free))));
        group.bench_function("conic, limited", |b| b.iter(|| solve(black_box(&limited))));
        group.bench_function("fast, limited", |b| b.iter(|| solve_fast(black_box(&limited))));
        group.bench_function("frugal", |b| b.iter(|| frugal(black_box(&free), 0.05)));
        group.finish();
    }
}

criterion_group!(benches, routes);
criterion_main!(benches);
