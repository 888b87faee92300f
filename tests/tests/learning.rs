//! Training learns: gradients are those of the loss, and noise-aware training pays on noisy tiles.

use std::sync::Arc;

use cim_adc::{DacSpec, Polarity};
use cim_core::{Amps, Siemens, Stream, Tally, Volts};
use cim_device::models::NoiseSpec;
use cim_device::{Conduction, GaussianSpec, Window};
use cim_nn::network::first_images;
use cim_nn::{
    Dataset, InputRange, Layer, LayerPath, Levels, Network, Optimiser, Recipe, Teacher, TrainState,
    Trainer, WeightNoise, accuracy,
};
use cim_tests::chip::{design, dyadic, integers, normals, silent, uniforms};
use cim_tests::images::images;
use cim_tile::{Grid, LayerDesign, Parts};
use ndarray::{Array1, Array2};
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

const ADAM: Optimiser = Optimiser::Adam { beta1: 0.9, beta2: 0.999 };
/// Without momentum one step moves a parameter by the rate times its gradient.
const PLAIN: Optimiser = Optimiser::Sgd { momentum: 0.0 };

fn recipe(epochs: usize, batch: usize, learning_rate: f32, optimiser: Optimiser) -> Recipe {
    Recipe {
        epochs,
        batch,
        learning_rate,
        weight_decay: 0.0,
        optimiser,
        max_shift: 0,
        distillation: 0.0,
        teacher_temperature: 1.0,
        full_scale_rate: 0.0,
    }
}

fn digital(network: &Network) -> Vec<LayerPath> {
    network
        .layers()
        .iter()
        .map(|l| LayerPath::digital(l.weights.nrows(), l.weights.ncols()))
        .collect()
}

fn train(recipe: &Recipe, network: Network, paths: Vec<LayerPath>, data: &Dataset) -> TrainState {
    let mut trainer =
        Trainer::new(recipe, network, paths, None, Stream::root(5)).expect("a recipe");
    while !trainer.is_done() {
        trainer.epoch(data).expect("data fit");
    }
    trainer.into_state()
}

fn world() -> (Dataset, Dataset) {
    let world = Stream::root(21);
    (images(2000, world, Stream::root(22)), images(1000, world, Stream::root(23)))
}

fn digitally_trained(data: &Dataset) -> Network {
    let network = Network::new(&[784, 32, 10], Stream::root(24)).expect("widths");
    let paths = digital(&network);
    train(&recipe(6, 50, 2e-3, ADAM), network, paths, data).network
}

fn digital_accuracy(network: &Network, data: &Dataset) -> f64 {
    accuracy(network.logits(&network.exact(), data).0.view(), data.labels())
}

#[test]
fn digital_training_learns() {
    let (training, test) = world();
    let reached = digital_accuracy(&digitally_trained(&training), &test);
    assert!(reached > 0.95, "accuracy {reached}");
    let mut recipe = recipe(6, 50, 2e-2, Optimiser::Sgd { momentum: 0.9 });
    recipe.max_shift = 1;
    let network = Network::new(&[784, 32, 10], Stream::root(24)).expect("widths");
    let paths = digital(&network);
    let reached = digital_accuracy(&train(&recipe, network, paths, &training).network, &test);
    assert!(reached > 0.95, "accuracy {reached} with momentum and shifts");
}

/// Programming error of a cell, as a fraction of the window.
const PROGRAMMING: f64 = 0.06;
const ADC_BITS: u32 = 4;

/// Tiles with 4-bit converters whose cells are programmed with an error of 6 % of the window.
fn noisy_parts() -> Parts {
    let us = |x: f64| Siemens(x * 1e-6);
    let window = Window::new(us(40.0), us(140.0)).expect("a window");
    let device = GaussianSpec {
        g_off: window.g_min,
        g_on: window.g_max,
        programming: NoiseSpec { constant: window.span() * PROGRAMMING, ..NoiseSpec::NONE },
        read: NoiseSpec::NONE,
        current_voltage: Conduction::Ohmic,
    };
    Parts {
        device: Arc::new(device.build().expect("a device")),
        window,
        dac: DacSpec { bits: 8, polarity: Polarity::Unipolar },
        adc_bits: ADC_BITS,
        ..silent(128, 16)
    }
}

