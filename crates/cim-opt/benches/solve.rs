//! What a user waits for: one layer of six tiles, and a network of three layers and 17 tiles.

#![allow(missing_docs, reason = "criterion's macros write undocumented functions")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use cim_core::Joules;
use cim_opt::{frugal, solve, solve_fast};
use criterion::{Criterion, criterion_group, criterion_main};

fn routes(criterion: &mut Criterion) {
    for (name, tiles) in [("layer of 6 tiles", 6), ("network of 17 tiles", 17)] {
        let free = support::network(tiles);
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
