//! Solvers of the membrane against each other, finite differences and their definition.
#![expect(clippy::print_stdout, reason = "figures are shown on request")]

mod common;

use cim_core::Siemens;
use cim_dynamics::membrane::dstd::{self, Adjoints, Grid, Layer, Tape};
use cim_dynamics::membrane::{exact, scan};
use cim_dynamics::{DynamicsError, Membrane, MembraneSpec};
use common::{layer, spread_layer};
use ndarray::Array2;

fn leaky() -> Membrane {
    let spec = *Membrane::with_rails(2.5).unwrap().spec();
    MembraneSpec { leak: Siemens(0.2 * spec.capacitance.0 / spec.window.0), ..spec }
        .build()
        .unwrap()
}

/// A loss with a different slope for every neuron, silent ones included.
fn loss(spikes: &exact::Spikes) -> f64 {
    let term = |(i, (t, v)): (usize, (&f64, &f64))| {
        let factor = (i as f64 * 0.7).sin() + 1.2;
        factor * if t.is_finite() { t * t } else { (1.0 - v).powi(2) }
    };
    spikes.time.iter().zip(&spikes.rest).enumerate().map(term).sum()
}

fn slopes(spikes: &exact::Spikes) -> (Vec<f64>, Vec<f64>) {
    let factor = |i: usize| (i as f64 * 0.7).sin() + 1.2;
    let by_time = spikes
        .time
        .iter()
        .enumerate()
        .map(|(i, t)| if t.is_finite() { 2.0 * factor(i) * t } else { 0.0 });
    let by_rest = spikes.rest.iter().enumerate().map(|(i, v)| -2.0 * factor(i) * (1.0 - v));
    (by_time.collect(), by_rest.collect())
}

#[test]
fn the_gradient_is_that_of_finite_differences() {
    for membrane in [leaky(), Membrane::with_rails(f64::INFINITY).unwrap()] {
        let (mut times, mut weights) = layer(40, 12, 3);
        weights.column_mut(5).mapv_inplace(|w| w * 0.1);
        let run = |times: &[f64], weights: &Array2<f64>| {
            loss(&exact::first_spikes(&membrane, times, weights.view(), 1.2).unwrap().0)
        };
        let (spikes, tape) = exact::first_spikes(&membrane, &times, weights.view(), 1.2).unwrap();
        assert!(spikes.time.iter().any(|t| t.is_finite()) && spikes.time[5].is_infinite());
        let (by_time, by_rest) = slopes(&spikes);
        let gradient =
            exact::gradient(&membrane, weights.view(), &tape, &by_time, &by_rest).unwrap();
        // Fourth order: truncation h⁴, rounding 1e-16 / h; of all slopes beside the largest.
        let h = 2e-4;
        let differ = |f: &mut dyn FnMut(f64) -> f64| {
            (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h)
        };
        // Away from ties: no event lies within the step of an input or of a spike.
        let near = |a: f64, b: f64| (a - b).abs() < 3.0 * h;
        let mut compared = 0;
        let scale = gradient.times.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
        for j in 0..times.len() {
            let t = times[j];
            let tie = times.iter().enumerate().any(|(k, &other)| k != j && near(other, t));
            if tie || spikes.time.iter().any(|&spike| near(spike, t)) {
                continue;
            }
            let numerical = differ(&mut |step| {
                times[j] = t + step;
                let value = run(&times, &weights);
                times[j] = t;
                value
            });
            let error = (gradient.times[j] - numerical).abs() / scale;
            assert!(error < 1e-6, "time {j}: {} {numerical}", gradient.times[j]);
            compared += 1;
        }
        assert!(compared > 10, "{compared}");
        let scale = gradient.weights.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
        for j in (0..times.len()).step_by(7) {
            for i in 0..12 {
                let w = weights[(j, i)];
                // A weight moves the spike, which must not meet an event on the way; nor change its sign.
                let moved = 2.0 * h * 2.0;
                if times.iter().any(|&t| (t - spikes.time[i]).abs() < moved) || w.abs() < moved {
                    continue;
                }
                let numerical = differ(&mut |step| {
                    weights[(j, i)] = w + step;
                    let value = run(&times, &weights);
                    weights[(j, i)] = w;
                    value
                });
                let error = (gradient.weights[(j, i)] - numerical).abs() / scale;
                assert!(error < 1e-6, "weight {j} {i}: {} {numerical}", gradient.weights[(j, i)]);
            }
        }
    }
}