/// The path of each layer: weights clipped at 0.4 of the largest, full scale at 2.5 standard
/// deviations of what the tiles put out digitally.
fn noisy_paths(network: &Network, data: &Dataset) -> Vec<LayerPath> {
    let mut input = first_images(data, 500);
    let mut paths = Vec::new();
    for layer in network.layers() {
        let (inputs, outputs) = layer.weights.dim();
        let largest = layer.weights.iter().fold(0.0f32, |m, w| m.max(w.abs()));
        let tiles = (inputs.div_ceil(128), outputs.div_ceil(16));
        let y = input.dot(&layer.weights);
        let rms = (y.mapv(|y| y * y).sum() / y.len() as f32).sqrt() / (tiles.0 as f32).sqrt();
        let weight_clip = 0.4 * largest;
        let limit = if paths.is_empty() { 1.0 } else { input.fold(0.0f32, |m, x| m.max(*x)) };
        paths.push(LayerPath {
            weight_values: cim_nn::WeightValues::Any,
            weight_clip,
            // Two cells of independent error stand for a weight.
            weight_noise: WeightNoise {
                c0: 2.0 * (PROGRAMMING as f32 * weight_clip).powi(2),
                ..WeightNoise::NONE
            },
            input_limit: limit,
            input_range: InputRange::Unsigned,
            input_levels: Levels { top: 255.0 },
            tile_rows: 128,
            tile_cols: 16,
            full_scale: Array2::from_elem(tiles, 2.5 * rms),
            output_levels: Levels { top: (1u32 << (ADC_BITS - 1)) as f32 - 1.0 },
            output_sigma: Array2::zeros(tiles),
            relu_sigma: 0.0,
            learns_bias: true,
        });
        input = (y + &layer.bias).mapv(|y| y.max(0.0));
    }
    paths
}

/// The design of a layer that a path stands for.
fn design_of(path: &LayerPath, parts: &Parts, shape: (usize, usize)) -> LayerDesign {
    let design = design(parts, shape, path.weight_clip, path.input_limit, 1.0);
    let amps = design.amps_per_output(parts);
    let full_scale = path.full_scale.mapv(|fs| Amps(f64::from(fs) * amps));
    LayerDesign { full_scale, ..design }
}

/// Accuracy of each of some chips.
fn on_chips(network: &Network, paths: &[LayerPath], data: &Dataset, chips: u64) -> Vec<f64> {
    let parts = noisy_parts();
    (0..chips)
        .map(|chip| {
            let at = Stream::root(31).child("chip", chip);
            let layers = network.layers().iter().zip(paths).enumerate();
            let grids: Vec<Grid> = layers
                .map(|(k, (layer, path))| {
                    let design = design_of(path, &parts, layer.weights.dim());
                    let (at, tally) = (at.child("layer", k as u64), &mut Tally::default());
                    Grid::program(&parts, &design, layer.weights.view(), at, tally).expect("a grid")
                })
                .collect();
            accuracy(network.logits(&grids, data).0.view(), data.labels())
        })
        .collect()
}

/// On every one of six chips, by more than six standard errors of the paired differences.
#[test]
fn training_through_the_noisy_path_beats_training_without() {
    let (training, test) = world();
    let network = digitally_trained(&training);
    let paths = noisy_paths(&network, &training);
    let before = on_chips(&network, &paths, &test, 6);
    let mut recipe = recipe(5, 50, 1e-3, ADAM);
    recipe.full_scale_rate = 1e-3;
    let state = train(&recipe, network, paths.clone(), &training);
    let learned: Vec<LayerPath> = paths
        .iter()
        .zip(&state.full_scale)
        .map(|(path, full_scale)| LayerPath { full_scale: full_scale.clone(), ..path.clone() })
        .collect();
    let after = on_chips(&state.network, &learned, &test, 6);
    let gains = after.iter().zip(&before).map(|(a, b)| a - b);
    let gain = cim_tests::statistics::Sample::of(gains.clone());
    let found = format!("before {before:?}, after {after:?}");
    assert!(gains.clone().all(|g| g > 0.0), "{found}");
    assert!(gain.mean > 6.0 * gain.mean_error(), "{found}");
}

