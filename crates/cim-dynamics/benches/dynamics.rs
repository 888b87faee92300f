//! A training step of one sample: the grid against the exact solver and its scan; ratios count.

use std::hint::black_box;

use cim_core::Stream;
use cim_dynamics::Membrane;
use cim_dynamics::membrane::dstd::{self, Adjoints, Grid, Layer, Tape};
use cim_dynamics::membrane::{exact, scan};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array2;

const NEURONS: usize = 200;

fn solvers(c: &mut Criterion) {
    for inputs in [100, 1000] {
        let membrane = Membrane::with_rails(4.0).expect("rails above the threshold");
        let (mut u, mut z) = (vec![0.0_f32; inputs], vec![0.0_f32; inputs * NEURONS]);
        Stream::root(1).fill_uniform(0, &mut u);
        Stream::root(1).fill_standard_normal(1, &mut z);
        let weights = Array2::from_shape_fn((inputs, NEURONS), |(j, i)| {
            8.0 / inputs as f32 * (1.0 + 1.5 * z[j * NEURONS + i])
        });
        let wide = weights.mapv(f64::from);
        let times: Vec<f64> = u.iter().map(|t| f64::from(*t)).collect();
        let (ones, zeros) = (vec![1.0; NEURONS], vec![0.0; NEURONS]);
        let mut group = c.benchmark_group(format!("{inputs} inputs"));
        group.sample_size(10);
        group.bench_function("exact", |b| {
            b.iter(|| {
                let (_, tape) =
                    exact::first_spikes(&membrane, &times, wide.view(), 1.0).expect("good");
                black_box(exact::gradient(&membrane, wide.view(), &tape, &ones, &zeros))
            });
        });
        group.bench_function("scan", |b| {
            b.iter(|| {
                let (_, tape) =
                    scan::first_spikes(&membrane, &times, wide.view(), 1.0).expect("good");
                black_box(scan::gradient(&membrane, wide.view(), &tape, &ones, &zeros))
            });
        });
        let [ones, zeros] = [[1.0_f32; NEURONS], [0.0_f32; NEURONS]];
        for per_window in [10, 40] {
            let grid = Grid::new(per_window, 1.0).expect("a grid");
            let layer = Layer::new(&membrane, grid, weights.view()).expect("finite");
            let (mut tape, mut adjoints) = (Tape::default(), Adjoints::default());
            let (mut by_weight, mut by_input) = (Array2::zeros(weights.dim()), vec![0.0; inputs]);
            group.bench_function(format!("grid of {per_window}"), |b| {
                b.iter(|| {
                    dstd::first_spikes(&layer, &u, &mut tape).expect("good");
                    dstd::gradient(
                        &layer,
                        &tape,
                        &ones,
                        &zeros,
                        &mut adjoints,
                        by_weight.view_mut(),
                        &mut by_input,
                    )
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, solvers);
criterion_main!(benches);
