//! The same seed gives the same bytes, at any thread count and across a stop; other addresses give
//! other noise.

use std::sync::Arc;

use cim_adc::{DacSpec, Nonlinearity, Polarity};
use cim_core::{Amps, Hertz, Kelvin, Siemens, Stream, Tally, Volts};
use cim_crossbar::Ambient;
use cim_device::models::NoiseSpec;
use cim_device::{Conduction, GaussianSpec, Window};
use cim_nn::checkpoint::{decode, encode};
use cim_nn::network::BLOCK;
use cim_nn::{
    Answers, Dataset, InputRange, LayerPath, Levels, Network, Optimiser, Recipe, Teacher,
    TrainState, Trainer, WeightNoise,
};
use cim_tests::chip::{carried, silent, uniforms, worst_case};
use cim_tests::images::images;
use cim_tests::statistics::{correlation, correlation_limit};
use cim_tile::{FrontEnd, Grid, LayerDesign, Parts};
use ndarray::{Array1, Array2, s};
use rayon::ThreadPoolBuilder;

/// Threads at which bytes are compared: one, all of the smallest machine, and an odd number.
const THREADS: [usize; 3] = [1, 2, 3];

fn at_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool").install(work)
}

fn data(count: usize, seed: u64) -> Dataset {
    images(count, Stream::root(7), Stream::root(seed))
}

/// Every source of noise at once.
fn noisy(rows: usize, outputs: usize) -> Parts {
    let us = |x: f64| Siemens(x * 1e-6);
    let window = Window::new(us(5.0), us(100.0)).expect("a window");
    let device = GaussianSpec {
        g_off: window.g_min,
        g_on: window.g_max,
        programming: NoiseSpec { constant: us(3.0), proportional: 0.01, ..NoiseSpec::NONE },
        read: NoiseSpec { constant: us(1.0), ..NoiseSpec::NONE },
        current_voltage: Conduction::Sinh { scale: Volts(0.5) },
    };
    Parts {
        device: Arc::new(device.build().expect("a device")),
        window,
        dac: DacSpec { bits: 8, polarity: Polarity::Bipolar },
        adc_bits: 12,
        adc_noise: Amps(1e-8),
        ambient: Ambient {
            temperature: Kelvin(300.0),
            bandwidth: Hertz(1e9),
            amplifier_factor: 0.3,
            fano_factor: 1.0,
        },
        front_end: FrontEnd {
            amplifier_offset: Volts(1e-3),
            gain_spread: 0.01,
            driver_noise: Volts(1e-3),
            dac_integral: Nonlinearity::SigmaLsb(0.5),
            adc_integral: Nonlinearity::SigmaLsb(2.0),
            adc_differential: 0.3,
            ..FrontEnd::IDEAL
        },
        ..silent(rows, outputs)
    }
}

fn network(widths: &[usize]) -> Network {
    Network::new(widths, Stream::root(11)).expect("widths")
}

/// A network's layers on tiles, layer by layer below `chip`.
fn program(network: &Network, parts: &Parts, chip: Stream) -> Vec<Grid> {
    let layers = network.layers().iter().enumerate();
    layers
        .map(|(k, layer)| {
            let weights = layer.weights.view();
            let clip = layer.weights.iter().fold(0.0f32, |m, w| m.max(w.abs()));
            let design = worst_case(parts, weights, clip, if k == 0 { 1.0 } else { 4.0 });
            let at = chip.child("layer", k as u64);
            Grid::program(parts, &design, weights, at, &mut Tally::default()).expect("a grid")
        })
        .collect()
}

fn bits(values: &Array2<f32>) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn logits_have_the_same_bytes_at_any_thread_count() {
    let (network, data) = (network(&[784, 40, 10]), data(3 * BLOCK + 17, 1));
    let run = |seed, threads| {
        at_threads(threads, || {
            let grids = program(&network, &noisy(128, 16), Stream::root(seed).child("chip", 0));
            let (logits, tally) = network.logits(&grids, &data);
            (bits(&logits), tally)
        })
    };
    let first = run(1, THREADS[0]);
    for threads in THREADS {
        assert_eq!(run(1, threads), first, "{threads} threads");
    }
    let other = run(2, 1).0;
    let same = first.0.iter().zip(&other).filter(|(a, b)| a == b).count();
    // Logits are sums of codes, so some meet by chance; most must not.
    assert!(2 * same < other.len(), "another seed gave {same} of {} equal logits", other.len());
}

