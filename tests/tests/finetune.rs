//! Networks from files, trained through the hardware of their chips.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cim_chip::{ChipPreset, Foreign, Mapped, Moment, Stream, Tunable};
use cim_data::npy::Kind;
use cim_data::npz::Named;
use cim_graph::{Files, Limits};
use cim_nn::{Dataset, Labels, Optimiser, Recipe, Shape, Trainer};
use cim_studies::own::{Samples, Tuned, Tuning, tuned};
use cim_studies::{Clock, Context, NoSimulator, NoStore, Progress, STUDIES, Steps};
use ndarray::{Array1, Array2, ArrayD};
use safetensors::tensor::{Dtype, TensorView, serialize};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn onnx(name: &str) -> Files {
    let path = root().join("data/networks").join(name);
    Files::Onnx { graph: std::fs::read(path).expect("it ships with the project"), weights: None }
}

/// A residual network with the layers of ResNet-20 and weights of no meaning.
fn resnet_20() -> Files {
    let layers = include_str!("../../crates/cim-graph/tests/resnet20.toml");
    let mut tensors = Tensors::new();
    let mut add = |name: String, shape: Vec<usize>, scale: f32, shift: f32| {
        let mut values = vec![0.0; shape.iter().product()];
        let at = Stream::root(3).child("tensor", tensors.len() as u64);
        at.fill_standard_normal(0, &mut values);
        values.iter_mut().for_each(|v| *v = shift + scale * v.clamp(-2.0, 2.0));
        tensors.insert(name, (shape, values));
    };
    let mut conv = |name: &str, norm: &str, from: usize, to: usize| {
        let scale = (2.0 / (9 * from) as f32).sqrt();
        add(format!("{name}.weight"), vec![to, from, 3, 3], scale, 0.0);
        for (part, scale, shift) in [
            ("weight", 0.1, 1.0),
            ("bias", 0.1, 0.0),
            ("running_mean", 0.1, 0.0),
            ("running_var", 0.1, 1.0),
        ] {
            add(format!("{norm}.{part}"), vec![to], scale, shift);
        }
    };
    conv("conv1", "bn1", 3, 16);
    for (stage, from, to) in [(1, 16, 16), (2, 16, 32), (3, 32, 64)] {
        for block in 0..3 {
            let name = format!("layer{stage}.{block}");
            let first = if block == 0 { from } else { to };
            conv(&format!("{name}.conv1"), &format!("{name}.bn1"), first, to);
            conv(&format!("{name}.conv2"), &format!("{name}.bn2"), to, to);
        }
    }
    add("linear.weight".into(), vec![10, 64], 0.1, 0.0);
    add("linear.bias".into(), vec![10], 0.1, 0.0);
    let weights = file(&tensors);
    Files::Safetensors { weights, layers: layers.to_owned() }
}

