//! Solvers of arrays on wires, beside the matrix product of the same shape. `cargo xtask bench cholesky` has them
//! beside the sparse Cholesky factorisation of faer.

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
    rectangle(size, size)
}

fn rectangle(rows: usize, cols: usize) -> Circuit {
    Circuit::new(cells(rows, cols), Wires::new(Ohms(1.0), Ohms(1.0))).expect("a circuit")
}

/// Eight vectors of an array that is factorised already.
fn further(c: &mut Criterion) {
    let mut group = c.benchmark_group("further");
    group.sample_size(10);
    for size in [64, 128, 256] {
        let biases = vec![Bias::read(&vec![0.2; size], size); 8];
        let nodal = Nodal::new(circuit(size), &biases[0]).expect("reduced");
        group.bench_function(BenchmarkId::new("nodal_eight_further_vectors", size), |b| {
            b.iter(|| black_box(nodal.solve_all(&biases).expect("solved")));
        });
    }
    group.finish();
}

/// Long arrays, and the currents of one vector with what `cim solve` tells of it.
fn long(c: &mut Criterion) {
    let mut group = c.benchmark_group("long");
    group.sample_size(10);
    for (rows, cols) in [(1, 8_000), (8_000, 1), (4, 20_000)] {
        let (circuit, name) = (rectangle(rows, cols), format!("{rows}x{cols}"));
        let bias = Bias::read(&vec![0.2; rows], cols);
        group.bench_function(BenchmarkId::new("nodal_one_vector", &name), |b| {
            b.iter(|| {
                let nodal = Nodal::new(circuit.clone(), &bias).expect("reduced");
                black_box(nodal.solve(&bias).expect("solved"))
            });
        });
    }
    let (circuit, bias) = (circuit(256), Bias::read(&[0.2; 256], 256));
    group.bench_function("transfer_compile_256", |b| {
        b.iter(|| black_box(Transfer::compile(black_box(&circuit)).expect("compiled")));
    });
    group.bench_function("currents_and_summary_256", |b| {
        let row_v = Array2::from_elem((1, 256), 0.2);
        b.iter(|| {
            let nodal = Nodal::new(circuit.clone(), &bias).expect("reduced");
            let column_a = nodal.column_currents(row_v.view()).expect("solved");
            black_box((column_a, nodal.solve(&bias).expect("solved")))
        });
    });
    group.finish();
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

criterion_group!(benches, linear, further, long, non_linear, targets);
criterion_main!(benches);
