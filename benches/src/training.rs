//! Training through the noisy, clipped, quantised datapath against digital training.

use cim_core::Stream;
use cim_nn::{InputRange, LayerPath, Levels, Optimiser, Recipe, Trainer, WeightNoise};
use ndarray::Array2;
use serde::Serialize;

use crate::fixture::{images, network};
use crate::{on_threads, ratio, rounds};

/// Speed per speed of digital training on the same batches, on one thread.
#[derive(Serialize)]
pub struct Ratios {
    /// Fresh weight noise per batch, 8-bit converters, noise in front of them.
    noisy: f64,
    /// With noise-aware ReLU and learned full scales besides.
    noise_aware_relu: f64,
}

pub fn measure() -> Ratios {
    let data = images(5120);
    let recipe = |full_scale_rate| Recipe {
        epochs: 1 << 20,
        batch: 256,
        learning_rate: 1e-4,
        weight_decay: 0.0,
        optimiser: Optimiser::Adam { beta1: 0.9, beta2: 0.999 },
        max_shift: 2,
        distillation: 0.0,
        teacher_temperature: 1.0,
        full_scale_rate,
    };
    let (fixed, learned) = (recipe(0.0), recipe(1e-4));
    let mut digital = trainer(&fixed, LayerPath::digital);
    let mut plain = trainer(&fixed, |inputs, outputs| noisy(inputs, outputs, 0.0));
    let mut aware = trainer(&learned, |inputs, outputs| noisy(inputs, outputs, 0.1));
    let data = &data;
    let seconds = on_threads(1, || {
        let epoch = |trainer: &mut Trainer<'_>| {
            trainer.epoch(data).expect("data fit");
        };
        rounds(&mut [
            Box::new(|| epoch(&mut digital)),
            Box::new(|| epoch(&mut plain)),
            Box::new(|| epoch(&mut aware)),
        ])
    });
    Ratios {
        noisy: ratio(&seconds[0], &seconds[1]),
        noise_aware_relu: ratio(&seconds[0], &seconds[2]),
    }
}

fn trainer(recipe: &Recipe, path: impl Fn(usize, usize) -> LayerPath) -> Trainer<'_> {
    let network = network();
    let layers = network.layers().iter();
    let paths = layers.map(|layer| path(layer.weights.nrows(), layer.weights.ncols())).collect();
    Trainer::new(recipe, network, paths, None, Stream::root(4)).expect("a usable recipe")
}

fn noisy(inputs: usize, outputs: usize, relu_sigma: f32) -> LayerPath {
    let tiles = (inputs.div_ceil(128), outputs.div_ceil(128));
    LayerPath {
        weight_values: cim_nn::WeightValues::Any,
        weight_clip: 0.3,
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
