//! Normal draws: ours by address against `rand_distr` with a fast generator.

use std::hint::black_box;

use cim_core::Stream;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, StandardNormal};

fn normals(c: &mut Criterion) {
    let mut group = c.benchmark_group("normals");
    for n in [32, 256, 8192, 65536] {
        group.throughput(Throughput::Elements(n as u64));
        let mut out = vec![0.0_f32; n];
        group.bench_with_input(BenchmarkId::new("stream", n), &n, |b, _| {
            let at = Stream::root(1);
            let mut row = 0;
            b.iter(|| {
                at.fill_standard_normal(row, black_box(&mut out));
                row += 1;
            });
        });
        group.bench_with_input(BenchmarkId::new("stream_uniform", n), &n, |b, _| {
            let at = Stream::root(1);
            let mut row = 0;
            b.iter(|| {
                at.fill_uniform(row, black_box(&mut out));
                row += 1;
            });
        });
        group.bench_with_input(BenchmarkId::new("rand_distr", n), &n, |b, _| {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
            b.iter(|| {
                for x in black_box(&mut out) {
                    *x = StandardNormal.sample(&mut rng);
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, normals);
criterion_main!(benches);