#[test]
fn the_scan_is_the_exact_solver() {
    for membrane in [leaky(), Membrane::with_rails(f64::INFINITY).unwrap()] {
        for inputs in [1, 63, 64, 65, 300] {
            let (times, weights) = layer(inputs, 70, 11);
            let (want, tape) = exact::first_spikes(&membrane, &times, weights.view(), 1.5).unwrap();
            let (got, checkpoints) =
                scan::first_spikes(&membrane, &times, weights.view(), 1.5).unwrap();
            for (want, got) in want.time.iter().zip(&got.time) {
                assert!(want == got || (want - got).abs() < 1e-11, "{inputs}: {want} {got}");
            }
            let (by_time, by_rest) = slopes(&want);
            let view = weights.view();
            let want = exact::gradient(&membrane, view, &tape, &by_time, &by_rest).unwrap();
            let got = scan::gradient(&membrane, view, &checkpoints, &by_time, &by_rest).unwrap();
            let scale = want.weights.iter().fold(1.0_f64, |m, g| m.max(g.abs()));
            let apart = (&want.weights - &got.weights).mapv(f64::abs);
            assert!(apart.iter().all(|a| *a < 1e-9 * scale));
            assert!(want.times.iter().zip(&got.times).all(|(a, b)| (a - b).abs() < 1e-9 * scale));
        }
    }
}

/// Mean and largest error of the neurons that fire in the window; the run is longer, so that none is lost at its end.
fn errors(rails: f64, (inputs, spread, seed): (usize, f64, u64), per_window: usize) -> (f64, f64) {
    let membrane = Membrane::with_rails(rails).unwrap();
    let (times, weights) = spread_layer(inputs, 400, spread, seed);
    let times: Vec<f32> = times.iter().map(|&t| t as f32).collect();
    let exact_times: Vec<f64> = times.iter().map(|&t| f64::from(t)).collect();
    let weights = weights.mapv(|w| w as f32);
    let (want, _) =
        exact::first_spikes(&membrane, &exact_times, weights.mapv(f64::from).view(), 1.2).unwrap();
    let grid = Grid::new(per_window, 1.2).unwrap();
    let mut tape = Tape::default();
    let layer = Layer::new(&membrane, grid, weights.view()).unwrap();
    dstd::first_spikes(&layer, &times, &mut tape).unwrap();
    let (mut sum, mut max, mut count, mut lost) = (0.0, 0.0_f64, 0, 0);
    for (want, got) in want.time.iter().zip(&tape.time) {
        if *want < 1.0 || *got < 1.0 {
            if want.is_finite() != got.is_finite() {
                lost += 1;
                continue;
            }
            let error = (want - f64::from(*got)).abs();
            (sum, max, count) = (sum + error, max.max(error), count + 1);
        }
    }
    assert!(count > 200, "{count} neurons fire");
    assert!(inputs < 200 || lost == 0, "{lost} missed, or too many");
    (sum / f64::from(count), max)
}

#[test]
fn the_error_of_the_grid_falls_four_times_a_doubling() {
    // What is left of the sum over the inputs of an interval: its mean falls as D², what differs between
    // inputs as D^(3/2), 2.8 times a doubling, as long as an interval has many of them.
    for (rails, spread, least) in
        [(1.5, 0.3, 3.5), (4.0, 0.3, 3.5), (1000.0, 0.3, 3.5), (4.0, 1.5, 3.3)]
    {
        let of = |per_window| errors(rails, (200, spread, 5), per_window);
        let mean: Vec<f64> = [5, 10, 20, 40, 80].iter().map(|m| of(*m).0).collect();
        println!(
            "rails {rails}, spread {spread}: {mean:.6?}, largest at 10 {:.4}, falls {:.2?}",
            of(10).1,
            mean.windows(2).map(|pair| pair[0] / pair[1]).collect::<Vec<_>>(),
        );
        assert!(mean[1] < 0.0019, "{mean:?}");
        let fall = (mean[0] / mean[4]).powf(0.25);
        assert!(least < fall && fall < 4.5, "rails {rails}: {mean:?}, {fall} a doubling");
    }
}

/// Where an interval holds one input or none, all of it falls as D², however much the weights differ.
#[test]
fn with_few_inputs_an_interval_the_error_falls_four_times_whatever_the_spread() {
    let mean = |per_window| {
        let each = (0..12).map(|seed| errors(4.0, (20, 1.5, seed), per_window).0);
        each.sum::<f64>() / 12.0
    };
    let means = [40, 80, 160, 320].map(mean);
    let fall = (means[0] / means[3]).cbrt();
    println!("20 inputs: {means:.7?}, {fall:.2} a doubling");
    // Twelve layers whose own falls differ by 10 %: 3 % of their mean, and three of that.
    assert!((fall / 4.0 - 1.0).abs() < 0.09, "{means:?}: {fall} a doubling");
}