#[test]
fn weights_never_leave_their_clip() {
    let (training, _) = world();
    for optimiser in [ADAM, Optimiser::Sgd { momentum: 0.9 }] {
        let network = Network::new(&[784, 32, 10], Stream::root(25)).expect("widths");
        let mut paths = digital(&network);
        let clips = [0.03f32, 0.11];
        paths.iter_mut().zip(clips).for_each(|(path, clip)| path.weight_clip = clip);
        let recipe = recipe(3, 100, 0.05, optimiser);
        let mut trainer =
            Trainer::new(&recipe, network, paths, None, Stream::root(26)).expect("a recipe");
        let mut at_clip = 0;
        while !trainer.is_done() {
            for (layer, clip) in trainer.state().network.layers().iter().zip(clips) {
                assert!(layer.weights.iter().all(|w| w.abs() <= clip), "{optimiser:?}");
                at_clip += layer.weights.iter().filter(|w| w.abs() == clip).count();
            }
            trainer.epoch(&training).expect("data fit");
        }
        let layers = trainer.state().network.layers().iter().zip(clips);
        assert!(layers.clone().all(|(l, clip)| l.weights.iter().all(|w| w.abs() <= clip)));
        assert!(at_clip > 100, "the test must see clipping");
    }
}

/// Mean loss of one pass through `paths`, without learning: the rate is too small to move a weight.
fn loss(network: &Network, paths: &[LayerPath], data: &Dataset) -> f64 {
    let recipe = recipe(1, data.len(), 1e-30, PLAIN);
    let trainer = Trainer::new(&recipe, network.clone(), paths.to_vec(), None, Stream::root(5));
    let mut trainer = trainer.expect("a recipe");
    let clipped = trainer.state().network.clone();
    let report = trainer.epoch(data).expect("data fit");
    assert!(trainer.state().network == clipped, "nothing may be learned");
    report.loss
}

/// From far too wide and far too narrow a full scale is moved inwards and outwards, and the loss of
/// the same weights falls.
#[test]
fn a_learned_full_scale_moves_to_where_the_loss_is_lower() {
    let (training, _) = world();
    let network = digitally_trained(&training);
    let start = noisy_paths(&network, &training);
    for (factor, wider) in [(12.0, false), (0.15, true)] {
        let mut paths = start.clone();
        for path in &mut paths {
            path.weight_noise = WeightNoise::NONE;
            path.full_scale.mapv_inplace(|fs| fs * factor);
        }
        // Weights barely move: what the loss gains comes from the full scales.
        let mut recipe = recipe(4, 100, 1e-12, ADAM);
        recipe.full_scale_rate = 2e-2;
        let state = train(&recipe, network.clone(), paths.clone(), &training);
        let mut learned = paths.clone();
        for (path, full_scale) in learned.iter_mut().zip(&state.full_scale) {
            let moved = full_scale / &path.full_scale;
            let mean_log = moved.mapv(f32::ln).mean().expect("tiles");
            assert_eq!(mean_log > 0.0, wider, "moved by {moved}");
            path.full_scale.clone_from(full_scale);
        }
        let (before, after) =
            (loss(&network, &paths, &training), loss(&state.network, &learned, &training));
        assert!(after < before, "loss {before} became {after}");
    }
}

