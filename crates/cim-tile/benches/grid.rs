//! One layer of 784 × 256 on 7 × 2 tiles for a batch of 256, against the exact product.

use std::hint::black_box;
use std::sync::Arc;

use cim_adc::{DacSpec, Polarity};
use cim_core::{Amps, Exact, Hertz, Kelvin, MatMul, Scratch, Siemens, Stream, Tally, Volts};
use cim_crossbar::{Ambient, Wires};
use cim_device::models::{GaussianSpec, NoiseSpec};
use cim_device::{Conduction, Device};
use cim_tile::{Grid, LayerDesign, Parts, Targets};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array2;

const INPUTS: usize = 784;
const OUTPUTS: usize = 256;
const BATCH: usize = 256;

fn uniform(rows: usize, cols: usize, at: Stream) -> Array2<f32> {
    let mut values = vec![0.0; rows * cols];
    at.fill_uniform(0, &mut values);
    Array2::from_shape_vec((rows, cols), values).expect("rows × cols values")
}

/// A layer with `read` noise relative to the conductance and shot noise of `fano_factor`.
fn grid(weights: &Array2<f32>, read: f64, fano_factor: f64) -> Grid {
    let device = GaussianSpec {
        g_off: Siemens(2e-6),
        g_on: Siemens(50e-6),
        programming: NoiseSpec { constant: Siemens(3e-6), ..NoiseSpec::NONE },
        read: NoiseSpec { proportional: read, ..NoiseSpec::NONE },
        current_voltage: Conduction::Ohmic,
    };
    let device = device.build().expect("a device");
    let parts = Parts {
        mapping: Arc::new(cim_tile::Differential::FINE),
        window: device.window(),
        device: Arc::new(device),
        read_voltage: Volts(0.2),
        dac: DacSpec { bits: 8, polarity: Polarity::Unipolar },
        adc_bits: 8,
        adc_noise: Amps(1e-7),
        ambient: Ambient {
            temperature: Kelvin(300.0),
            bandwidth: Hertz(10e6),
            amplifier_factor: 1.0,
            fano_factor,
        },
        wires: Wires::NONE,
        front_end: cim_tile::FrontEnd::IDEAL,
        targets: Targets::Nominal,
        rows: 128,
        outputs: 128,
    };
    let design = LayerDesign {
        weight_clip: 0.5,
        input_limit: 1.0,
        drive_gain: 1.0,
        full_scale: Array2::from_elem(parts.grid_shape(INPUTS, OUTPUTS), Amps(1e-4)),
    };
    Grid::program(&parts, &design, weights.view(), Stream::root(1), &mut Tally::default())
        .expect("a grid")
}

fn grids(c: &mut Criterion) {
    let weights = uniform(INPUTS, OUTPUTS, Stream::root(2)) - 0.5;
    let x = uniform(BATCH, INPUTS, Stream::root(3));
    let mut y = Array2::zeros((BATCH, OUTPUTS));
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let mut group = c.benchmark_group("layer_784x256_batch_256");
    let products: [(&str, Box<dyn MatMul>); 3] = [
        ("exact", Box::new(Exact(weights.clone()))),
        ("constant_noise", Box::new(grid(&weights, 0.0, 0.0))),
        ("state_noise", Box::new(grid(&weights, 0.01, 1.0))),
    ];
    for (name, product) in products {
        let mut call = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                call += 1;
                product.apply(black_box(x.view()), call, y.view_mut(), &mut scratch, &mut tally);
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(std::time::Duration::from_secs(3));
    targets = grids
}
criterion_main!(benches);
