//! Networks of operations learn: convolutions on MNIST, digitally and through noisy tiles; batch
//! norms fold; signs train.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use cim_adc::{DacSpec, Polarity};
use cim_core::{Siemens, Stream, Tally};
use cim_device::models::NoiseSpec;
use cim_device::{Conduction, GaussianSpec, Window};
use cim_nn::network::first_images;
use cim_nn::{
    Dataset, InputRange, Labels, LayerPath, Levels, Network, NetworkSpec, Operation, Optimiser,
    Recipe, Shape, TrainState, Trainer, WeightNoise, accuracy,
};
use cim_tests::chip::{silent, worst_case};
use cim_tile::{Grid, Parts};
use ndarray::{Array2, ArrayView2};

/// The first `count` images of MNIST whose file names begin with `part`.
fn mnist(part: &str, count: usize) -> Dataset {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mnist");
    let read = |name: &str, header: usize, len: usize| {
        let file = File::open(folder.join(format!("{part}-{name}.gz"))).expect("ships with cim");
        let mut bytes = vec![0; header + len];
        flate2::read::GzDecoder::new(file).read_exact(&mut bytes).expect("long enough");
        bytes.split_off(header)
    };
    let images = read("images-idx3-ubyte", 16, count * 784);
    let labels = Labels { values: read("labels-idx1-ubyte", 8, count), classes: 10 };
    Dataset::of_bytes(images, Shape::image(1, 28, 28), Some(labels)).expect("images")
}

fn build(text: &str, seed: u64) -> Network {
    let spec: NetworkSpec = toml::from_str(text).expect("a network");
    spec.build(Stream::root(seed)).expect("it fits")
}

fn recipe(epochs: usize, learning_rate: f32) -> Recipe {
    Recipe {
        epochs,
        batch: 50,
        learning_rate,
        weight_decay: 0.0,
        optimiser: Optimiser::Adam { beta1: 0.9, beta2: 0.999 },
        max_shift: 0,
        distillation: 0.0,
        teacher_temperature: 1.0,
        full_scale_rate: 0.0,
    }
}

fn digital(network: &Network) -> Vec<LayerPath> {
    let shapes = network.products().map(|product| product.weights.dim());
    shapes.map(|(inputs, outputs)| LayerPath::digital(inputs, outputs)).collect()
}

fn train(recipe: &Recipe, network: Network, paths: Vec<LayerPath>, data: &Dataset) -> TrainState {
    let trainer = Trainer::new(recipe, network, paths, None, Stream::root(5));
    let mut trainer = trainer.expect("a recipe");
    while !trainer.is_done() {
        trainer.epoch(data).expect("data fit");
    }
    trainer.into_state()
}

fn digital_accuracy(network: &Network, data: &Dataset) -> f64 {
    accuracy(network.logits(&network.exact(), data).0.view(), data.labels())
}

/// LeNet-5 with fewer channels and a batch norm.
const LENET: &str = r#"
input = [1, 28, 28]
operations = [
    { op = "conv2d", channels = 6, kernel = 5, stride = 2, padding = 2 },
    { op = "batch-norm" },
    { op = "relu" },
    { op = "conv2d", channels = 12, kernel = 5 },
    { op = "relu" },
    { op = "max-pool", kernel = 2, stride = 2 },
    { op = "flatten" },
    { op = "linear", features = 40 },
    { op = "relu" },
    { op = "linear", features = 10 },
]
"#;

/// Cells that are programmed with an error of 1 % of the window, 10-bit output converters whose range is
/// the largest current that the weights can draw.
fn parts() -> Parts {
    let us = |x: f64| Siemens(x * 1e-6);
    let window = Window::new(us(5.0), us(105.0)).expect("a window");
    let device = GaussianSpec {
        g_off: window.g_min,
        g_on: window.g_max,
        programming: NoiseSpec { constant: window.span() * 0.01, ..NoiseSpec::NONE },
        read: NoiseSpec::NONE,
        current_voltage: Conduction::Ohmic,
    };
    Parts {
        device: Arc::new(device.build().expect("a device")),
        window,
        dac: DacSpec { bits: 8, polarity: Polarity::Unipolar },
        adc_bits: 10,
        ..silent(64, 16)
    }
}

