//! Read-out of a 128 × 128 differential array for a batch of 256, against the bare product of the
//! same shape.

use std::hint::black_box;
use std::sync::Arc;

use cim_core::matmul::product;
use cim_core::{Hertz, Kelvin, Scratch, Siemens, Stream, Tally, Volts};
use cim_crossbar::{Ambient, Crossbar, Readout, Sensed, Wires};
use cim_device::models::{GaussianSpec, NoiseSpec};
use cim_device::{Conduction, Device};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

const ROWS: usize = 128;
const SENSED: usize = 128;
const BATCH: usize = 256;

/// An array with `read` noise relative to the conductance and shot noise of `fano_factor`.
fn readout(read: f64, fano_factor: f64) -> Readout {
    let device = GaussianSpec {
        g_off: Siemens(2e-6),
        g_on: Siemens(50e-6),
        programming: NoiseSpec::NONE,
        read: NoiseSpec { proportional: read, ..NoiseSpec::NONE },
        current_voltage: Conduction::Ohmic,
    };
    let device: Arc<dyn Device> = Arc::new(device.build().expect("a device"));
    let ambient = Ambient {
        temperature: Kelvin(300.0),
        bandwidth: Hertz(10e6),
        amplifier_factor: 1.0,
        fano_factor,
    };
    let targets = Array2::from_shape_fn((ROWS, 2 * SENSED), |(row, col)| {
        if (row + col) % 2 == 0 {
            2e-6
        } else {
            2e-6 + 48e-6 * (row * 37 + col * 11 % 97) as f64 / 8192.0
        }
    });
    let (at, tally) = (Stream::root(1), &mut Tally::default());
    let array = Crossbar::program(device, Wires::NONE, ambient, targets.view(), at, tally);
    let sensed: Vec<_> =
        (0..SENSED).map(|k| Sensed { plus: 2 * k, minus: Some(2 * k + 1) }).collect();
    let array = array.expect("an array");
    Readout::compile(&array, &sensed, 0.0).expect("columns exist")
}

fn readouts(c: &mut Criterion) {
    let mut row_v = vec![0.0_f32; BATCH * ROWS];
    Stream::root(2).fill_uniform(0, &mut row_v);
    row_v.iter_mut().for_each(|v| *v *= 0.2);
    let mut sensed_a = vec![0.0_f32; BATCH * SENSED];
    let mut group = c.benchmark_group("readout_128x128_batch_256");

    let weights = Array2::from_elem((ROWS, SENSED), 1e-6_f32);
    group.bench_function("bare_product", |b| {
        b.iter(|| {
            let x = ArrayView2::from_shape((BATCH, ROWS), black_box(&row_v)).expect("batch × rows");
            let y = ArrayViewMut2::from_shape((BATCH, SENSED), &mut sensed_a);
            product(x, weights.view(), y.expect("batch × sensed"));
        });
    });
    let mut scratch = Scratch::default();
    for (name, readout) in [
        ("thermal", readout(0.0, 0.0)),
        ("read", readout(0.01, 0.0)),
        ("read_and_shot_two_products", readout(0.01, 1.0)),
        ("read_and_shot_one_product", readout(0.01, 1.0).driven_within(Volts(0.2))),
    ] {
        let mut call = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                call += 1;
                let at = Stream::root(3).child("call", call);
                readout.currents(black_box(&row_v), BATCH, at, &mut sensed_a, &mut scratch);
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(std::time::Duration::from_secs(3));
    targets = readouts
}
criterion_main!(benches);
