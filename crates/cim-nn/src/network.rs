//! A multilayer perceptron and its inference on whatever carries its products.

use cim_core::matmul::product;
use cim_core::{Exact, MatMul, Scratch, Stream, Tally};
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::error::NetworkError;

/// Images that one worker carries through the whole network at a time.
///
/// A fixed number: noise is addressed by block, so results do not depend on the thread count.
pub const BLOCK: usize = 256;

/// One dense layer: `x · weights + bias`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Inputs × outputs.
    pub weights: Array2<f32>,
    /// One entry per output.
    pub bias: Array1<f32>,
}

/// A multilayer perceptron with ReLU between layers and none after the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    layers: Vec<Layer>,
}

impl Network {
    /// He-initialised network of the given widths, for example `[784, 256, 128, 10]`.
    ///
    /// Source: He et al., *Delving deep into rectifiers*, 2015, equation 10.
    ///
    /// # Errors
    /// [`NetworkError::Widths`] for fewer than two widths or a zero width.
    pub fn new(widths: &[usize], at: Stream) -> Result<Self, NetworkError> {
        if widths.len() < 2 || widths.contains(&0) {
            return Err(NetworkError::Widths { widths: widths.to_vec() });
        }
        let layers = widths
            .windows(2)
            .enumerate()
            .map(|(layer_idx, pair)| {
                let (inputs, outputs) = (pair[0], pair[1]);
                let mut weights = vec![0.0; inputs * outputs];
                at.child("layer", layer_idx as u64).fill_standard_normal(0, &mut weights);
                let sigma = (2.0 / inputs as f32).sqrt();
                weights.iter_mut().for_each(|w| *w *= sigma);
                Layer {
                    weights: Array2::from_shape_vec((inputs, outputs), weights)
                        .expect("one weight per pair of input and output"),
                    bias: Array1::zeros(outputs),
                }
            })
            .collect();
        Ok(Self { layers })
    }

    /// A network of given layers.
    ///
    /// # Errors
    /// [`NetworkError`] where shapes do not chain or a weight is not a finite number.
    pub fn from_layers(layers: Vec<Layer>) -> Result<Self, NetworkError> {
        if layers.is_empty() {
            return Err(NetworkError::Widths { widths: Vec::new() });
        }
        for (layer_idx, layer) in layers.iter().enumerate() {
            let (inputs, outputs) = layer.weights.dim();
            let follows = layer_idx == 0 || layers[layer_idx - 1].bias.len() == inputs;
            if outputs != layer.bias.len() || !follows || inputs == 0 || outputs == 0 {
                return Err(NetworkError::Chain { layer: layer_idx, inputs, outputs });
            }
            if let Some(((row, col), &value)) =
                layer.weights.indexed_iter().find(|(_, w)| !w.is_finite())
            {
                return Err(NetworkError::NotFinite { layer: layer_idx, row, col, value });
            }
            if let Some((col, &value)) = layer.bias.indexed_iter().find(|(_, b)| !b.is_finite()) {
                return Err(NetworkError::BiasNotFinite { layer: layer_idx, col, value });
            }
        }
        Ok(Self { layers })
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    pub(crate) fn layers_mut(&mut self) -> &mut [Layer] {
        &mut self.layers
    }

    /// Number of inputs of the first layer.
    pub fn inputs(&self) -> usize {
        self.layers[0].weights.nrows()
    }

    /// Number of outputs of the last layer.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].bias.len()
    }

    /// The products of this network computed digitally.
    pub fn exact(&self) -> Vec<Exact> {
        self.layers.iter().map(|layer| Exact(layer.weights.clone())).collect()
    }

    /// Logits (batch × outputs) of `x` (batch × inputs), computed digitally.
    pub fn digital_logits(&self, x: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut input = x.to_owned();
        for (layer_idx, layer) in self.layers.iter().enumerate() {
            let mut y = Array2::zeros((x.nrows(), layer.bias.len()));
            product(input.view(), layer.weights.view(), y.view_mut());
            y += &layer.bias;
            if layer_idx + 1 < self.layers.len() {
                y.mapv_inplace(|v| v.max(0.0));
            }
            input = y;
        }
        input
    }

    /// Runs `x` (batch × inputs) through the network on `products`, one per layer.
    ///
    /// Returns the pre-activations of every layer, the last of which are the logits. `call`
    /// numbers the pass, see [`MatMul::apply`].
    ///
    /// # Panics
    /// If `products` does not have one product of the right shape per layer.
    pub fn pre_activations<M: MatMul>(
        &self,
        products: &[M],
        x: ArrayView2<'_, f32>,
        call: u64,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) -> Vec<Array2<f32>> {
        assert_eq!(products.len(), self.layers.len(), "one product per layer");
        let mut outputs: Vec<Array2<f32>> = Vec::with_capacity(self.layers.len());
        let mut input = Array2::zeros((0, 0));
        for (layer_idx, (layer, product)) in self.layers.iter().zip(products).enumerate() {
            let mut y = Array2::zeros((x.nrows(), layer.bias.len()));
            let view = if layer_idx == 0 { x } else { input.view() };
            product.apply(view, call, y.view_mut(), scratch, tally);
            y += &layer.bias;
            input = y.mapv(|v| v.max(0.0));
            outputs.push(y);
        }
        outputs
    }