/// The path that training sees and the tiles that it stands for, without noise, are the same
/// numbers: all are dyadic, so codes are equal and only the softmax rounds, to `f32`.
#[test]
fn the_path_of_training_is_the_datapath_of_the_tiles() {
    let at = Stream::root(27);
    let pixels = integers(60, 36, 0, 1, at.child("pixels", 0)).mapv(|p| 255 * p as u8);
    let labels = (0..60).map(|k| (k % 10) as u8).collect();
    let data = Dataset::new(pixels.into_raw_vec_and_offset().0, labels, 6, 6, 10).expect("a set");
    let bits = 5;
    let (mut layers, mut paths, mut grids) = (Vec::new(), Vec::new(), Vec::new());
    for (k, shape) in [(36, 20), (20, 10)].into_iter().enumerate() {
        let at = at.child("layer", k as u64);
        let weights = integers(shape.0, shape.1, -64, 64, at.child("w", 0)) / 64.0;
        let bias = Array1::from_iter(integers(1, shape.1, -8, 8, at.child("b", 0))) / 4.0;
        let mut parts = dyadic(16, 8, bits);
        if k == 0 {
            // Black and white pixels have codes of their own and voltages of 0 and 1/4 V.
            (parts.dac.bits, parts.read_voltage) = (1, Volts(0.25));
        }
        let (limit, step) = if k == 0 { (1.0, 0.25) } else { (7.5, 0.5) };
        let full_scale = step * f64::from((1u32 << bits) - 1) / 2.0;
        let design = design(&parts, shape, 1.0, limit, full_scale);
        let mut path = LayerPath::digital(shape.0, shape.1);
        path.weight_clip = 1.0;
        path.input_limit = limit;
        path.input_levels = Levels { top: 15.0 };
        path.tile_rows = 16;
        path.tile_cols = 8;
        path.full_scale = Array2::from_elem(parts.grid_shape(shape.0, shape.1), full_scale as f32);
        path.output_sigma = Array2::zeros(path.full_scale.dim());
        path.output_levels = Levels { top: 15.0 };
        paths.push(path);
        let tally = &mut Tally::default();
        grids.push(Grid::program(&parts, &design, weights.view(), at, tally).expect("a grid"));
        layers.push(Layer { weights, bias });
    }
    let network = Network::from_layers(layers).expect("shapes chain");
    let (logits, tally) = network.logits(&grids, &data);
    assert!(tally.adc_clips > 0, "the test must see clipping");
    let want = cross_entropy(&logits.mapv(f64::from), data.labels());
    let got = loss(&network, &paths, &data);
    // Ten exponentials and a logarithm in `f32` on logits up to 60 in size.
    assert!((got - want).abs() <= 1e-5 * want, "loss {got} on the path, {want} on tiles");
}

fn cross_entropy(logits: &Array2<f64>, labels: &[u8]) -> f64 {
    let one = |(logits, label): (ndarray::ArrayView1<'_, f64>, &u8)| {
        let top = logits.fold(f64::NEG_INFINITY, |m, v| m.max(*v));
        top + logits.mapv(|v| (v - top).exp()).sum().ln() - logits[usize::from(*label)]
    };
    logits.rows().into_iter().zip(labels).map(one).sum::<f64>() / labels.len() as f64
}

/// A little network in doubles, from the definitions alone: noise-aware ReLU, and converters that
/// clip but do not round.
struct Reference {
    layers: Vec<(Array2<f64>, Array1<f64>)>,
    tile_rows: usize,
    relu: [f64; 2],
    /// Row tiles of each layer.
    full_scale: Vec<Vec<f64>>,
}

impl Reference {
    fn loss(&self, x: &Array2<f64>, labels: &[u8]) -> f64 {
        let mut input = x.clone();
        for (k, (weights, bias)) in self.layers.iter().enumerate() {
            let mut y = Array2::zeros((x.nrows(), bias.len())) + bias;
            for (tile, full_scale) in self.full_scale[k].iter().enumerate() {
                let first = tile * self.tile_rows;
                let rows = first..weights.nrows().min(first + self.tile_rows);
                let part = input.slice(ndarray::s![.., rows.clone()]);
                let z = part.dot(&weights.slice(ndarray::s![rows, ..]));
                y += &z.mapv(|z| z.clamp(-full_scale, *full_scale));
            }
            let [limit, sigma] = self.relu;
            input = if k + 1 == self.layers.len() {
                y
            } else {
                y.mapv(|y| expected_relu(y, sigma) - expected_relu(y - limit, sigma))
            };
        }
        cross_entropy(&input, labels)
    }
}

fn expected_relu(x: f64, sigma: f64) -> f64 {
    let normal = Normal::standard();
    x * normal.cdf(x / sigma) + sigma * normal.pdf(x / sigma)
}

