//! A million cells at once: phase-change memory programmed and aged, with and without telegraph noise,
//! Synaptogen sampled and cycled, each beside the time of drawing as many normal numbers as it needs.

use std::hint::black_box;
use std::sync::Arc;

use cim_core::{Seconds, Stream, Tally};
use cim_device::{Device, PcmSpec, SynaptogenSpec, TelegraphSpec};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;

const SIDE: usize = 1000;

/// Rows of normal numbers, `per_cell` of them for each cell.
fn draw(per_cell: u64) -> f32 {
    let mut row = vec![0.0f32; SIDE];
    let mut last = 0.0;
    for kind in 0..per_cell {
        let at = Stream::root(1).child("kind", kind);
        for k in 0..SIDE as u64 {
            at.fill_standard_normal(k, black_box(&mut row));
            last += row[SIDE - 1];
        }
    }
    last
}

fn arrays(c: &mut Criterion) {
    let mut group = c.benchmark_group("million_cells");
    group.throughput(Throughput::Elements((SIDE * SIDE) as u64)).sample_size(10);

    let pcm = PcmSpec::PUBLISHED.build().expect("the published model");
    let targets = Array2::from_shape_fn((SIDE, SIDE), |(row, col)| {
        25e-6 * ((row * SIDE + col) % 1009) as f64 / 1008.0
    });
    group.bench_function("pcm_program_and_age", |b| {
        b.iter(|| {
            let at = Stream::root(1);
            let g_s = pcm.program(targets.view(), at, &mut Tally::default());
            pcm.aged(g_s.view(), Seconds(86_400.0), at).expect("a day")
        });
    });
    let programmed = pcm.program(targets.view(), Stream::root(1), &mut Tally::default());
    group.bench_function("pcm_read_variance", |b| {
        b.iter(|| pcm.read_variances_aged(programmed.view(), programmed.view(), Seconds(86_400.0)));
    });
    let spec = TelegraphSpec { share: 0.3, depth: 0.1, high: Seconds(2.0), low: Seconds(1.0) };
    let telegraph = spec.build(Arc::new(pcm)).expect("a device");
    group.bench_function("pcm_age_with_telegraph_noise", |b| {
        b.iter(|| telegraph.aged(programmed.view(), Seconds(86_400.0), Stream::root(1)));
    });
    group.bench_function("pcm_normals", |b| b.iter(|| draw(2)));

    let synaptogen = SynaptogenSpec::PUBLISHED.build().expect("the published model");
    group.bench_function("synaptogen_sample_and_cycle", |b| {
        b.iter(|| {
            let mut cells = synaptogen.cells(SIDE, SIDE, Stream::root(1));
            cells.pulse_all(-2.0);
            cells.pulse_all(2.0);
            cells
        });
    });
    let mut cells = synaptogen.cells(SIDE, SIDE, Stream::root(1));
    cells.pulse_all(-2.0);
    let volts = Array2::from_elem((SIDE, SIDE), 0.2);
    group.bench_function("synaptogen_read", |b| {
        b.iter(|| cells.read(volts.view(), Stream::root(2)).expect("one voltage per cell"));
    });
    group.bench_function("synaptogen_partial_reset", |b| {
        b.iter_batched_ref(|| cells.clone(), |cells| cells.pulse_all(0.9), BatchSize::LargeInput);
    });
    group.bench_function("synaptogen_normals", |b| b.iter(|| draw(16)));
    group.finish();
}

criterion_group!(benches, arrays);
criterion_main!(benches);
