//! What is felt of an error in each output of each product.

use cim_nn::{Felt, Network, Operation};
use cim_opt::terms::Reference;
use ndarray::{Array1, Array2, Axis};

use crate::inputs::LayerInputs;

/// What is felt of errors.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitivities {
    /// What an error of the logits costs.
    pub felt: Felt,
    /// Of each product, what a unit squared error of each output costs.
    pub outputs: Vec<Array1<f64>>,
}

/// What a unit squared error of each output of each product costs at every application, errors
/// taken to be independent: one number per output, on average over the samples of `inputs`.
///
/// [`Felt::Logits`] gives the squared error of the logits per unit of their power. With
/// [`Felt::CrossEntropy`] at temperature 1 it is the rise of the cross-entropy (nats) of the
/// network's own answers, to second order: `½ Σ_c p_c ((e_c − p) · ∂z/∂y)²`. Where it feels nothing at all (a single logit,
/// answers beyond any doubt) the logits' own squares stand in for it.
pub fn sensitivities(network: &Network, inputs: &LayerInputs, felt: Felt) -> Sensitivities {
    let slopes = network.squared_slopes_of_outputs(inputs.samples(), felt);
    let samples = inputs.samples().nrows().max(1) as f64;
    let scale = match felt {
        Felt::Logits => {
            let logits = logits(network, inputs);
            let power = logits.iter().map(|y| f64::from(y * y)).sum::<f64>() / samples;
            1.0 / (samples * power)
        }
        Felt::CrossEntropy { .. } => 0.5 / samples,
    };
    if felt != Felt::Logits && slopes.iter().all(|slopes| slopes.sum() == 0.0) {
        return sensitivities(network, inputs, Felt::Logits);
    }
    let outputs = slopes.into_iter().map(|slopes| slopes * scale).collect();
    Sensitivities { felt, outputs }
}

impl Sensitivities {
    /// The same outputs of each product against each other, but every product as much as the others
    /// where its error is the same part of its own output: a unit of the objective is a squared
    /// relative error, summed over products. Products that nothing is felt of keep no weight.
    ///
    /// Slopes at the exact network say that an error in front of the last product costs less than one
    /// behind it, as units that rest pass none. Errors of a chip wake them.
    #[must_use]
    pub fn levelled(mut self, network: &Network, inputs: &LayerInputs) -> Self {
        for (idx, product) in network.products().enumerate() {
            let y = inputs.layer(idx).dot(&product.weights);
            let power = y.mapv(|y| f64::from(y).powi(2)).mean_axis(Axis(0));
            let felt = power.map_or(0.0, |power| power.dot(&self.outputs[idx]));
            if felt > 0.0 {
                self.outputs[idx] /= felt;
            }
        }
        self
    }

    /// What outputs are compared with: a multiple of the product where the logits are for
    /// answers and the network `scales`: a factor in front of every operation is one behind it, but for biases.
    pub(crate) fn reference(&self, scales: bool) -> Reference {
        if self.felt != Felt::Logits && scales { Reference::Scaled } else { Reference::Exact }
    }
}

/// Whether a factor passes through.
pub(crate) fn scales(operations: &[Operation]) -> bool {
    operations.iter().all(|operation| {
        matches!(
            operation,
            Operation::Linear(_)
                | Operation::Conv1d(_)
                | Operation::Conv2d(_)
                | Operation::Relu(_)
                | Operation::MaxPool(_)
                | Operation::AveragePool(_)
                | Operation::GlobalPool(_)
                | Operation::Flatten(_)
        )
    })
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
