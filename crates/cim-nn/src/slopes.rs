//! How much the logits feel of an error behind each product.

use cim_core::{Scratch, Tally};
use ndarray::{Array1, ArrayView2, Axis};

use crate::carriers::on_products::OnProducts;
use crate::carriers::probe::Probe;
use crate::network::{BLOCK, Network};
use crate::operations::{Context, Tape};

/// What an error of the logits costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Felt {
    /// Its square, summed over the logits.
    Logits,
    /// The curvature of the cross-entropy: `Σ_c p_c (d_c − Σ p d)²` for an error `d` and the
    /// probabilities `p` of logits over a temperature, which at 1 is twice what the divergence of the
    /// probabilities becomes. Above 1 answers count that only larger errors put in doubt. No labels
    /// are needed.
    ///
    /// Source: the generalised Gauss-Newton matrix, Schraudolph 2002; temperature as in Hinton et
    /// al. 2015.
    CrossEntropy {
        /// What logits are divided by before they become probabilities, above 0.
        temperature: f32,
    },
}

impl Network {
    /// Of each product, the sum over the samples `x` (samples × inputs), logits, outputs and
    /// applications (positions, points in time) of the squared gradient of the logit with respect to
    /// the output.
    ///
    /// By the backward pass of the operations as in inference: batch norms with their running
    /// statistics, no dropout; steps have the slope that they train with.
    pub fn squared_slopes(&self, x: ArrayView2<'_, f32>) -> Vec<f64> {
        self.squared_slopes_of_outputs(x, Felt::Logits).iter().map(|s| s.sum()).collect()
    }

    /// Of each output of each product, the sum over samples and applications of what is `felt` of a
    /// unit error of it, to second order. Passes as in [`squared_slopes`](Self::squared_slopes).
    pub fn squared_slopes_of_outputs(
        &self,
        x: ArrayView2<'_, f32>,
        felt: Felt,
    ) -> Vec<Array1<f64>> {
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        let (products, mut tape) = (self.borrowed(), Tape::default());
        let (mut dy, mut dx) = (vec![], vec![]);
        let mut squares: Vec<_> =
            self.layers().iter().map(|layer| Array1::zeros(layer.weights.ncols())).collect();
        // Without convolutions, all at once, as in `digital_logits`.
        let block = if self.block() < BLOCK { self.block() } else { x.nrows().max(1) };
        for x in x.axis_chunks_iter(Axis(0), block) {
            let batch = x.nrows();
            let x = x.as_standard_layout();
            let x = x.as_slice().expect("standard layout");
            for logit in 0..self.outputs() {
                let forward = OnProducts {
                    products: &products,
                    layers: self.layers(),
                    block: 0,
                    scratch: &mut scratch,
                    tally: &mut tally,
                    observer: None,
                };
                let mut context = Context {
                    carrier: &mut Probe { forward, squares: &mut squares },
                    norms: self.norms(),
                    norm_work: &mut [],
                    training: None,
                    capacity: self.block(),
                };
                // A backward pass may use up what the forward pass saved.
                tape.forward(self.operations(), &mut context, batch, x);
                felt.directions(logit, self.outputs(), tape.output(x), &mut dy);
                let operations = self.operations();
                tape.backward(operations, &mut context, batch, x, &mut dy, &mut dx, false);
            }
        }
        squares
    }
}