fn paths(network: &Network) -> Vec<LayerPath> {
    let layer = |k: usize, layer: &cim_nn::Layer| {
        let (inputs, outputs) = layer.weights.dim();
        let tiles = (inputs.div_ceil(128), outputs.div_ceil(16));
        LayerPath {
            weight_values: cim_nn::WeightValues::Any,
            weight_clip: 0.2,
            weight_noise: WeightNoise { c0: 1e-4, c1: 1e-4, c2: 1e-3, cm: 1e-6, w0: 0.01 },
            input_limit: if k == 0 { 1.0 } else { 4.0 },
            input_range: InputRange::Unsigned,
            input_levels: Levels { top: 255.0 },
            tile_rows: 128,
            tile_cols: 16,
            full_scale: Array2::from_elem(tiles, 2.0),
            output_levels: Levels { top: 31.0 },
            output_sigma: Array2::from_elem(tiles, 0.05),
            relu_sigma: 0.1,
            learns_bias: true,
        }
    };
    network.layers().iter().enumerate().map(|(k, l)| layer(k, l)).collect()
}

fn recipe(optimiser: Optimiser) -> Recipe {
    Recipe {
        epochs: 2,
        batch: 300,
        learning_rate: 2e-3,
        weight_decay: 1e-2,
        optimiser,
        max_shift: 1,
        distillation: 0.3,
        teacher_temperature: 2.0,
        full_scale_rate: 1e-2,
    }
}

const ADAM: Optimiser = Optimiser::Adam { beta1: 0.9, beta2: 0.999 };
const SGD: Optimiser = Optimiser::Sgd { momentum: 0.9 };

/// Bytes of the state after two epochs, with or without a stop after the first; what each epoch
/// reported rides along.
fn train(optimiser: Optimiser, seed: u64, threads: usize, stop: bool) -> (Vec<u8>, Vec<String>) {
    let (network, data, recipe) = (network(&[784, 40, 10]), data(1000, 3), recipe(optimiser));
    let teacher = Network::new(&[784, 20, 10], Stream::root(12)).expect("widths");
    at_threads(threads, || {
        let (paths, at) = (paths(&network), Stream::root(seed));
        let answers = Answers::of(&teacher, &data, 1).expect("fits");
        let teacher = Some(Teacher::Known(&answers));
        let trainer = Trainer::new(&recipe, network, paths.clone(), teacher, at);
        let mut trainer = trainer.expect("a recipe");
        let mut reports = vec![format!("{:?}", trainer.epoch(&data).expect("fits"))];
        if stop {
            let saved = encode(trainer.state()).expect("encodes");
            drop(trainer);
            let state: TrainState = decode(&saved).expect("decodes");
            assert_eq!(state.epochs_done, 1);
            trainer = Trainer::resume(&recipe, state, paths, teacher, at).expect("a recipe");
        }
        assert!(!trainer.is_done());
        reports.push(format!("{:?}", trainer.epoch(&data).expect("fits")));
        assert!(trainer.is_done());
        (encode(trainer.state()).expect("encodes"), reports)
    })
}

/// A teacher that was asked before, at every shift, teaches what one teaches that is asked about every batch: up
/// to the order of sums.
#[test]
fn a_teacher_that_was_asked_before_teaches_the_same() {
    let (network, data) = (network(&[784, 40, 10]), data(1000, 3));
    let recipe = Recipe { distillation: 0.9, max_shift: 2, ..recipe(SGD) };
    let teacher = Network::new(&[784, 20, 10], Stream::root(12)).expect("widths");
    let answers = Answers::of(&teacher, &data, 2).expect("fits");
    let learned = |teacher: Teacher<'_>| {
        let paths = paths(&network);
        let (network, at) = (network.clone(), Stream::root(5));
        let trainer = Trainer::new(&recipe, network, paths, Some(teacher), at);
        let mut trainer = trainer.expect("a recipe");
        trainer.epoch(&data).expect("fits");
        trainer.into_state().network.layers()[1].weights.to_owned()
    };
    let [known, asked] = [Teacher::Known(&answers), Teacher::Asked(&teacher)].map(learned);
    let before = &network.layers()[1].weights;
    let largest = |m: Array2<f32>| m.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let (moved, apart) = (largest(&asked - before), largest(&asked - &known));
    assert!(apart < 1e-3 * moved, "{apart} apart after {moved}");
}

#[test]
fn training_has_the_same_bytes_at_any_thread_count() {
    let first = train(ADAM, 1, THREADS[0], false);
    for threads in THREADS {
        assert!(train(ADAM, 1, threads, false) == first, "{threads} threads");
    }
    assert!(train(ADAM, 2, 1, false) != first, "another seed");
    assert!(train(SGD, 1, 1, false) == train(SGD, 1, 3, false), "momentum at 3 threads");
}

#[test]
fn training_resumed_from_a_checkpoint_equals_training_without_a_stop() {
    for optimiser in [ADAM, SGD] {
        let whole = train(optimiser, 4, 2, false);
        assert!(train(optimiser, 4, 1, true) == whole, "{optimiser:?}");
    }
}