/// A network on noisy tiles: the product of a convolution is a grid like any other.
fn on_tiles(network: &Network, inputs: &[Array2<f32>], parts: &Parts, chip: Stream) -> Vec<Grid> {
    let layers = network.products().zip(inputs).enumerate();
    layers
        .map(|(k, (product, inputs))| {
            let clip = product.weights.iter().fold(0.0f32, |m, w| m.max(w.abs()));
            let limit = inputs.iter().fold(0.0f32, |m, x| m.max(*x));
            let design = worst_case(parts, product.weights, clip, limit);
            let (at, tally) = (chip.child("layer", k as u64), &mut Tally::default());
            Grid::program(parts, &design, product.weights, at, tally).expect("a grid")
        })
        .collect()
}

/// The thresholds leave room for chance: of 1,000 images, six standard errors of an accuracy of
/// 0.95 are 0.041. A perceptron of no hidden layer, the simplest alternative, reaches 0.88 here.
#[test]
fn a_convolutional_network_learns_mnist_and_runs_on_tiles() {
    let (training, test) = (mnist("train", 6000), mnist("t10k", 1000));
    let state = train(&recipe(3, 4e-3), build(LENET, 1), digital(&build(LENET, 1)), &training);
    let network = state.network.folded();
    let reached = digital_accuracy(&network, &test);
    assert!(reached > 0.95 - 0.041 + 0.02, "digitally {reached}");

    let x = first_images(&training, 100);
    let inputs = network.product_inputs(x.view(), 100);
    let parts = parts();
    let grids = on_tiles(&network, &inputs, &parts, Stream::root(31));
    let (logits, tally) = network.logits(&grids, &test);
    let on_chip = accuracy(logits.view(), test.labels());
    // Each of 1,000 images is one conversion per input of a row: positions count.
    let driven: usize = network.products().map(|p| p.per_sample * p.weights.nrows()).sum();
    assert_eq!(tally.dac_conversions, 1000 * driven as u64);
    assert!(on_chip > 0.9, "digitally {reached}, on tiles {on_chip}");
    // The same chip twice is the same; a chip elsewhere is another.
    let again = network.logits(&on_tiles(&network, &inputs, &parts, Stream::root(31)), &test).0;
    let other = network.logits(&on_tiles(&network, &inputs, &parts, Stream::root(32)), &test).0;
    assert!(logits == again && logits != other);
}

/// What a network folds to is the same function: both round differently, 1e-7 of numbers up to the
/// largest, through some layers.
#[test]
fn folded_batch_norms_are_the_same_function() {
    let data = mnist("train", 1000);
    let state = train(&recipe(1, 4e-3), build(LENET, 1), digital(&build(LENET, 1)), &data);
    let (network, folded) = (state.network.clone(), state.network.folded());
    assert!(network.norms().len() == 1 && folded.norms().is_empty());
    let x = first_images(&data, 200);
    let (a, b) = (network.digital_logits(x.view()), folded.digital_logits(x.view()));
    let largest = a.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    assert!((&a - &b).iter().all(|d| d.abs() <= 1e-5 * largest));
}

const SIGNS: &str = r#"
input = [784]
operations = [
    { op = "linear", features = 200 },
    { op = "batch-norm" },
    { op = "sign" },
    { op = "linear", features = 100 },
    { op = "batch-norm" },
    { op = "sign" },
    { op = "linear", features = 10 },
]
"#;