/// One step of plain descent over one batch moves every parameter by the rate times its gradient;
/// central differences of the reference say what that is.
///
/// The step lies in the middle of the cosine of a run of two: half of the recipe's rate. Rounding
/// to `f32` of weights of size 1 by 2⁻²⁵ is divided by the rate; activations are good to 3e-7; the
/// difference quotient of width `h = 1e-4` errs by `h²` times third derivatives of order one, and
/// by a kink within `h` of a clip, of which the seeds have none. All are below 1e-5.
#[test]
fn gradients_are_those_of_the_loss() {
    let at = Stream::root(28);
    let (images, sides) = (24, (3, 4));
    let pixels = uniforms(images, 12, 0.0, 256.0, at.child("pixels", 0)).mapv(|p| p as u8);
    let labels: Vec<u8> = (0..images).map(|k| (k % 4) as u8).collect();
    let x = pixels.mapv(|p| f64::from(p) / 255.0);
    let pixels = pixels.into_raw_vec_and_offset().0;
    let data = Dataset::new(pixels, labels.clone(), sides.0, sides.1, 4).expect("a set");
    let shapes = [(12, 7), (7, 4)];
    let layer = |(k, (inputs, outputs)): (usize, (usize, usize))| Layer {
        weights: normals(inputs, outputs, at.child("w", k as u64)) * 0.5,
        bias: Array1::from_iter(normals(1, outputs, at.child("b", k as u64)) * 0.1),
    };
    let layers: Vec<Layer> = shapes.into_iter().enumerate().map(layer).collect();
    let (limit, sigma, tile_rows) = (1.5f32, 0.3f32, 5);
    let paths: Vec<LayerPath> = shapes
        .into_iter()
        .enumerate()
        .map(|(k, (inputs, outputs))| {
            let mut path = LayerPath::digital(inputs, outputs);
            path.input_limit = if k == 0 { 1.0 } else { limit };
            path.tile_rows = tile_rows;
            path.full_scale = Array2::from_elem((inputs.div_ceil(tile_rows), 1), 0.6);
            path.output_sigma = Array2::zeros(path.full_scale.dim());
            // 22 bits: rounding is below 3e-7, and the range ends where it clips.
            path.output_levels = Levels { top: 2_097_151.0 };
            path.relu_sigma = sigma;
            path
        })
        .collect();
    let mut recipe = recipe(2, images, 0.5, PLAIN);
    recipe.full_scale_rate = 0.5;
    let network = Network::from_layers(layers.clone()).expect("shapes chain");
    let trainer = Trainer::new(&recipe, network, paths.clone(), None, Stream::root(29));
    let mut trainer = trainer.expect("a recipe");
    let report = trainer.epoch(&data).expect("data fit");
    let (state, rate) = (trainer.into_state(), 0.25);

    let widen = |a: &Array2<f32>| a.mapv(f64::from);
    let reference = || Reference {
        layers: layers.iter().map(|l| (widen(&l.weights), l.bias.mapv(f64::from))).collect(),
        tile_rows,
        relu: [f64::from(limit), f64::from(sigma)],
        full_scale: paths
            .iter()
            .map(|p| p.full_scale.iter().map(|&f| f64::from(f)).collect())
            .collect(),
    };
    let value = reference().loss(&x, &labels);
    assert!((report.loss - value).abs() <= 1e-5, "loss {} instead of {value}", report.loss);
    let slope = |change: &dyn Fn(&mut Reference, f64)| {
        let h = 1e-4;
        let at = |step: f64| {
            let mut moved = reference();
            change(&mut moved, step);
            moved.loss(&x, &labels)
        };
        (at(h) - at(-h)) / (2.0 * h)
    };
    let mut seen = 0.0f64;
    let mut check = |what: String, before: f32, after: f32, want: f64| {
        let got = (f64::from(before) - f64::from(after)) / rate;
        assert!((got - want).abs() <= 1e-5, "{what}: gradient {got}, difference quotient {want}");
        seen += want.abs();
    };
    for (k, (before, after)) in layers.iter().zip(state.network.layers()).enumerate() {
        for ((place, &w), &moved) in before.weights.indexed_iter().zip(&after.weights) {
            let want = slope(&|r, h| r.layers[k].0[place] += h);
            check(format!("weight {place:?} of layer {k}"), w, moved, want);
        }
        for ((place, &b), &moved) in before.bias.indexed_iter().zip(&after.bias) {
            let want = slope(&|r, h| r.layers[k].1[place] += h);
            check(format!("bias {place} of layer {k}"), b, moved, want);
        }
        for (tile, &moved) in state.full_scale[k].iter().enumerate() {
            let want = slope(&|r, h| r.full_scale[k][tile] *= h.exp());
            let before = paths[k].full_scale[[tile, 0]];
            check(format!("full scale {tile} of layer {k}"), before.ln(), moved.ln(), want);
        }
    }
    assert!(seen > 1.0, "the test must see gradients");
}