/// Each step draws its own weights and its own noise in front of converters: with nothing learned,
/// the loss of the same images differs from epoch to epoch by its noise alone.
#[test]
fn training_draws_new_noise_at_every_step() {
    let (network, data) = (network(&[784, 40, 10]), data(200, 3));
    let recipe = Recipe {
        epochs: 4,
        batch: 200,
        learning_rate: 1e-30,
        max_shift: 0,
        full_scale_rate: 0.0,
        ..recipe(SGD)
    };
    for of_weights in [true, false] {
        let mut paths = paths(&network);
        for path in &mut paths {
            if of_weights {
                path.output_sigma.fill(0.0);
            } else {
                path.weight_noise = WeightNoise::NONE;
            }
        }
        let trainer = Trainer::new(&recipe, network.clone(), paths, None, Stream::root(1));
        let mut trainer = trainer.expect("a recipe");
        let losses: Vec<f64> =
            (0..4).map(|_| trainer.epoch(&data).expect("data fit").loss).collect();
        for (k, a) in losses.iter().enumerate() {
            // Another order of the same 200 losses rounds to within 200 · 2⁻²⁴ of their sum.
            let new = losses[..k].iter().all(|b| (a - b).abs() > 200.0 / (1 << 24) as f64 * a);
            assert!(new, "weights {of_weights}: losses {losses:?}");
        }
    }
}

/// No two of `fields` are correlated: the draws behind them have different addresses.
fn assert_independent(what: &str, fields: &[Vec<f64>]) {
    for (k, a) in fields.iter().enumerate() {
        for (j, b) in fields[..k].iter().enumerate() {
            let r = correlation(a, b);
            let limit = correlation_limit(a.len());
            assert!(r.abs() <= limit, "{what} {j} and {k} share noise: correlation {r}");
        }
    }
}

/// Noise of reads only: no programming error, inputs at zero, 16 bits.
fn only_reads(rows: usize, outputs: usize) -> Parts {
    let ambient = Ambient {
        temperature: Kelvin(300.0),
        bandwidth: Hertz(1e9),
        amplifier_factor: 0.0,
        fano_factor: 0.0,
    };
    Parts { ambient, ..silent(rows, outputs) }
}

/// A grid of two by two tiles of equal weights.
fn two_by_two(parts: &Parts, at: Stream) -> Grid {
    let weights = Array2::from_elem((2 * parts.rows, 2 * parts.outputs), 0.5);
    let design = worst_case(parts, weights.view(), 1.0, 1.0);
    // A hundredth of what weights can draw: codes fine against the noise.
    let full_scale = design.full_scale.mapv(|fs| fs / 100.0);
    let design = LayerDesign { full_scale, ..design };
    Grid::program(parts, &design, weights.view(), at, &mut Tally::default()).expect("a grid")
}

/// What reads of silent inputs add, batch × outputs.
fn read_noise(grid: &Grid, call: u64) -> Array2<f32> {
    carried(grid, Array2::zeros((400, 32)).view(), call).0
}