    /// Logits (images × classes) of a data set on `products`, block by block over all threads.
    ///
    /// # Panics
    /// As [`pre_activations`](Self::pre_activations).
    pub fn logits<M: MatMul>(&self, products: &[M], data: &Dataset) -> (Array2<f32>, Tally) {
        let mut logits = Array2::zeros((data.len(), self.outputs()));
        let blocks: Vec<Tally> = logits
            .axis_chunks_iter_mut(ndarray::Axis(0), BLOCK)
            .into_par_iter()
            .enumerate()
            .map_init(Scratch::default, |scratch, (block_idx, out)| {
                let mut tally = Tally::default();
                let mut x = scratch.take(out.nrows() * data.pixels());
                data.range_into(block_idx * BLOCK, &mut x);
                self.forward(products, x, block_idx as u64, out, scratch, &mut tally);
                tally
            })
            .collect();
        let mut tally = Tally::default();
        blocks.into_iter().for_each(|block| tally += block);
        (logits, tally)
    }

    /// The logits of `x` (batch × inputs, a buffer of `scratch` to which it returns) and nothing
    /// else: in place, with no memory of its own.
    fn forward<M: MatMul>(
        &self,
        products: &[M],
        mut x: Vec<f32>,
        call: u64,
        mut logits: ArrayViewMut2<'_, f32>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        assert_eq!(products.len(), self.layers.len(), "one product per layer");
        let batch = logits.nrows();
        let last = self.layers.len() - 1;
        for (layer_idx, (layer, product)) in self.layers.iter().zip(products).enumerate() {
            let (inputs, outputs) = layer.weights.dim();
            let mut y = scratch.take(batch * outputs);
            let input = ArrayView2::from_shape((batch, inputs), &x).expect("batch × inputs");
            let output = ArrayViewMut2::from_shape((batch, outputs), &mut y);
            product.apply(input, call, output.expect("batch × outputs"), scratch, tally);
            let bias = layer.bias.as_slice().expect("standard layout");
            pulp::Arch::new().dispatch(Bias { bias, rectify: layer_idx < last, y: &mut y });
            scratch.give(std::mem::replace(&mut x, y));
        }
        let last_y = ArrayView2::from_shape((batch, self.outputs()), &x).expect("batch × outputs");
        logits.assign(&last_y);
        scratch.give(x);
    }
}

/// Adds the bias to every row, and rectifies it where `rectify`; compiled for the vectors of the
/// machine.
struct Bias<'a> {
    bias: &'a [f32],
    rectify: bool,
    y: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Bias<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let least = if self.rectify { 0.0 } else { f32::NEG_INFINITY };
        for row in self.y.chunks_exact_mut(self.bias.len()) {
            for (y, &bias) in row.iter_mut().zip(self.bias) {
                let sum = *y + bias;
                *y = if sum > least { sum } else { least };
            }
        }
    }
}

/// Fraction of rows of `logits` whose largest entry stands at the label.
pub fn accuracy(logits: ArrayView2<'_, f32>, labels: &[u8]) -> f64 {
    let right = logits
        .rows()
        .into_iter()
        .zip(labels)
        .filter(|(row, label)| {
            let mut best = 0;
            for (class, value) in row.iter().enumerate() {
                if row[best] < *value {
                    best = class;
                }
            }
            best == usize::from(**label)
        })
        .count();
    right as f64 / labels.len().max(1) as f64
}

/// First `count` images of a data set as a matrix, count × pixels, in [0, 1].
pub fn first_images(data: &Dataset, count: usize) -> Array2<f32> {
    let indices: Vec<usize> = (0..count.min(data.len())).collect();
    let mut x = Array2::zeros((indices.len(), data.pixels()));
    data.batch_into(&indices, x.as_slice_mut().expect("standard layout"));
    x
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A product that writes down its calls.
    struct Recording<'a> {
        exact: Exact,
        layer_idx: usize,
        /// Layer, call and number of vectors.
        calls: &'a Mutex<Vec<(usize, u64, usize)>>,
    }

    impl MatMul for Recording<'_> {
        fn shape(&self) -> (usize, usize) {
            self.exact.shape()
        }

        fn apply(
            &self,
            x: ArrayView2<'_, f32>,
            call: u64,
            y: ArrayViewMut2<'_, f32>,
            scratch: &mut Scratch,
            tally: &mut Tally,
        ) {
            self.calls.lock().expect("no panic").push((self.layer_idx, call, x.nrows()));
            self.exact.apply(x, call, y, scratch, tally);
        }
    }

    /// Noise is addressed by call, so a call that came twice would be noise used twice.
    #[test]
    fn every_block_is_a_call_of_its_own() {
        let count = 2 * BLOCK + 5;
        let pixels = (0..6 * count).map(|i| (i * 37 % 256) as u8).collect();
        let data = Dataset::new(pixels, vec![0; count], 2, 3, 2).expect("images");
        let network = Network::new(&[6, 5, 4, 2], Stream::root(1)).expect("a network");
        let calls = Mutex::new(Vec::new());
        let products: Vec<_> = network
            .exact()
            .into_iter()
            .enumerate()
            .map(|(layer_idx, exact)| Recording { exact, layer_idx, calls: &calls })
            .collect();
        let (logits, _) = network.logits(&products, &data);
        let mut calls = calls.lock().expect("no panic").clone();
        calls.sort_unstable();
        let want = (0..3).flat_map(|layer| [(layer, 0, BLOCK), (layer, 1, BLOCK), (layer, 2, 5)]);
        assert!(calls.iter().copied().eq(want), "{calls:?}");
        // Block by block is what the whole set gives at once, up to the order of sums.
        let whole = network.digital_logits(first_images(&data, count).view());
        assert!((&logits - &whole).iter().all(|d| d.abs() < 1e-5));
    }
}
