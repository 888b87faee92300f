//! What the logits feel of an error in each layer.

use cim_nn::Network;
use ndarray::Array2;

use crate::inputs::LayerInputs;

/// Squared error of the logits, per unit of their power, that a unit squared error of one output of
/// each layer causes: the mean squared Jacobian over the calibration images.
pub(crate) fn sensitivities(network: &Network, inputs: &LayerInputs) -> Vec<f64> {
    let layers = network.layers();
    let last = layers.len() - 1;
    let samples = inputs.layer(0).nrows().max(1) as f64;
    let logits = inputs.layer(last).dot(&layers[last].weights) + &layers[last].bias;
    let power = logits.iter().map(|y| f64::from(y * y)).sum::<f64>() / samples;
    let classes = layers[last].bias.len();
    let mut squares = vec![0.0f64; layers.len()];
    squares[last] = samples * classes as f64;
    for class in 0..classes {
        let mut gradient = Array2::<f32>::zeros(logits.dim());
        gradient.column_mut(class).fill(1.0);
        for idx in (1..layers.len()).rev() {
            gradient = gradient.dot(&layers[idx].weights.t());
            ndarray::Zip::from(&mut gradient).and(&inputs.layer(idx)).for_each(|g, &x| {
                if x <= 0.0 {
                    *g = 0.0;
                }
            });
            squares[idx - 1] += gradient.iter().map(|g| f64::from(g * g)).sum::<f64>();
        }
    }
    let outputs = layers.iter().map(|l| l.bias.len() as f64);
    squares.iter().zip(outputs).map(|(s, n)| s / (samples * n * power)).collect()
}