impl Felt {
    /// For each of the `logits` (batch × outputs) of a batch, a direction: the squares of an error
    /// along all `outputs` of them add up to what is felt of it.
    fn directions(self, class: usize, outputs: usize, logits: &[f32], dy: &mut Vec<f32>) {
        dy.clear();
        dy.resize(logits.len(), 0.0);
        for (logits, dy) in logits.chunks_exact(outputs).zip(dy.chunks_exact_mut(outputs)) {
            match self {
                Self::Logits => dy[class] = 1.0,
                Self::CrossEntropy { temperature } => {
                    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    dy.iter_mut()
                        .zip(logits)
                        .for_each(|(p, z)| *p = ((z - most) / temperature).exp());
                    let sum: f32 = dy.iter().sum();
                    let root = (dy[class] / sum).sqrt();
                    dy.iter_mut().for_each(|p| *p *= -root / sum);
                    dy[class] += root;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;
    use ndarray::{Array1, Array2};

    use super::Felt;
    use crate::network::{Layer, Network};
    use crate::spec::NetworkSpec;

    /// What an output of a product does to the logits at all its applications at once is what its
    /// bias does. With one application, the square of that quotient is the squared slope.
    ///
    /// Logits are of order one, good to 1e-6, quotients of width 0.02 to 5e-5; third derivatives of
    /// the tanh add `h²/6` = 2e-5 of theirs. Slopes are of order one.
    #[test]
    fn slopes_are_difference_quotients_through_norms_pools_and_convolutions() {
        let text = r#"
            input = [2, 3, 4]
            operations = [
                { op = "conv2d", channels = 4, kernel = [3, 4], groups = 2 },
                { op = "batch-norm" },
                { op = "tanh" },
                { op = "conv2d", channels = 3, kernel = 1 },
                { op = "sigmoid" },
                { op = "flatten" },
                { op = "linear", features = 5 },
                { op = "tanh" },
                { op = "linear", features = 3 },
            ]
        "#;
        let spec: NetworkSpec = toml::from_str(text).expect("a network");
        let drawn = spec.build(Stream::root(3)).expect("it fits");
        let mut norm = drawn.norms()[0].clone();
        (norm.scale, norm.mean) = (vec![0.7, 1.2, -0.9, 1.1], vec![0.1, -0.2, 0.3, 0.0]);
        norm.variance = vec![0.8, 1.5, 1.0, 0.6];
        let operations = spec.operations.expect("a list");
        let with = |layers: Vec<Layer>| {
            let norms = vec![norm.clone()];
            Network::from_parts(drawn.input_shape(), &operations, layers, norms)
                .expect("weights fit")
        };
        let network = with(drawn.layers().to_vec());
        let mut x = Array2::zeros((5, 24));
        Stream::root(4).fill_standard_normal(0, x.as_slice_mut().expect("standard layout"));
        let slopes = network.squared_slopes(x.view());
        for (product, &slope) in slopes.iter().enumerate() {
            assert_eq!(network.products().nth(product).map(|p| p.per_sample), Some(1));
            let outputs = network.layers()[product].bias.len();
            let moved = |output: usize, step: f32| {
                let mut layers = network.layers().to_vec();
                layers[product].bias[output] += step;
                with(layers).digital_logits(x.view())
            };
            let want: f64 = (0..outputs)
                .map(|output| {
                    let slopes = (moved(output, 0.01) - moved(output, -0.01)) / 0.02;
                    slopes.iter().map(|&d| f64::from(d).powi(2)).sum::<f64>()
                })
                .sum();
            assert!((slope - want).abs() <= 1e-3 * want + 1e-5, "{product}: {slope}, {want}");
        }
    }

    /// Moving a bias by `h` moves the probabilities by a divergence of `h²/2` of what is felt, to
    /// second order: the mean over both signs of `h` leaves terms of fourth order, `h²` = 1e-3 of
    /// the second, and rounding of logits, 1e-6 over `h` = 0.03.
    #[test]
    fn what_the_cross_entropy_feels_is_the_divergence_of_a_moved_output() {
        let spec = NetworkSpec::of_widths([6, 8, 7, 4]);
        let drawn = spec.build(Stream::root(3)).expect("it fits");
        let with = |layers: Vec<Layer>| Network::from_layers(layers).expect("weights fit");
        let network = with(drawn.layers().to_vec());
        let mut x = Array2::zeros((40, 6));
        Stream::root(4).fill_standard_normal(0, x.as_slice_mut().expect("standard layout"));
        let probabilities = |network: &Network| {
            let mut p = network.digital_logits(x.view()).mapv(f64::from);
            for mut p in p.rows_mut() {
                p.mapv_inplace(f64::exp);
                let sum = p.sum();
                p /= sum;
            }
            p
        };
        let exact = probabilities(&network);
        let felt = Felt::CrossEntropy { temperature: 1.0 };
        let felt = network.squared_slopes_of_outputs(x.view(), felt);
        for (layer, slopes) in felt.iter().enumerate() {
            // A step in front of a ReLU may pass its corner: one sample of forty, for half a step.
            let (step, within) = if layer == 2 { (0.03f32, 5e-3) } else { (3e-3, 0.02) };
            for (output, &got) in slopes.iter().enumerate() {
                let divergence = |step: f32| -> f64 {
                    let mut layers = network.layers().to_vec();
                    layers[layer].bias[output] += step;
                    let moved = probabilities(&with(layers));
                    exact.iter().zip(&moved).map(|(p, q)| p * (p / q).ln()).sum()
                };
                let want = (divergence(step) + divergence(-step)) / f64::from(step).powi(2);
                assert!(
                    (got - want).abs() <= within * want + 1e-4,
                    "{layer} {output}: {got}, {want}"
                );
            }
        }
    }

    /// A convolution whose windows do not overlap, into one sum: every position has the slope of
    /// the sum, so their squares add up to positions times that of one.
    #[test]
    fn positions_add_up() {
        let text = r#"
            input = [1, 4, 6]
            operations = [
                { op = "conv2d", channels = 1, kernel = 2, stride = 2 },
                { op = "flatten" },
                { op = "linear", features = 1 },
            ]
        "#;
        let spec: NetworkSpec = toml::from_str(text).expect("a network");
        let drawn = spec.build(Stream::root(3)).expect("it fits");
        let mut layers = drawn.layers().to_vec();
        layers[1] = Layer { weights: Array2::from_elem((6, 1), 0.5), bias: Array1::zeros(1) };
        let operations = spec.operations.expect("a list");
        let network = Network::from_parts(drawn.input_shape(), &operations, layers, vec![]);
        let network = network.expect("weights fit");
        let slopes = network.squared_slopes(Array2::ones((3, 24)).view());
        assert_eq!(slopes, [3.0 * 6.0 * 0.25, 3.0]);
    }
}