/// With signs between its layers a perceptron beats one without hidden layers, 0.88 here, by more
/// than six standard errors of 1,000 images; and its thresholds are whole where its sums are.
#[test]
fn a_network_of_signs_learns_and_folds_to_thresholds() {
    let data = mnist("train", 6000);
    let pixels: Vec<u8> = (0..data.len()).flat_map(|i| data.image(i).to_vec()).collect();
    let labels = Labels { values: data.labels().to_vec(), classes: 10 };
    let training = Dataset::of_bytes(pixels, Shape::features(784), Some(labels)).expect("a set");
    let test = mnist("t10k", 1000);
    let state = train(&recipe(5, 3e-3), build(SIGNS, 2), digital(&build(SIGNS, 2)), &training);
    let reached = digital_accuracy(&state.network, &test);
    assert!(reached > 0.9, "signs reach {reached}");

    // With whole weights in the second layer the sums there are whole.
    let operations: NetworkSpec = toml::from_str(SIGNS).expect("a network");
    let mut layers = state.network.layers().to_vec();
    layers[1].weights.mapv_inplace(|w| if w < 0.0 { -1.0 } else { 1.0 });
    let network = Network::from_parts(
        Shape::features(784),
        &operations.operations.expect("a list"),
        layers,
        state.network.norms().to_vec(),
    )
    .expect("weights fit");
    let folded = network.folded();
    let thresholds: Vec<_> = folded
        .operations()
        .iter()
        .filter_map(|operation| match operation {
            Operation::Threshold(threshold) => Some(threshold.thresholds().collect::<Vec<_>>()),
            _ => None,
        })
        .collect();
    assert_eq!(thresholds.len(), 2);
    assert!(thresholds[1].iter().all(|(least, _)| least.fract() == 0.0));
    assert!(thresholds[0].iter().any(|(least, _)| least.fract() != 0.0));
    let x = first_images(&test, 1000);
    let (a, b) = (network.digital_logits(x.view()), folded.digital_logits(x.view()));
    // A sum of the first layer may round to the other side of its threshold: some of 1000 × 200.
    let equal = a.rows().into_iter().zip(b.rows()).filter(|(a, b)| a == b).count();
    assert!(equal >= 990, "{equal} of 1000 images have the same logits");
}

/// Loss of one pass through `paths`, without learning: the rate is too small to move a weight.
fn loss(network: &Network, paths: &[LayerPath], data: &Dataset) -> f64 {
    let mut recipe = recipe(1, 1e-30);
    recipe.batch = data.len();
    recipe.optimiser = Optimiser::Sgd { momentum: 0.0 };
    let trainer = Trainer::new(&recipe, network.clone(), paths.to_vec(), None, Stream::root(5));
    trainer.expect("a recipe").epoch(data).expect("data fit").loss
}