/// The grid is the exact membrane of split events, so the exact solver gives its gradient too; by copies of weights,
/// which few inputs an interval get, and by events, which many get.
#[test]
fn the_gradient_of_the_grid_is_that_of_its_split_events() {
    let ideal = Membrane::with_rails(f64::INFINITY).unwrap();
    for (membrane, inputs) in [(leaky(), 60), (ideal, 60), (leaky(), 600), (ideal, 600)] {
        let (n, per_window) = (33, 8);
        let (times, mut weights) = layer(inputs, n, 23);
        weights.column_mut(4).mapv_inplace(|w| w * 0.3);
        let mut times: Vec<f32> = times.iter().map(|&t| t as f32).collect();
        (times[3], times[7]) = (1.6, f32::INFINITY);
        let weights = weights.mapv(|w| w as f32);
        let grid = Grid::new(per_window, 1.5).unwrap();
        let layer = Layer::new(&membrane, grid, weights.view()).unwrap();
        let (mut tape, mut adjoints) = (Tape::default(), Adjoints::default());
        dstd::first_spikes(&layer, &times, &mut tape).unwrap();
        assert_eq!(tape.late, 2);
        // Two events for every input.
        let width = grid.width();
        let mut event_times = vec![f64::INFINITY; 2 * inputs];
        let mut event_weights = Array2::zeros((2 * inputs, n));
        let mut fractions = vec![0.0; inputs];
        for j in (0..inputs).filter(|&j| times[j] < 1.5) {
            let cell = (f64::from(times[j]) / width).floor();
            fractions[j] = f64::from(times[j]) / width - cell;
            (event_times[2 * j], event_times[2 * j + 1]) = (cell * width, (cell + 1.0) * width);
            for i in 0..n {
                let w = f64::from(weights[(j, i)]);
                event_weights[(2 * j, i)] = (1.0 - fractions[j]) * w;
                event_weights[(2 * j + 1, i)] = fractions[j] * w;
            }
        }
        let (want, exact_tape) =
            exact::first_spikes(&membrane, &event_times, event_weights.view(), 1.5).unwrap();
        for (want, got) in want.time.iter().zip(&tape.time) {
            assert!(want == &f64::from(*got) || (want - f64::from(*got)).abs() < 2e-6);
        }
        let (by_time, by_rest) = slopes(&want);
        let split =
            exact::gradient(&membrane, event_weights.view(), &exact_tape, &by_time, &by_rest)
                .unwrap();
        let [by_time, by_rest] =
            [by_time, by_rest].map(|v| v.iter().map(|&g| g as f32).collect::<Vec<f32>>());
        let (mut by_weight, mut by_input) = (Array2::zeros((inputs, n)), vec![0.0; inputs]);
        dstd::gradient(
            &layer,
            &tape,
            &by_time,
            &by_rest,
            &mut adjoints,
            by_weight.view_mut(),
            &mut by_input,
        )
        .unwrap();
        let scale = by_weight.iter().fold(0.0_f32, |m, g| m.max(g.abs()));
        let scale_input = by_input.iter().fold(0.0_f32, |m, g| m.max(g.abs()));
        for j in 0..inputs {
            let mut by_fraction = 0.0;
            for i in 0..n {
                let [a, b] = [split.weights[(2 * j, i)], split.weights[(2 * j + 1, i)]];
                let want = if times[j] < 1.5 { a + fractions[j] * (b - a) } else { 0.0 };
                let got = f64::from(by_weight[(j, i)]);
                assert!((want - got).abs() < 2e-5 * f64::from(scale), "{j} {i}: {want} {got}");
                by_fraction += f64::from(weights[(j, i)]) * (b - a);
            }
            let want = if times[j] < 1.5 { by_fraction / width } else { 0.0 };
            let got = f64::from(by_input[j]);
            assert!((want - got).abs() < 2e-5 * f64::from(scale_input), "{j}: {want} {got}");
        }
    }
}

