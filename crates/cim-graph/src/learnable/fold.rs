//! Batch normalisation taken out of weights again that it was folded into.

/// Moments of a batch normalisation as a file has them, channel by channel.
pub(super) struct Moments {
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
    pub epsilon: f32,
}

/// Factors below this are those of channels that were switched off.
const LEAST: f64 = 1e-12;

impl Moments {
    /// Divides folded weights (outputs × the rest) by what they were scaled with, and puts the folded
    /// biases into the shifts; `bias` is that in front of the normalisation, which stays.
    ///
    /// Channels that were switched off get a scale that leaves weights as they are.
    pub(super) fn unfold(&mut self, weight: &mut [f32], folded_bias: &[f32], bias: &[f32]) {
        let outputs = folded_bias.len();
        let per_output = weight.len() / outputs.max(1);
        for (output, row) in weight.chunks_exact_mut(per_output.max(1)).enumerate() {
            let deviation = (f64::from(self.variance[output]) + f64::from(self.epsilon)).sqrt();
            let mut factor = f64::from(self.scale[output]) / deviation;
            if factor.abs() < LEAST {
                self.scale[output] = deviation as f32;
                factor = f64::from(self.scale[output]) / deviation;
            }
            row.iter_mut().for_each(|w| *w = (f64::from(*w) / factor) as f32);
            let centred = f64::from(bias[output]) - f64::from(self.mean[output]);
            self.shift[output] = (f64::from(folded_bias[output]) - centred * factor) as f32;
        }
    }
}