type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn file(tensors: &Tensors) -> Vec<u8> {
    let bytes: BTreeMap<&String, Vec<u8>> = tensors
        .iter()
        .map(|(name, (_, values))| (name, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
        .collect();
    let view = |(name, (shape, _)): (&String, &(Vec<usize>, Vec<f32>))| {
        (name.clone(), TensorView::new(Dtype::F32, shape.clone(), &bytes[name]).expect("whole"))
    };
    serialize(tensors.iter().map(view), None).expect("a file")
}

/// Two groups of channels and a product without a bias.
fn grouped() -> Files {
    let layers = "input = [4, 6]\n\
        [[layer]]\nname = \"c\"\nkind = \"conv\"\ngroups = 2\nstride = 2\npadding = 1\nactivation = \"tanh\"\n\
        [[layer]]\nname = \"f\"\nkind = \"flatten\"\n\
        [[layer]]\nname = \"l\"\nkind = \"linear\"\n";
    let numbers = |count: usize| (0..count).map(|k| ((k * 37 % 23) as f32 - 11.0) / 20.0).collect();
    let tensors = Tensors::from([
        ("c.weight".to_owned(), (vec![6, 2, 3], numbers(36))),
        ("c.bias".to_owned(), (vec![6], numbers(6))),
        ("l.weight".to_owned(), (vec![10, 18], numbers(180))),
    ]);
    Files::Safetensors { weights: file(&tensors), layers: layers.to_owned() }
}

fn read(files: &Files, sample: &[usize]) -> (Foreign, Tunable) {
    let network = files.network(Limits::default()).expect("a network");
    let numbers = vec![0.5; sample.iter().product()];
    let foreign = Foreign::new(network, &[sample.to_vec()], &numbers).expect("samples that fit");
    let layers = files.learnable(sample, Limits::default()).expect("layers that can be learned");
    let tunable = Tunable::new(layers, &foreign, sample).expect("operations");
    (foreign, tunable)
}

fn samples(count: usize, sample: &[usize]) -> Array2<f32> {
    let size = sample.iter().product();
    let mut values = vec![0.0; count * size];
    Stream::root(4).child("samples", 0).fill_uniform(0, &mut values);
    Array2::from_shape_vec((count, size), values).expect("samples × numbers")
}

/// The largest difference, per unit of the largest output.
fn apart(a: &Array2<f32>, b: &Array2<f32>) -> f32 {
    let largest = |m: &Array2<f32>| m.iter().fold(0.0f32, |most, v| most.max(v.abs()));
    largest(&(a - b)) / largest(b)
}

/// What learns is the same function as what was read; what is written after a few steps is the same
/// function as what has learned: perceptron, convolutions, residual blocks with folded normalisations, groups along
/// time and a product without a bias.
#[test]
fn a_network_that_learns_is_that_of_its_file_before_and_after() {
    let networks: [(Files, &[usize]); 4] = [
        (onnx("mlp.onnx"), &[1, 14, 14]),
        (onnx("cnn.onnx"), &[1, 14, 14]),
        (resnet_20(), &[3, 32, 32]),
        (grouped(), &[4, 6]),
    ];
    for (files, sample) in networks {
        let (foreign, tunable) = read(&files, sample);
        let x = samples(8, sample);
        let want = foreign.digital_outputs(x.view()).expect("outputs");
        let got = tunable.network().digital_outputs(x.view()).expect("outputs");
        // Sums of up to 576 products in another order, through up to 20 layers.
        assert!(apart(&got, &want) < 1e-5, "{sample:?}: {}", apart(&got, &want));
        let recipe = Recipe {
            epochs: 2,
            batch: 8,
            learning_rate: 1e-2,
            weight_decay: 0.0,
            optimiser: Optimiser::Adam { beta1: 0.9, beta2: 0.999 },
            max_shift: 0,
            distillation: 0.0,
            teacher_temperature: 1.0,
            full_scale_rate: 0.0,
        };
        let paths = tunable.digital_paths();
        let labels = Labels { values: (0..8).collect(), classes: 10 };
        let shape = Shape::try_from(sample.to_vec()).expect("a shape");
        let data = Dataset::of_floats(x.iter().copied().collect(), shape, Some(labels));
        let data = data.expect("eight samples");
        let start = tunable.network().clone();
        let mut trainer =
            Trainer::new(&recipe, start, paths, None, Stream::root(5)).expect("a run");
        while !trainer.is_done() {
            trainer.epoch(&data).expect("an epoch");
        }
        let trained = trainer.into_state().network;
        let learned = trained.digital_outputs(x.view()).expect("outputs");
        assert!(apart(&learned, &want) > 1e-2, "{sample:?}: nothing was learned");
        let written = tunable.written(&trained).expect("a file");
        let (again, _) = read(&files.with_weights(written), sample);
        let again = again.digital_outputs(x.view()).expect("outputs");
        assert!(apart(&again, &learned) < 1e-5, "{sample:?}: {}", apart(&again, &learned));
    }
}

/// Nothing is shown, nothing is timed.
struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _label: &str, _steps: usize) -> Box<dyn Steps> {
        Box::new(Self)
    }
}

impl Steps for Quiet {
    fn step(&self, _steps: usize) {}

    fn say(&self, _words: &str) {}
}

impl Clock for Quiet {
    fn seconds(&self) -> f64 {
        0.0
    }
}

