//! What the logits feel of an error in each product.

use cim_nn::{Network, Operation};
use ndarray::Array2;

use crate::inputs::LayerInputs;

/// Squared error of the logits, per unit of their power, that a unit squared error of one output of
/// each product causes at every application: the squared gradients of the logits, added up over
/// positions (whose errors are taken to be independent), on average over outputs and samples.
pub(crate) fn sensitivities(network: &Network, inputs: &LayerInputs) -> Vec<f64> {
    let slopes = network.squared_slopes(inputs.samples());
    let logits = logits(network, inputs);
    let samples = logits.nrows().max(1) as f64;
    let power = logits.iter().map(|y| f64::from(y * y)).sum::<f64>() / samples;
    let outputs = network.products().map(|product| product.weights.ncols() as f64);
    slopes.iter().zip(outputs).map(|(s, n)| s / (samples * n * power)).collect()
}

/// Logits of the samples; of a network that ends in a dense layer from what drives that.
fn logits(network: &Network, inputs: &LayerInputs) -> Array2<f32> {
    match (network.operations().last(), network.layers().split_last()) {
        (Some(Operation::Linear(_)), Some((layer, before))) => {
            inputs.layer(before.len()).dot(&layer.weights) + &layer.bias
        }
        _ => network.digital_logits(inputs.samples()),
    }
}