/// With a teacher the loss is the cross-entropy of the mixed target, and a step goes down its slope:
/// by difference quotients of the loss that the trainer reports, and that against doubles.
///
/// The loss is good to 3e-7 of its size, below three, so quotients of width `2h`, `h` = 0.02, to
/// 5e-5; their truncation is `h²/6` times third derivatives of order one.
#[test]
fn distillation_goes_down_the_slope_of_the_mixed_loss() {
    let at = Stream::root(41);
    let pixels = uniforms(30, 6, 0.0, 256.0, at.child("pixels", 0)).mapv(|p| p as u8);
    let x = pixels.mapv(|p| f32::from(p) / 255.0);
    let labels: Vec<u8> = (0..30).map(|k| (k % 4) as u8).collect();
    let pixels = pixels.into_raw_vec_and_offset().0;
    let data = Dataset::new(pixels, labels.clone(), 2, 3, 4).expect("a set");
    let teacher = Network::new(&[6, 8, 4], at.child("teacher", 0)).expect("widths");
    let network = Network::new(&[6, 4], at.child("network", 0)).expect("widths");
    let (share, temperature) = (0.3f32, 2.0f32);
    let mut recipe = recipe(2, 30, 0.5, PLAIN);
    (recipe.distillation, recipe.teacher_temperature) = (share, temperature);
    let step = |weights: &Array2<f32>, rate: f32| {
        let layer = Layer { weights: weights.clone(), bias: Array1::zeros(4) };
        let network = Network::from_layers(vec![layer]).expect("one layer");
        let (recipe, paths) = (Recipe { learning_rate: rate, ..recipe.clone() }, digital(&network));
        let teacher = Some(Teacher::Asked(&teacher));
        let trainer = Trainer::new(&recipe, network, paths, teacher, Stream::root(5));
        let mut trainer = trainer.expect("a recipe");
        let loss = trainer.epoch(&data).expect("data fit").loss;
        (loss, trainer.into_state().network.layers()[0].weights.clone())
    };
    let weights = network.layers()[0].weights.clone();
    let (loss, after) = step(&weights, 0.5);

    let log_softmax = |logits: Array2<f64>| {
        let sums = logits.map_axis(ndarray::Axis(1), |row| row.mapv(f64::exp).sum().ln());
        logits - sums.insert_axis(ndarray::Axis(1))
    };
    let answers = teacher.digital_logits(x.view()).mapv(f64::from) / f64::from(temperature);
    let mut targets = log_softmax(answers).mapv(f64::exp) * f64::from(share);
    for (k, &label) in labels.iter().enumerate() {
        targets[[k, usize::from(label)]] += 1.0 - f64::from(share);
    }
    let logits = x.mapv(f64::from).dot(&weights.mapv(f64::from));
    let want = -(targets * log_softmax(logits)).sum() / 30.0;
    assert!((loss - want).abs() < 1e-5, "loss {loss}, in doubles {want}");

    for (place, &w) in weights.indexed_iter() {
        let moved = |by: f32| {
            let mut weights = weights.clone();
            weights[place] += by;
            step(&weights, 1e-30).0
        };
        let want = (moved(0.02) - moved(-0.02)) / 0.04;
        // The middle of the cosine of a run of two: half of the rate.
        let got = f64::from(w - after[place]) / 0.25;
        assert!((got - want).abs() < 3e-4, "{place:?}: gradient {got}, quotient {want}");
    }
}