#[test]
fn bad_input_is_an_error_and_saturation_is_silence() {
    let membrane = Membrane::with_rails(2.0).unwrap();
    let weights = Array2::from_elem((2, 1), 1.0);
    let run = |times: &[f64]| exact::first_spikes(&membrane, times, weights.view(), 1.0);
    assert!(matches!(run(&[0.1, -0.1]), Err(DynamicsError::SpikeTime { input: 1, .. })));
    assert!(matches!(run(&[f64::NAN, 0.1]), Err(DynamicsError::SpikeTime { input: 0, .. })));
    assert!(matches!(run(&[0.1]), Err(DynamicsError::Shape { .. })));
    // Balanced rails: the membrane stays at 0 V however long it waits.
    let balanced = ndarray::arr2(&[[50.0], [-50.0]]);
    let spikes = exact::first_spikes(&membrane, &[0.0, 0.0], balanced.view(), 1e6).unwrap().0;
    assert_eq!(spikes.time, [f64::INFINITY]);
}

#[test]
fn one_neuron_is_a_layer_of_one() {
    let membrane = leaky();
    let (times, weights) = layer(50, 20, 8);
    let (spikes, _) = exact::first_spikes(&membrane, &times, weights.view(), 1.3).unwrap();
    let mut order: Vec<usize> = (0..50).collect();
    order.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
    for i in 0..20 {
        let events: Vec<(f64, f64)> = order.iter().map(|&j| (times[j], weights[(j, i)])).collect();
        let time = exact::first_spike(&membrane, &events, 1.3).unwrap_or(f64::INFINITY);
        assert!(time == spikes.time[i] || (time - spikes.time[i]).abs() < 1e-12);
        if time.is_finite() {
            let at = exact::trace(&membrane, &events, &[time]);
            assert!((at[0] - 1.0).abs() < 1e-9);
        }
    }
}

/// Few samples sum the weights where they lie, many share copies: the same to rounding. Among the inputs are spikes on
/// the grid, late ones and missing ones, an interval without inhibition, and a neuron that is silent.
#[test]
fn few_samples_are_many_samples() {
    let membrane = leaky();
    for neurons in [5, 16, 37, 300] {
        let (inputs, samples, few) = (640, 9, 3);
        let mut weights = layer(inputs, neurons, 3).1.mapv(|w| w as f32);
        weights.column_mut(2).mapv_inplace(|w| 0.2 * w);
        weights.slice_mut(ndarray::s![..20, ..]).mapv_inplace(f32::abs);
        weights[(30, 1)] = 0.0;
        let grid = Grid::new(10, 1.2).unwrap();
        let split = Layer::new(&membrane, grid, weights.view()).unwrap();
        let mut times: Vec<f32> = (0..samples as u64)
            .flat_map(|seed| layer(inputs, 1, seed).0)
            .map(|t| 0.1 + 0.9 * t as f32)
            .collect();
        for sample in times.chunks_mut(inputs) {
            sample[..20].iter_mut().for_each(|time| *time *= 0.1);
            (sample[25], sample[26], sample[27]) = (0.5, 0.0, 1.0);
            (sample[28], sample[29]) = (1.2, f32::INFINITY);
        }
        let slope = |k: usize| (k as f32 * 0.7).sin();
        let run = |samples: usize| {
            let (mut tape, mut adjoints) = (Tape::default(), Adjoints::default());
            dstd::first_spikes(&split, &times[..samples * inputs], &mut tape).unwrap();
            let mut by_weight = Array2::<f32>::from_elem((inputs, neurons), 0.5);
            let mut by_input = vec![0.0; samples * inputs];
            // Samples behind the first few have no slopes.
            let of = |shift: usize| {
                let all = (0..samples * neurons).map(|k| slope(k + shift));
                let few = few * neurons;
                all.enumerate().map(|(k, g)| if k < few { g } else { 0.0 }).collect::<Vec<_>>()
            };
            dstd::gradient(
                &split,
                &tape,
                &of(0),
                &of(5),
                &mut adjoints,
                by_weight.view_mut(),
                &mut by_input,
            )
            .unwrap();
            by_weight -= 0.5;
            (tape, by_weight, by_input)
        };
        let [(alone, by_weight, by_input), (all, all_by_weight, all_by_input)] =
            [run(few), run(samples)];
        assert_eq!(all.late, 2 * samples);
        assert_eq!(alone.late, 2 * few);
        assert!(alone.time.iter().any(|t| t.is_infinite()));
        // Sums of up to 640 numbers in single precision, in another order: some ten units in the last place of 1.
        let near = |a: f32, b: f32| a == b || (a - b).abs() < 2e-6;
        assert!(alone.time.iter().zip(&all.time).all(|(a, b)| near(*a, *b)));
        assert!(alone.rest().iter().zip(all.rest()).all(|(a, b)| near(*a, *b)));
        let most = by_weight.iter().fold(0.0_f32, |most, g| most.max(g.abs()));
        let apart = (&by_weight - &all_by_weight).mapv(|d| d.abs() / most);
        assert!(apart.iter().all(|apart| *apart < 1e-5), "{neurons}: {apart}");
        let most = by_input.iter().fold(0.0_f32, |most, g| most.max(g.abs()));
        for (a, b) in by_input.iter().zip(&all_by_input) {
            assert!((a - b).abs() < 1e-5 * most, "{neurons}: {a} {b}");
        }
    }
}