/// Through clipping converters of signed inputs, row tiles and a convolution, one step of plain
/// descent moves every weight of every product by the rate times the slope of the loss.
///
/// The loss is good to 3e-7 of its size, one to two, so quotients of width 2h, h = 0.01, to 5e-5;
/// their truncation is `h²/6` times third derivatives below ten: 2e-4. Kinks of clips within `h`
/// would add more; the full scales are such that few sums clip.
#[test]
fn gradients_through_the_path_of_a_convolution_are_those_of_the_loss() {
    let text = r#"
        input = [2, 5, 6]
        operations = [
            { op = "conv2d", channels = 4, kernel = 3, padding = 1, stride = 2, groups = 2 },
            { op = "tanh" },
            { op = "conv2d", channels = 3, kernel = 2 },
            { op = "sigmoid" },
            { op = "flatten" },
            { op = "linear", features = 3 },
        ]
    "#;
    let network = build(text, 3);
    let mut values = vec![0.0f32; 20 * 60];
    Stream::root(4).fill_standard_normal(0, &mut values);
    let labels = Labels { values: (0..20).map(|k| (k % 3) as u8).collect(), classes: 3 };
    let data = Dataset::of_floats(values, Shape::image(2, 5, 6), Some(labels)).expect("a set");
    let paths: Vec<LayerPath> = network
        .products()
        .enumerate()
        .map(|(k, product)| {
            let (inputs, outputs) = product.weights.dim();
            let mut path = LayerPath::digital(inputs, outputs);
            (path.tile_rows, path.tile_cols) = (5, 2);
            let tiles = (inputs.div_ceil(5), outputs.div_ceil(2));
            path.full_scale = Array2::from_elem(tiles, 6.0);
            path.output_sigma = Array2::zeros(tiles);
            path.output_levels = Levels { top: 2_097_151.0 };
            path.input_range = InputRange::Signed;
            // Data within ±1.5 and all that tanh and sigmoid give.
            path.input_limit = if k < 2 { 1.5 } else { 1.25 };
            path.weight_noise = WeightNoise::NONE;
            path
        })
        .collect();
    let mut recipe = recipe(2, 0.5);
    (recipe.batch, recipe.optimiser) = (20, Optimiser::Sgd { momentum: 0.0 });
    let trainer = Trainer::new(&recipe, network.clone(), paths.clone(), None, Stream::root(5));
    let mut trainer = trainer.expect("a recipe");
    trainer.epoch(&data).expect("data fit");
    // The middle of the cosine of two steps: half of the rate.
    let rate = 0.25;
    let mut seen = 0.0;
    for (k, layer) in network.layers().iter().enumerate() {
        let after = &trainer.state().network.layers()[k];
        for (place, &w) in layer.weights.indexed_iter() {
            let at = |step: f32| {
                let mut layers = network.layers().to_vec();
                layers[k].weights[place] += step;
                let spec: NetworkSpec = toml::from_str(text).expect("a network");
                let operations = spec.operations.expect("a list");
                let moved = Network::from_parts(network.input_shape(), &operations, layers, vec![]);
                loss(&moved.expect("weights fit"), &paths, &data)
            };
            let want = (at(0.01) - at(-0.01)) / 0.02;
            let got = f64::from(w - after.weights[place]) / rate;
            seen += want.abs();
            assert!((got - want).abs() <= 4e-4, "product {k} {place:?}: {got}, quotient {want}");
        }
    }
    assert!(seen > 1.0, "the test must see gradients");
}

/// A residual network, a convolution in time with dropout and recurrent layers learn to tell
/// waveforms apart on every path: digital, and with signed inputs and noise.
#[test]
fn series_are_learned_by_every_kind_of_network() {
    let samples = 300;
    let mut noise = vec![0.0f32; samples * 32];
    Stream::root(6).fill_standard_normal(0, &mut noise);
    let wave = |k: usize| {
        let (sample, t) = (k / 32, k % 32);
        let (period, phase) = ([5.0, 8.0, 13.0][sample % 3], (sample * 7 % 11) as f32);
        (std::f32::consts::TAU * (t as f32 + phase) / period).sin() + 0.2 * noise[k]
    };
    let values = (0..samples * 32).map(wave).collect();
    let labels = Labels { values: (0..samples).map(|k| (k % 3) as u8).collect(), classes: 3 };
    let data = Dataset::of_floats(values, Shape::series(1, 32), Some(labels)).expect("a set");
    let networks = [
        r#"{ op = "conv1d", channels = 8, kernel = 7, padding = 3 }, { op = "batch-norm" }, { op = "relu" },
           { op = "residual", body = [{ op = "conv1d", channels = 8, kernel = 3, padding = 1, groups = 2 },
             { op = "batch-norm" }, { op = "hard-tanh" }] },
           { op = "dropout", share = 0.1 }, { op = "global-pool" }, { op = "linear", features = 3 }"#,
        r#"{ op = "conv1d", channels = 6, kernel = 4, stride = 4 }, { op = "hard-sigmoid" },
           { op = "gru", hidden = 12, sequence = false }, { op = "linear", features = 3 }"#,
        r#"{ op = "conv1d", channels = 6, kernel = 4, stride = 4 }, { op = "ternary" },
           { op = "lstm", hidden = 12, sequence = true }, { op = "flatten" }, { op = "linear", features = 3 }"#,
    ];
    for operations in networks {
        let network = build(&format!("input = [1, 32]\noperations = [{operations}]"), 7);
        let noisy = digital(&network).into_iter().map(|path| LayerPath {
            input_limit: 3.0,
            input_range: InputRange::Signed,
            input_levels: Levels { top: 127.0 },
            weight_noise: WeightNoise { c0: 4e-4, ..WeightNoise::NONE },
            full_scale: Array2::from_elem((1, 1), 8.0),
            output_levels: Levels { top: 127.0 },
            output_sigma: Array2::from_elem((1, 1), 0.02),
            ..path
        });
        for paths in [digital(&network), noisy.collect()] {
            let state = train(&recipe(40, 1e-2), network.clone(), paths, &data);
            let reached = digital_accuracy(&state.network, &data);
            // Chance is one third; six standard errors of 300 samples are 0.16.
            assert!(reached > 0.8, "{reached} by {operations}");
        }
    }
}

