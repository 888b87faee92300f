//! The strongest alternative: the same network as plain `f32` products through faer, block by
//! block over all threads, with bias and ReLU in one vectorised pass.

use cim_core::matmul::product;
use cim_nn::{Dataset, Network};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;

/// Logits of all images, `block` at a time.
pub fn logits(network: &Network, data: &Dataset, block: usize) -> Array2<f32> {
    let mut logits = Array2::zeros((data.len(), network.outputs()));
    logits.axis_chunks_iter_mut(Axis(0), block).into_par_iter().enumerate().for_each_init(
        || vec![Vec::new(); network.layers().len()],
        |inputs, (block_idx, out)| {
            inputs[0].resize(out.nrows() * data.pixels(), 0.0);
            data.range_into(block_idx * block, &mut inputs[0]);
            forward(network, inputs, out);
        },
    );
    logits
}

/// `inputs` has one buffer per layer, the first of which holds the images.
fn forward(network: &Network, inputs: &mut [Vec<f32>], mut out: ArrayViewMut2<'_, f32>) {
    let batch = out.nrows();
    for (layer_idx, layer) in network.layers().iter().enumerate() {
        let (x, rest) = inputs[layer_idx..].split_first_mut().expect("a buffer per layer");
        let x = ArrayView2::from_shape((batch, layer.weights.nrows()), x).expect("batch × inputs");
        let bias = layer.bias.as_slice().expect("standard layout");
        match rest.first_mut() {
            Some(y) => {
                y.resize(batch * bias.len(), 0.0);
                let view = ArrayViewMut2::from_shape((batch, bias.len()), y);
                product(x, layer.weights.view(), view.expect("batch × outputs"));
                pulp::Arch::new().dispatch(Bias { bias, least: 0.0, y });
            }
            None => {
                product(x, layer.weights.view(), out.view_mut());
                let y = out.as_slice_mut().expect("whole rows");
                pulp::Arch::new().dispatch(Bias { bias, least: f32::NEG_INFINITY, y });
            }
        }
    }
}

struct Bias<'a> {
    bias: &'a [f32],
    least: f32,
    y: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Bias<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.y.chunks_exact_mut(self.bias.len()) {
            for (y, &bias) in row.iter_mut().zip(self.bias) {
                let sum = *y + bias;
                *y = if sum > self.least { sum } else { self.least };
            }
        }
    }
}
