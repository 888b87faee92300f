//! Solvers of arrays on wires, each beside the matrix product of the same shape for one vector and
//! for as many vectors as rows.

use std::hint::black_box;

use cim_core::Ohms;
use cim_crossbar::solve::{newton, ohmic};
use cim_crossbar::{Bias, Circuit, Nodal, Sensed, Transfer, Wires, wire_targets};
use cim_device::{Conduction, Window};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ndarray::{Array1, Array2};

fn cells(rows: usize, cols: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, cols), |(row, col)| {
        1e-6 * (1 + (row * 37 + col * 11) % 100) as f64
    })
}

fn circuit(size: usize) -> Circuit {
    Circuit::new(cells(size, size), Wires::new(Ohms(1.0), Ohms(1.0))).expect("a circuit")
}

fn linear(c: &mut Criterion) {
    let mut group = c.benchmark_group("linear");
    group.sample_size(20);
    for size in [32, 64, 128, 256, 512] {
        let circuit = circuit(size);
        let g = circuit.conductances().to_owned();
        let row_v = Array1::from_elem(size, 0.2);
        group.bench_function(BenchmarkId::new("product_of_matrices", size), |b| {
            b.iter(|| black_box(g.dot(black_box(&g))));
        });
        group.bench_function(BenchmarkId::new("ohmic_one_vector", size), |b| {
            b.iter(|| black_box(ohmic::column_currents(g.view(), black_box(row_v.view()))));
        });
        group.bench_function(BenchmarkId::new("transfer_compile", size), |b| {
            b.iter(|| black_box(Transfer::compile(black_box(&circuit)).expect("compiled")));
        });
        let bias = Bias::read(&vec![0.2; size], size);
        group.bench_function(BenchmarkId::new("nodal_one_vector", size), |b| {
            b.iter(|| {
                let nodal = Nodal::new(circuit.clone(), &bias).expect("reduced");
                black_box(nodal.solve(&bias).expect("solved"))
            });
        });
    }
    group.finish();
}

fn non_linear(c: &mut Criterion) {
    let mut group = c.benchmark_group("non_linear");
    group.sample_size(10);
    let law = Conduction::Sinh { scale: cim_core::Volts(0.1) };
    for size in [32, 64, 128] {
        let (circuit, bias) = (circuit(size), Bias::read(&vec![0.3; size], size));
        group.bench_function(BenchmarkId::new("newton_one_vector", size), |b| {
            b.iter(|| black_box(newton::solve(&circuit, &law, &bias).expect("solved")));
        });
    }
    group.finish();
}

fn targets(c: &mut Criterion) {
    let mut group = c.benchmark_group("targets");
    group.sample_size(10);
    let window = Window::new(cim_core::Siemens(1e-6), cim_core::Siemens(1e-4)).expect("a window");
    let sensed: Vec<_> = (0..64).map(|k| Sensed { plus: 2 * k, minus: Some(2 * k + 1) }).collect();
    let wires = Wires::new(Ohms(1.0), Ohms(1.0));
    let nominal = cells(128, 128).mapv(|g| g * g * 1e4 + 1e-6 * (1.0 - g * 1e4));
    group.bench_function("wire_targets_128", |b| {
        b.iter(|| black_box(wire_targets(nominal.view(), &sensed, wires, window).expect("solved")));
    });
    group.finish();
}

criterion_group!(benches, linear, non_linear, targets);
criterion_main!(benches);
