//! Training steps of LeNet-5 and ResNet-20 on random images, digital and through a noisy,
//! clipped, quantised datapath, on one thread. `layers.py` beside it times PyTorch on the same layers.

use cim_core::Stream;
use cim_nn::{
    Dataset, InputRange, LayerPath, Levels, Network, NetworkSpec, Optimiser, Recipe, Shape,
    Trainer, WeightNoise,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;

/// Images of a step, and of an epoch.
const IMAGES: usize = 128;

const LENET: &str = r#"
input = [1, 28, 28]
operations = [
    { op = "conv2d", channels = 6, kernel = 5, padding = 2 },
    { op = "relu" },
    { op = "max-pool", kernel = 2, stride = 2 },
    { op = "conv2d", channels = 16, kernel = 5 },
    { op = "relu" },
    { op = "max-pool", kernel = 2, stride = 2 },
    { op = "flatten" },
    { op = "linear", features = 120 },
    { op = "relu" },
    { op = "linear", features = 84 },
    { op = "relu" },
    { op = "linear", features = 10 },
]
"#;

fn resnet20() -> String {
    let conv = |channels: usize, kernel: usize, stride: usize| {
        let padding = kernel / 2;
        format!(
            "{{ op = \"conv2d\", channels = {channels}, kernel = {kernel}, stride = {stride}, \
             padding = {padding} }}, {{ op = \"batch-norm\" }}"
        )
    };
    let relu = "{ op = \"relu\" }";
    let mut operations = vec![conv(16, 3, 1), relu.into()];
    for (channels, first) in [(16, 1), (32, 2), (64, 2)] {
        for block in 0..3 {
            let stride = if block == 0 { first } else { 1 };
            let shortcut = if stride == 1 { String::new() } else { conv(channels, 1, stride) };
            operations.push(format!(
                "{{ op = \"residual\", body = [{}, {relu}, {}], shortcut = [{shortcut}] }}",
                conv(channels, 3, stride),
                conv(channels, 3, 1)
            ));
            operations.push(relu.into());
        }
    }
    operations.push("{ op = \"global-pool\" }, { op = \"linear\", features = 10 }".into());
    format!("input = [3, 32, 32]\noperations = [{}]", operations.join(", "))
}

fn images(shape: Shape) -> Dataset {
    let mut values = vec![0.0_f32; IMAGES * shape.len()];
    Stream::root(3).fill_uniform(0, &mut values);
    let bytes = values.iter().map(|u| (255.0 * u) as u8).collect();
    let labels =
        cim_nn::Labels { values: (0..IMAGES).map(|i| (i % 10) as u8).collect(), classes: 10 };
    Dataset::of_bytes(bytes, shape, Some(labels)).expect("images")
}

/// Tiles of 128 × 128, noisy weights, 8-bit converters with noise in front.
fn noisy(inputs: usize, outputs: usize) -> LayerPath {
    let tiles = (inputs.div_ceil(128), outputs.div_ceil(128));
    LayerPath {
        weight_clip: 1.0,
        weight_values: cim_nn::WeightValues::Any,
        weight_noise: WeightNoise { c0: 1e-4, c1: 1e-4, c2: 1e-4, cm: 0.0, w0: 0.0 },
        input_limit: 4.0,
        input_range: InputRange::Unsigned,
        input_levels: Levels { top: 255.0 },
        tile_rows: 128,
        tile_cols: 128,
        full_scale: Array2::from_elem(tiles, 8.0),
        output_levels: Levels { top: 127.0 },
        output_sigma: Array2::from_elem(tiles, 0.05),
        relu_sigma: 0.0,
        learns_bias: true,
    }
}

fn steps(c: &mut Criterion) {
    let recipe = Recipe {
        epochs: 1 << 20,
        batch: IMAGES,
        learning_rate: 1e-4,
        weight_decay: 0.0,
        optimiser: Optimiser::Sgd { momentum: 0.9 },
        max_shift: 0,
        distillation: 0.0,
        teacher_temperature: 1.0,
        full_scale_rate: 0.0,
    };
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    for (name, text) in [("lenet5", LENET.to_string()), ("resnet20", resnet20())] {
        let spec: NetworkSpec = toml::from_str(&text).expect("a network");
        let network = spec.build(Stream::root(1)).expect("it fits");
        let data = images(network.input_shape());
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(IMAGES as u64));
        for (kind, path) in
            [("digital", LayerPath::digital as fn(usize, usize) -> LayerPath), ("noisy", noisy)]
        {
            let start: Network = network.clone();
            let paths = start.layers().iter().map(|l| path(l.weights.nrows(), l.weights.ncols()));
            let paths = paths.collect();
            let mut trainer =
                Trainer::new(&recipe, start, paths, None, Stream::root(2)).expect("a trainer");
            group.bench_function(kind, |b| {
                one.install(|| b.iter(|| trainer.epoch(&data).expect("data fit")));
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(std::time::Duration::from_secs(5));
    targets = steps
}
criterion_main!(benches);