fn flat(values: ndarray::ArrayView2<'_, f32>) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

/// Calls, column tiles, chips and layers each draw their own noise; the same call repeats it.
#[test]
fn reads_at_other_addresses_draw_other_noise() {
    let parts = only_reads(16, 8);
    let chip = |k: u64| Stream::root(5).child("chip", k);
    let grid = two_by_two(&parts, chip(0).child("layer", 0));
    let first = read_noise(&grid, 0);
    assert_eq!(bits(&read_noise(&grid, 0)), bits(&first), "the same call repeats its noise");
    let mut fields: Vec<Vec<f64>> =
        [0, 1, 2, u64::MAX].into_iter().map(|call| flat(read_noise(&grid, call).view())).collect();
    fields.push(flat(read_noise(&two_by_two(&parts, chip(1).child("layer", 0)), 0).view()));
    fields.push(flat(read_noise(&two_by_two(&parts, chip(0).child("layer", 1)), 0).view()));
    assert_independent("call, chip or layer", &fields);
    let tiles = [flat(first.slice(s![.., ..8])), flat(first.slice(s![.., 8..]))];
    assert_independent("column tile", &tiles);
    let batch = [flat(first.slice(s![..200, ..])), flat(first.slice(s![200.., ..]))];
    assert_independent("half of a batch", &batch);
    let columns: Vec<Vec<f64>> = (0..16).map(|k| flat(first.slice(s![.., k..=k]))).collect();
    assert_independent("column", &columns);
}

/// Row tiles add up: with a shared address the noise of two would be twice that of one, not √2.
#[test]
fn row_tiles_draw_other_noise() {
    let parts = only_reads(16, 8);
    let two = read_noise(&two_by_two(&parts, Stream::root(6)), 0);
    let weights = Array2::from_elem((16, 16), 0.5);
    let design = worst_case(&parts, weights.view(), 1.0, 1.0);
    let design = LayerDesign { full_scale: design.full_scale.mapv(|fs| fs / 100.0), ..design };
    let at = Stream::root(6);
    let one = Grid::program(&parts, &design, weights.view(), at, &mut Tally::default());
    let (one, _) = carried(&one.expect("a grid"), Array2::zeros((400, 16)).view(), 0);
    let power = |m: &Array2<f32>| m.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
    let ratio = power(&two) / power(&one);
    // 6,400 draws each: six standard errors of a ratio of two variances, 6 √(4/6400) · 2.
    assert!((ratio - 2.0).abs() < 2.0 * 6.0 * (4.0f64 / 6400.0).sqrt(), "variance ratio {ratio}");
}

/// Programming errors of a chip, read out row by row without noise.
fn programming_errors(chip: Stream) -> Array2<f32> {
    let parts = Parts { ambient: Ambient::SILENT, ..only_reads(16, 8) };
    let us = |x: f64| Siemens(x * 1e-6);
    let device = GaussianSpec {
        g_off: us(0.1),
        g_on: us(300.0),
        programming: NoiseSpec { constant: us(5.0), ..NoiseSpec::NONE },
        read: NoiseSpec::NONE,
        current_voltage: Conduction::Ohmic,
    };
    let window = Window::new(us(50.0), us(150.0)).expect("a window");
    let parts = Parts { device: Arc::new(device.build().expect("a device")), window, ..parts };
    let weights = Array2::from_elem((32, 16), 0.5);
    let design = worst_case(&parts, weights.view(), 1.0, 1.0);
    let tally = &mut Tally::default();
    let grid = Grid::program(&parts, &design, weights.view(), chip, tally).expect("a grid");
    carried(&grid, Array2::eye(32).view(), 0).0 - 0.5
}

#[test]
fn cells_at_other_addresses_have_other_errors() {
    let chip = |k: u64| Stream::root(8).child("chip", k);
    let errors = programming_errors(chip(0));
    assert_eq!(bits(&errors), bits(&programming_errors(chip(0))), "the same chip");
    let chips: Vec<Vec<f64>> = (0..6).map(|k| flat(programming_errors(chip(k)).view())).collect();
    assert_independent("chip", &chips);
    let tiles: Vec<Vec<f64>> = [(0, 0), (0, 8), (16, 0), (16, 8)]
        .into_iter()
        .map(|(row, col)| flat(errors.slice(s![row..row + 16, col..col + 8])))
        .collect();
    assert_independent("tile", &tiles);
    let rows: Vec<Vec<f64>> = (0..32).map(|k| flat(errors.slice(s![k..=k, ..]))).collect();
    // Rows of 16 cells say little each; identical rows would still stand out.
    for (k, row) in rows.iter().enumerate() {
        assert!(rows[..k].iter().all(|other| other != row), "row {k} repeats another");
    }
    // A tile's cells and its reads are drawn below the same address, but not from the same.
    let grid = two_by_two(&only_reads(16, 8), chip(0));
    let reads = read_noise(&grid, 0).slice(s![..32, ..]).to_owned();
    assert_independent("programming and reading", &[flat(errors.view()), flat(reads.view())]);
}

/// Identical images in different blocks of one pass meet different noise.
#[test]
fn blocks_of_one_pass_draw_other_noise() {
    let parts = only_reads(128, 16);
    let pixels = vec![0u8; 2 * BLOCK * 64];
    let data = Dataset::new(pixels, vec![0; 2 * BLOCK], 8, 8, 10).expect("a set");
    let layer = cim_nn::Layer {
        weights: uniforms(64, 10, -1.0, 1.0, Stream::root(9)),
        bias: Array1::zeros(10),
    };
    let design = worst_case(&parts, layer.weights.view(), 1.0, 1.0);
    let design = LayerDesign { full_scale: design.full_scale.mapv(|fs| fs / 100.0), ..design };
    let (weights, at) = (layer.weights.view(), Stream::root(10));
    let grid = Grid::program(&parts, &design, weights, at, &mut Tally::default()).expect("a grid");
    let network = Network::from_layers(vec![layer]).expect("one layer");
    let (logits, _) = network.logits(&[grid], &data);
    let blocks = [flat(logits.slice(s![..BLOCK, ..])), flat(logits.slice(s![BLOCK.., ..]))];
    assert!(blocks.iter().flatten().any(|v| *v != 0.0), "the test must see noise");
    assert_independent("block", &blocks);
}