/// The first training images of MNIST at 14 × 14 pixels, as the networks that ship were trained on.
fn digits(count: usize) -> Vec<Named> {
    let (all, _) = cim_data::idx::load(&root().join("data/mnist")).expect("MNIST ships");
    let mut x = ArrayD::zeros(vec![count, 1, 14, 14]);
    for ((idx, pixel), value) in
        x.indexed_iter_mut().map(|(at, value)| ((at[0], (at[2], at[3])), value))
    {
        let ((row, col), image) = (pixel, all.image(idx));
        let of =
            |down: usize, right: usize| f32::from(image[(2 * row + down) * 28 + 2 * col + right]);
        *value = ((of(0, 0) + of(0, 1) + of(1, 0) + of(1, 1)) / 4.0).round_ties_even() / 255.0;
    }
    let y = Array1::from_iter(all.labels()[..count].iter().map(|&label| f32::from(label)));
    vec![
        Named { name: "x".into(), values: x, kind: Kind::Float },
        Named { name: "y".into(), values: y.into_dyn(), kind: Kind::Integer },
    ]
}

fn tune(count: usize, epochs: usize, rates: &[f32], seed: u64, threads: usize) -> Tuned {
    tune_and_test(count, None, epochs, rates, seed, threads)
}

fn tune_and_test(
    count: usize,
    tested: Option<usize>,
    epochs: usize,
    rates: &[f32],
    seed: u64,
    threads: usize,
) -> Tuned {
    let files = onnx("mlp.onnx");
    let graph = files.network(Limits::default()).expect("a network");
    let samples = Samples::of(digits(count), &graph, usize::MAX).expect("samples");
    let test = tested.map(|count| Samples::of(digits(count), &graph, usize::MAX).expect("samples"));
    let mut chip: ChipPreset =
        cim_studies::parse(STUDIES[0].preset).expect("the chip of the paper");
    chip.converters.adc_bits = 4;
    chip.seed = seed;
    let tuning = Tuning {
        files: &files,
        samples: &samples,
        test: test.as_ref(),
        holdout: 0.25,
        calibration: 256,
        chip,
        written: None,
        moment: Moment::FRESH,
        chips: 10,
        epochs,
        rates: rates.to_vec(),
    };
    let context = Context {
        store: &NoStore,
        progress: &Quiet,
        clock: &Quiet,
        simulator: &NoSimulator,
        threads,
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| tuned(tuning, &context)).expect("a fine-tuned network")
}

/// A perceptron on handwritten digits behind converters of 4 bits is better after training through them,
/// by more than its paired interval.
#[test]
fn training_through_coarse_converters_pays() {
    let found = tune(4000, 6, &[3e-3], 1, 2);
    let gain = found.gain;
    assert!(gain.ci95 < gain.mean, "{gain:?} of {:?}", found.on_chips);
    assert_eq!((found.learned_from, found.chosen_with), (3000, 500));
    let difference = found.on_chips[1].mean - found.on_chips[0].mean;
    assert!((difference - gain.mean).abs() < 1e-12);
    assert!(found.to_string().contains("gained"));
}

/// Where nothing that is learned does better, the weights are those of the file; and the same seed gives the
/// same bytes at any number of threads.
#[test]
fn nothing_learned_is_nothing_changed_and_threads_change_nothing() {
    // A rate that breaks any network.
    let found = tune(400, 1, &[1e3], 1, 2);
    assert_eq!((found.chosen, found.gain.mean), (0, 0.0));
    let weights = cim_graph::tensors(&found.weights, Limits::default()).expect("tensors");
    let network = onnx("mlp.onnx").network(Limits::default()).expect("a network");
    let first = weights["1.weight"].as_f32().expect("numbers");
    let same = network.products()[0].weights.t().iter().copied().eq(first.iter().copied());
    assert!(same, "the weights of the file");
    let [one, two] = [1, 2].map(|threads| tune(800, 1, &[3e-3], 7, threads).weights);
    assert!(one == two);
}

/// Samples of a test are judged on and nothing else: the choice and the weights are those with others.
#[test]
fn a_test_changes_nothing_but_the_judgement() {
    let [one, other] =
        [200, 300].map(|tested| tune_and_test(800, Some(tested), 1, &[3e-3, 1e-3], 7, 2));
    assert_eq!(one.chosen, other.chosen);
    assert_eq!(one.candidates, other.candidates);
    assert!(one.weights == other.weights);
    assert_ne!(one.on_chips, other.on_chips);
}