/// The published hundredth of the exact solver's memory, of one sample and of four at once; neither the weights nor
/// what is asked for, their gradient, count.
#[test]
fn a_step_works_in_a_hundredth_of_the_exact_solvers_memory() {
    let (inputs, neurons) = (6000, 1000);
    let membrane = Membrane::with_rails(4.0).unwrap();
    let (times, weights) = layer(inputs, neurons, 5);
    let (_, exact) = exact::first_spikes(&membrane, &times, weights.view(), 1.0).unwrap();
    let narrow = weights.mapv(|w| w as f32);
    let layer = Layer::new(&membrane, Grid::new(10, 1.0).unwrap(), narrow.view()).unwrap();
    for samples in [1, 4] {
        let times: Vec<f32> =
            times.iter().cycle().take(samples * inputs).map(|t| *t as f32).collect();
        let slopes = vec![1.0; samples * neurons];
        let (mut tape, mut adjoints) = (Tape::default(), Adjoints::default());
        let (mut by_weight, mut by_input) = (Array2::zeros(narrow.dim()), vec![0.0; times.len()]);
        dstd::first_spikes(&layer, &times, &mut tape).unwrap();
        let to = by_weight.view_mut();
        dstd::gradient(&layer, &tape, &slopes, &slopes, &mut adjoints, to, &mut by_input).unwrap();
        let bytes = tape.bytes() + adjoints.bytes();
        println!("{samples}: {bytes} B, {:.0} times less", exact.bytes() as f64 / bytes as f64);
        assert!(100 * bytes <= exact.bytes(), "{samples}: {bytes} of {}", exact.bytes());
    }
}

/// Samples side by side are the samples alone, whatever the number of neurons is.
#[test]
fn samples_side_by_side_are_samples_alone() {
    let membrane = leaky();
    for neurons in [3, 16, 37] {
        let weights = layer(40, neurons, 3).1.mapv(|w| w as f32);
        let grid = Grid::new(10, 1.2).unwrap();
        let split = Layer::new(&membrane, grid, weights.view()).unwrap();
        let all: Vec<f32> =
            (0..3).flat_map(|seed| layer(40, 1, seed).0).map(|t| t as f32).collect();
        let slope = |k: usize| (k as f32 * 0.7).sin();
        let run = |times: &[f32], by_time: &[f32], by_rest: &[f32]| {
            let (mut tape, mut adjoints) = (Tape::default(), Adjoints::default());
            dstd::first_spikes(&split, times, &mut tape).unwrap();
            let mut by_weight = Array2::<f32>::zeros((40, neurons));
            let mut by_input = vec![0.0; times.len()];
            dstd::gradient(
                &split,
                &tape,
                by_time,
                by_rest,
                &mut adjoints,
                by_weight.view_mut(),
                &mut by_input,
            )
            .unwrap();
            (tape.time.clone(), tape.rest().to_vec(), by_weight, by_input)
        };
        let by_time: Vec<f32> = (0..3 * neurons).map(slope).collect();
        let by_rest: Vec<f32> = (0..3 * neurons).map(|k| slope(k + 5)).collect();
        let together = run(&all, &by_time, &by_rest);
        let mut sum = Array2::<f32>::zeros((40, neurons));
        for sample in 0..3 {
            let mine = sample * neurons..(sample + 1) * neurons;
            let inputs = sample * 40..(sample + 1) * 40;
            let alone = run(&all[inputs.clone()], &by_time[mine.clone()], &by_rest[mine.clone()]);
            assert_eq!(alone.0, together.0[mine.clone()]);
            assert_eq!(alone.1, together.1[mine]);
            assert_eq!(alone.3, together.3[inputs]);
            sum += &alone.2;
        }
        // Sums of three in another order.
        let most = sum.iter().fold(0.0_f32, |most, g| most.max(g.abs()));
        assert!((&sum - &together.2).iter().all(|d| d.abs() <= 4.0 * f32::EPSILON * most));
    }
}
