//! Batch normalisation folded into the weights in front of it.

use super::spec::LayerSpec;
use super::weights::Weights;
use crate::error::GraphError;

/// Added to variances where a layer says nothing else.
pub(super) const EPSILON: f32 = 1e-5;

/// Scales `weight` (outputs × the rest) and replaces `bias`, so that the product is normalised.
///
/// Source: Ioffe and Szegedy, *Batch normalization*, 2015, algorithm 2, with moments fixed.
pub(super) fn fold(
    layer: &LayerSpec,
    norm: &str,
    epsilon: f32,
    weights: &mut Weights,
    weight: &mut [f32],
    bias: &mut [f32],
) -> Result<(), GraphError> {
    let outputs = bias.len();
    let mut of_channel = |part: &str| {
        let name = format!("{norm}.{part}");
        let tensor = weights.take(&name);
        let values = tensor.as_ref().and_then(|tensor| tensor.as_f32()).map(<[f32]>::to_vec);
        let values = values.ok_or_else(|| layer.error(format!("no tensor {name}")))?;
        if values.len() == outputs {
            Ok(values)
        } else {
            Err(layer
                .error(format!("tensor {name} has {} values for {outputs} channels", values.len())))
        }
    };
    let (scale, shift) = (of_channel("weight")?, of_channel("bias")?);
    let (mean, variance) = (of_channel("running_mean")?, of_channel("running_var")?);
    let epsilon = f64::from(epsilon);
    let per_output = weight.len() / outputs.max(1);
    for (output, row) in weight.chunks_exact_mut(per_output.max(1)).enumerate() {
        let factor = f64::from(scale[output]) / (f64::from(variance[output]) + epsilon).sqrt();
        row.iter_mut().for_each(|w| *w = (f64::from(*w) * factor) as f32);
        let centred = f64::from(bias[output]) - f64::from(mean[output]);
        bias[output] = (centred * factor + f64::from(shift[output])) as f32;
    }
    Ok(())
}
