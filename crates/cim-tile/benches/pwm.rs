//! A pulse-width tile of 512 × 512 pairs for a batch of 128, against the bare product of the same
//! shape; stepping through time for one vector of it.

use std::hint::black_box;

use cim_core::matmul::product;
use cim_core::{Scratch, Stream};
use cim_device::NanosecondRead;
use cim_tile::pwm::{InputMode, PwmSpec, PwmTile};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

const ROWS: usize = 512;
const COLS: usize = 512;
const BATCH: usize = 128;

fn uniform(shape: (usize, usize), at: Stream) -> Array2<f32> {
    let mut values = vec![0.0; shape.0 * shape.1];
    at.fill_uniform(0, &mut values);
    Array2::from_shape_vec(shape, values).expect("as many as asked for")
}

fn tile(input: InputMode, read: NanosecondRead) -> PwmTile {
    let weights = uniform((ROWS, COLS), Stream::root(1)).mapv(|u| f64::from(2.0 * u - 1.0));
    let g_plus = weights.mapv(|w| 0.1e-6 + 14.9e-6 * w.max(0.0));
    let g_minus = weights.mapv(|w| 0.1e-6 + 14.9e-6 * (-w).max(0.0));
    let spec = PwmSpec { input, read, ..PwmSpec::luquin() };
    spec.build(g_plus.view(), g_minus.view()).expect("a tile")
}

fn tiles(c: &mut Criterion) {
    let inputs = uniform((BATCH, ROWS), Stream::root(2));
    let codes = inputs.mapv(|u| (254.0 * u - 127.0).round() as i32);
    let mut group = c.benchmark_group("pwm_512x512_batch_128");

    let weights = uniform((ROWS, COLS), Stream::root(1));
    let mut sums = vec![0.0; BATCH * COLS];
    group.bench_function("bare_product", |b| {
        b.iter(|| {
            let y = ArrayViewMut2::from_shape((BATCH, COLS), &mut sums);
            let x: ArrayView2<'_, f32> = black_box(inputs.view());
            product(x, weights.view(), y.expect("batch × columns"));
        });
    });
    let mut scratch = Scratch::default();
    for (name, input, read) in [
        ("one_pass", InputMode::OnePass, NanosecondRead::NONE),
        ("split", InputMode::Split { low_bits: 3 }, NanosecondRead::NONE),
        ("bit_wise", InputMode::BitWise, NanosecondRead::NONE),
        ("one_pass_read_noise", InputMode::OnePass, NanosecondRead::PCM),
        ("split_read_noise", InputMode::Split { low_bits: 3 }, NanosecondRead::PCM),
    ] {
        let tile = tile(input, read);
        let drive = tile.drive(codes.clone()).expect("codes in range");
        let mut charge_c = vec![0.0; tile.bursts().len() * BATCH * COLS];
        let mut call = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                call += 1;
                let at = Stream::root(3).child("call", call);
                tile.charges(black_box(&drive), at, &mut charge_c, &mut scratch);
            });
        });
    }
    let tile = tile(InputMode::OnePass, NanosecondRead::NONE);
    let drive = tile.drive(codes).expect("codes in range");
    group.bench_function("time_steps_of_one_vector", |b| {
        b.iter(|| tile.waveform(black_box(&drive), 0, 0).expect("a burst"));
    });
    group.bench_function("every_time_step_of_one_vector", |b| {
        b.iter(|| tile.waveform_at_every_step(black_box(&drive), 0, 0).expect("a burst"));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(std::time::Duration::from_secs(2)).sample_size(20);
    targets = tiles
}
criterion_main!(benches);
