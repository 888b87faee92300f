//! Training on 2,560 images, ten steps: digital, and through a noisy, clipped, quantised datapath.

use cim_core::Stream;
use cim_nn::{
    Dataset, InputRange, LayerPath, Levels, Network, Optimiser, Recipe, Trainer, WeightNoise,
};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array2;

const IMAGES: usize = 2560;

/// The datapath of a layer of so many inputs and outputs.
type PathOf = fn(usize, usize) -> LayerPath;

fn images() -> Dataset {
    let mut values = vec![0.0_f32; IMAGES * 784];
    Stream::root(3).fill_uniform(0, &mut values);
    let pixels = values.iter().map(|u| (255.0 * u) as u8).collect();
    Dataset::new(pixels, (0..IMAGES).map(|i| (i % 10) as u8).collect(), 28, 28, 10).expect("images")
}

fn noisy(inputs: usize, outputs: usize, relu_sigma: f32) -> LayerPath {
    let tiles = (inputs.div_ceil(128), outputs.div_ceil(128));
    LayerPath {
        weight_clip: 0.3,
        weight_values: cim_nn::WeightValues::Any,
        weight_noise: WeightNoise { c0: 1e-4, c1: 1e-4, c2: 1e-4, cm: 0.0, w0: 0.0 },
        input_limit: 2.0,
        input_range: InputRange::Unsigned,
        input_levels: Levels { top: 255.0 },
        tile_rows: 128,
        tile_cols: 128,
        full_scale: Array2::from_elem(tiles, 4.0),
        output_levels: Levels { top: 127.0 },
        output_sigma: Array2::from_elem(tiles, 0.05),
        relu_sigma,
        learns_bias: true,
    }
}

fn epochs(c: &mut Criterion) {
    let recipe = Recipe {
        epochs: 1 << 20,
        batch: 256,
        learning_rate: 1e-4,
        weight_decay: 0.0,
        optimiser: Optimiser::Adam { beta1: 0.9, beta2: 0.999 },
        max_shift: 2,
        distillation: 0.0,
        teacher_temperature: 1.0,
        full_scale_rate: 1e-4,
    };
    let data = images();
    let mut group = c.benchmark_group("ten_steps_of_256_images");
    let cases: [(&str, PathOf); 3] = [
        ("digital", LayerPath::digital),
        ("noisy", |inputs, outputs| noisy(inputs, outputs, 0.0)),
        ("noisy_with_noise_aware_relu", |inputs, outputs| noisy(inputs, outputs, 0.1)),
    ];
    for (name, path) in cases {
        let network = Network::new(&[784, 256, 128, 10], Stream::root(1)).expect("a network");
        let paths = network.layers().iter().map(|l| path(l.weights.nrows(), l.weights.ncols()));
        let paths = paths.collect();
        let mut trainer =
            Trainer::new(&recipe, network, paths, None, Stream::root(2)).expect("a trainer");
        group.bench_function(name, |b| b.iter(|| trainer.epoch(&data).expect("data fit")));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(4));
    targets = epochs
}
criterion_main!(benches);