/// Signed inputs need signed codes: through an unsigned converter half of a tanh is lost.
#[test]
fn signed_inputs_train_through_a_bipolar_converter() {
    let mut values = vec![0.0f32; 400 * 8];
    Stream::root(8).fill_standard_normal(0, &mut values);
    // The class is the sign of the sum of what the product is driven with: without the negative half
    // it cannot be told well.
    let class = |x: &[f32]| u8::from(x.iter().map(|x| x.tanh()).sum::<f32>() > 0.0);
    let labels = Labels { values: values.chunks(8).map(class).collect(), classes: 2 };
    let data = Dataset::of_floats(values, Shape::features(8), Some(labels)).expect("a set");
    let text = r#"
        input = [8]
        operations = [{ op = "tanh" }, { op = "linear", features = 2 }]
    "#;
    let network = build(text, 9);
    let path = |input_range| LayerPath {
        input_limit: 1.0,
        input_range,
        input_levels: Levels { top: 127.0 },
        ..LayerPath::digital(8, 2)
    };
    let run = |range| {
        let recipe = recipe(20, 2e-2);
        let trainer =
            Trainer::new(&recipe, network.clone(), vec![path(range)], None, Stream::root(5));
        let mut trainer = trainer.expect("a recipe");
        let mut last = None;
        while !trainer.is_done() {
            last = Some(trainer.epoch(&data).expect("data fit"));
        }
        last.expect("epochs").train_accuracy
    };
    let (signed, unsigned) = (run(InputRange::Signed), run(InputRange::Unsigned));
    // Six standard errors of 400 samples at 0.95 are 0.065.
    assert!(signed > 0.95 && signed - unsigned > 0.065, "signed {signed}, unsigned {unsigned}");
}

/// Same seed, same bytes: at any thread count, with batch norms, dropout and noise.
#[test]
fn training_convolutions_does_not_depend_on_the_threads() {
    let data = mnist("train", 600);
    let text = LENET.replace(
        "{ op = \"flatten\" },",
        "{ op = \"flatten\" }, { op = \"dropout\", share = 0.3 },",
    );
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let network = build(&text, 1);
            let paths = digital(&network).into_iter().map(|path| LayerPath {
                weight_noise: WeightNoise { c0: 1e-4, ..WeightNoise::NONE },
                full_scale: Array2::from_elem((1, 1), 8.0),
                output_levels: Levels { top: 127.0 },
                output_sigma: Array2::from_elem((1, 1), 0.02),
                ..path
            });
            let mut recipe = recipe(1, 1e-3);
            recipe.batch = 300;
            let paths = paths.collect();
            let network = train(&recipe, network, paths, &data).network;
            let logits = network.logits(&network.exact(), &data).0;
            (cim_nn::checkpoint::encode(&network).expect("plain numbers"), logits)
        })
    };
    let one = run(1);
    assert_eq!(one, run(3));
    let again: Network = cim_nn::checkpoint::decode(&one.0).expect("written above");
    let view: ArrayView2<'_, f32> = one.1.view();
    assert_eq!(again.logits(&again.exact(), &data).0, view);
}
