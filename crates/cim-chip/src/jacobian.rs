//! What is felt of an error in each output of each product.

use cim_nn::{Felt, Network, Operation};
use ndarray::{Array1, Array2};

use crate::inputs::LayerInputs;

/// What a unit squared error of each output of each product costs at every application, errors
/// taken to be independent: one number per output, on average over the samples of `inputs`.
///
/// [`Felt::Logits`] gives the squared error of the logits per unit of their power. With
/// [`Felt::CrossEntropy`] it is the rise of the cross-entropy (nats) of the network's own answers, to
/// second order: `½ Σ_c p_c ((e_c − p) · ∂z/∂y)²`. Where it feels nothing at all (a single logit,
/// answers beyond any doubt) the logits' own squares stand in for it.
pub fn sensitivities(network: &Network, inputs: &LayerInputs, felt: Felt) -> Vec<Array1<f64>> {
    let slopes = network.squared_slopes_of_outputs(inputs.samples(), felt);
    let samples = inputs.samples().nrows().max(1) as f64;
    let scale = match felt {
        Felt::Logits => {
            let logits = logits(network, inputs);
            let power = logits.iter().map(|y| f64::from(y * y)).sum::<f64>() / samples;
            1.0 / (samples * power)
        }
        Felt::CrossEntropy => 0.5 / samples,
    };
    if felt == Felt::CrossEntropy && slopes.iter().all(|slopes| slopes.sum() == 0.0) {
        return sensitivities(network, inputs, Felt::Logits);
    }
    slopes.into_iter().map(|slopes| slopes * scale).collect()
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
