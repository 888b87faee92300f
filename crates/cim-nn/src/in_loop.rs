//! Chip in the loop: what is digital learns while the programmed array stays in the forward path.
//!
//! Products come from the hardware, with its errors and its noise; the gradient goes through the
//! weights that the array was asked to hold, as if the product had been exact (straight through).
//! An array's own weights stay: only programming changes them. So a network whose layers are all on
//! a chip learns its biases; one whose last layer is digital learns that layer, too; and
//! [`layer_wise`] programs one layer after another and lets those that follow learn what the chip
//! makes of their inputs.
//!
//! Source: straight-through gradients, Bengio et al. 2013; progressive fine-tuning, Wan et al.,
//! Nature 608, 504 (2022); bias only, Safa et al. 2025 (OpenMENA).

use cim_core::matmul::product;
use cim_core::{MatMul, Scratch, Stream, Tally};
use ndarray::{Array2, ArrayView2, Axis};

use crate::error::NetworkError;
use crate::network::{Layer, Network};

/// What carries the product of a layer.
#[derive(Clone, Copy)]
pub enum Carrier<'a> {
    /// A programmed array: its weights stay, its bias is digital and learns.
    Chip(&'a dyn MatMul),
    /// The digital product: weights and bias learn.
    Digital,
}

/// What is minimised, the mean over samples and outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Binary cross-entropy of the logistic function of every output; targets are 0 to 1.
    Logistic,
    /// Half the square of the difference.
    Squares,
}

/// Stochastic gradient descent of constant rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// What is minimised.
    pub loss: Loss,
    /// Passes over the samples.
    pub epochs: usize,
    /// Samples per step.
    pub batch: usize,
    /// Learning rate.
    pub learning_rate: f32,
    /// Weights are kept at or above this: 0 for layers that will be programmed on cells without a
    /// sign, negative infinity for others.
    pub least_weight: f32,
}

impl Tuning {
    /// Tunes `network` on `carriers`, one per layer, for inputs `x` (samples × inputs) and `targets`
    /// (samples × outputs), and returns the mean loss of every epoch.
    ///
    /// The order of samples is drawn at `at`. Step `k` of the run is call `first_call + k` of every
    /// array, so that each step meets noise of its own.
    ///
    /// # Errors
    /// [`NetworkError::Recipe`] for an unusable number, [`NetworkError::Loop`] for shapes that do not
    /// fit.
    #[expect(clippy::too_many_arguments, reason = "context, data, address, call and counts")]
    pub fn run(
        &self,
        network: &mut Network,
        carriers: &[Carrier<'_>],
        x: ArrayView2<'_, f32>,
        targets: ArrayView2<'_, f32>,
        first_call: u64,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Vec<f64>, NetworkError> {
        self.check()?;
        let fits = x.ncols() == network.inputs()
            && targets.dim() == (x.nrows(), network.outputs())
            && carriers.len() == network.layers().len()
            && network.layers().iter().zip(carriers).all(|(layer, carrier)| match carrier {
                Carrier::Chip(array) => array.shape() == layer.weights.dim(),
                Carrier::Digital => true,
            });
        if !fits || x.nrows() == 0 {
            return Err(NetworkError::Loop {
                samples: x.nrows(),
                inputs: x.ncols(),
                targets: targets.nrows(),
                outputs: targets.ncols(),
                carriers: carriers.len(),
                layers: network.layers().len(),
            });
        }
        let mut scratch = Scratch::default();
        let mut order: Vec<usize> = (0..x.nrows()).collect();
        let mut losses = Vec::with_capacity(self.epochs);
        let mut call = first_call;
        for epoch in 0..self.epochs {
            shuffle(&mut order, at.child("epoch", epoch as u64));
            let mut sum = 0.0;
            for rows in order.chunks(self.batch) {
                let (x, targets) = (x.select(Axis(0), rows), targets.select(Axis(0), rows));
                sum += self.step(network, carriers, x, &targets, call, &mut scratch, tally)
                    * rows.len() as f64;
                call += 1;
            }
            losses.push(sum / x.nrows() as f64);
        }
        Ok(losses)
    }

    /// Checks every number.
    ///
    /// # Errors
    /// [`NetworkError::Recipe`] naming the first that is not usable.
    pub fn check(&self) -> Result<(), NetworkError> {
        let fail = |name, value: f64, expected| Err(NetworkError::Recipe { name, value, expected });
        if self.batch == 0 {
            return fail("batch", 0.0, "at least 1");
        }
        if !(0.0 < self.learning_rate && self.learning_rate.is_finite()) {
            return fail("learning_rate", self.learning_rate.into(), "a positive number");
        }
        if self.least_weight.is_nan() || 0.0 < self.least_weight {
            return fail("least_weight", self.least_weight.into(), "zero or below");
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "context, data, call, scratch and counts")]
    fn step(
        &self,
        network: &mut Network,
        carriers: &[Carrier<'_>],
        x: Array2<f32>,
        targets: &Array2<f32>,
        call: u64,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) -> f64 {
        let mut inputs = activations(network, carriers, x, call, scratch, tally);
        let outputs = inputs.pop().expect("one output per layer");
        let (loss, mut slope) = self.loss.of(&outputs, targets);
        for idx in (0..carriers.len()).rev() {
            let layer = &mut network.layers_mut()[idx];
            let x = &inputs[idx];
            let mut back = Array2::zeros(x.dim());
            if 0 < idx {
                product(slope.view(), layer.weights.t(), back.view_mut());
                // Where the rectifier was off, nothing passes.
                back.zip_mut_with(x, |g, &v| {
                    if v <= 0.0 {
                        *g = 0.0;
                    }
                });
            }
            if let Carrier::Digital = carriers[idx] {
                let mut gradient = Array2::zeros(layer.weights.dim());
                product(x.t(), slope.view(), gradient.view_mut());
                layer.weights.scaled_add(-self.learning_rate, &gradient);
                layer.weights.mapv_inplace(|w| w.max(self.least_weight));
            }
            layer.bias.scaled_add(-self.learning_rate, &slope.sum_axis(Axis(0)));
            slope = back;
        }
        loss
    }
}

impl Loss {
    /// Mean loss, and its slope along every output.
    fn of(self, outputs: &Array2<f32>, targets: &Array2<f32>) -> (f64, Array2<f32>) {
        let n = outputs.len() as f32;
        let mut sum = 0.0;
        let mut slope = outputs.clone();
        slope.zip_mut_with(targets, |z, &target| {
            let (loss, along) = match self {
                Self::Squares => (0.5 * (*z - target).powi(2), *z - target),
                Self::Logistic => (
                    z.max(0.0) + (-z.abs()).exp().ln_1p() - target * *z,
                    1.0 / (1.0 + (-*z).exp()) - target,
                ),
            };
            sum += f64::from(loss);
            *z = along / n;
        });
        (sum / f64::from(n), slope)
    }
}

/// Outputs (samples × outputs) of `network` on `carriers`, one per layer, for `x` (samples × inputs).
///
/// `call` numbers the pass, see [`MatMul::apply`].
///
/// # Panics
/// If there is not one carrier of the right shape per layer.
pub fn outputs(
    network: &Network,
    carriers: &[Carrier<'_>],
    x: ArrayView2<'_, f32>,
    call: u64,
    scratch: &mut Scratch,
    tally: &mut Tally,
) -> Array2<f32> {
    assert_eq!(network.layers().len(), carriers.len(), "one carrier per layer");
    let all = activations(network, carriers, x.to_owned(), call, scratch, tally);
    all.into_iter().next_back().expect("at least the inputs")
}

/// The inputs of every layer, and then the outputs of the last.
fn activations(
    network: &Network,
    carriers: &[Carrier<'_>],
    x: Array2<f32>,
    call: u64,
    scratch: &mut Scratch,
    tally: &mut Tally,
) -> Vec<Array2<f32>> {
    let last = carriers.len() - 1;
    let mut inputs = vec![x];
    for (idx, (layer, carrier)) in network.layers().iter().zip(carriers).enumerate() {
        let x = inputs[idx].view();
        let mut y = Array2::zeros((x.nrows(), layer.bias.len()));
        match carrier {
            Carrier::Chip(array) => array.apply(x, call, y.view_mut(), scratch, tally),
            Carrier::Digital => product(x, layer.weights.view(), y.view_mut()),
        }
        y += &layer.bias;
        if idx < last {
            y.mapv_inplace(|v| v.max(0.0));
        }
        inputs.push(y);
    }
    inputs
}

/// Programs a network layer by layer. After each, `tune` is given the network and the carriers so
/// far: arrays up to that layer, digital products from there on. Layers that follow are so
/// programmed with what they learnt from the arrays before them.
///
/// Returns the arrays, one per layer.
///
/// # Errors
/// Whatever `program` or `tune` fails with.
pub fn layer_wise<M: MatMul, E>(
    network: &mut Network,
    mut program: impl FnMut(usize, &Layer) -> Result<M, E>,
    mut tune: impl FnMut(usize, &mut Network, &[Carrier<'_>]) -> Result<(), E>,
) -> Result<Vec<M>, E> {
    let layers = network.layers().len();
    let mut arrays = Vec::with_capacity(layers);
    for idx in 0..layers {
        arrays.push(program(idx, &network.layers()[idx])?);
        let mut carriers: Vec<_> = arrays.iter().map(|array| Carrier::Chip(array)).collect();
        carriers.resize(layers, Carrier::Digital);
        tune(idx, network, &carriers)?;
    }
    Ok(arrays)
}

/// Fisher and Yates, from uniform draws at one address.
fn shuffle(order: &mut [usize], at: Stream) {
    let mut draws = vec![0.0; order.len()];
    at.fill_uniform(0, &mut draws);
    for (i, u) in draws.iter().enumerate().skip(1).rev() {
        order.swap(i, ((f64::from(*u) * (i + 1) as f64) as usize).min(i));
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Exact;
    use ndarray::{Array1, array};

    use super::*;

    fn uniform(shape: (usize, usize), at: Stream) -> Array2<f32> {
        let mut draws = vec![0.0; shape.0 * shape.1];
        at.fill_uniform(0, &mut draws);
        Array2::from_shape_vec(shape, draws).expect("as long as the shape says")
    }

    fn tuning(loss: Loss) -> Tuning {
        Tuning { loss, epochs: 60, batch: 10, learning_rate: 0.2, least_weight: f32::NEG_INFINITY }
    }

    fn mean_loss(network: &Network, arrays: &[Exact], x: &Array2<f32>, y: &Array2<f32>) -> f64 {
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        let carriers: Vec<_> = arrays.iter().map(|array| Carrier::Chip(array)).collect();
        let outputs = outputs(network, &carriers, x.view(), 0, &mut scratch, &mut tally);
        Loss::Squares.of(&outputs, y).0
    }

    /// A chip that adds a constant to every column: the bias learns minus that constant.
    #[test]
    fn biases_take_out_the_offset_of_a_chip() {
        let weights = array![[0.5_f32, 0.1], [0.2, 0.9], [0.3, 0.0]];
        let mut chip = weights.clone();
        chip.row_mut(2).assign(&array![0.7, -0.2]);
        let bias = Array1::zeros(2);
        let mut network =
            Network::from_layers(vec![Layer { weights: weights.clone(), bias }]).expect("a layer");
        // The third input is always on.
        let mut x = uniform((100, 3), Stream::root(1));
        x.column_mut(2).fill(1.0);
        let targets = x.dot(&weights);
        let array = Exact(chip);
        let mut tally = Tally::default();
        let losses = tuning(Loss::Squares)
            .run(
                &mut network,
                &[Carrier::Chip(&array)],
                x.view(),
                targets.view(),
                0,
                Stream::root(2),
                &mut tally,
            )
            .expect("fits");
        assert!(losses[59] < 1e-8 * losses[0], "{losses:?}");
        let bias = &network.layers()[0].bias;
        assert!((bias[0] + 0.4).abs() < 1e-4 && (bias[1] - 0.2).abs() < 1e-4, "{bias}");
        assert_eq!(network.layers()[0].weights, weights, "a chip keeps its weights");
    }

    #[test]
    fn layers_that_follow_learn_what_the_chip_gives_them() {
        let at = Stream::root(5);
        let mut network = Network::new(&[4, 6, 2], at).expect("widths");
        let x = uniform((200, 4), at.child("x", 0));
        let targets = network.digital_logits(x.view());
        let wrong = |layer: &Layer, idx: usize| {
            let error = uniform(layer.weights.dim(), at.child("error", idx as u64));
            Exact(&layer.weights + &(error - 0.5) * 0.4)
        };
        let (first, second) = (wrong(&network.layers()[0], 0), wrong(&network.layers()[1], 1));
        let plain = mean_loss(&network, &[first, second], &x, &targets);
        let mut tally = Tally::default();
        let arrays = layer_wise::<_, NetworkError>(
            &mut network,
            |idx, layer| Ok(wrong(layer, idx)),
            |idx, network, carriers| {
                let tuning = tuning(Loss::Squares);
                let at = at.child("tune", idx as u64);
                tuning.run(network, carriers, x.view(), targets.view(), 0, at, &mut tally)?;
                Ok(())
            },
        )
        .expect("fits");
        let tuned = mean_loss(&network, &arrays, &x, &targets);
        assert!(tuned < 0.25 * plain, "{tuned} {plain}");
    }

    #[test]
    fn logistic_slope_is_that_of_the_loss() {
        let (z, target) = (array![[-3.0_f32, 0.2, 40.0]], array![[0.0_f32, 1.0, 1.0]]);
        let (_, slope) = Loss::Logistic.of(&z, &target);
        for k in 0..3 {
            let [mut up, mut down] = [z.clone(), z.clone()];
            up[[0, k]] += 1e-2;
            down[[0, k]] -= 1e-2;
            let rise = Loss::Logistic.of(&up, &target).0 - Loss::Logistic.of(&down, &target).0;
            assert!((rise / 2e-2 - f64::from(slope[[0, k]])).abs() < 1e-5);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut network = Network::new(&[3, 2], Stream::root(1)).expect("widths");
        let x = Array2::zeros((5, 3));
        let mut run = |tuning: Tuning, targets: (usize, usize), carriers: &[Carrier<'_>]| {
            let targets = Array2::zeros(targets);
            let at = Stream::root(1);
            let mut tally = Tally::default();
            tuning.run(&mut network, carriers, x.view(), targets.view(), 0, at, &mut tally)
        };
        let good = tuning(Loss::Squares);
        assert!(run(good, (5, 2), &[Carrier::Digital]).is_ok());
        let small = Exact(Array2::zeros((2, 2)));
        for result in [
            run(good, (4, 2), &[Carrier::Digital]),
            run(good, (5, 2), &[]),
            run(good, (5, 2), &[Carrier::Chip(&small)]),
        ] {
            assert!(matches!(result, Err(NetworkError::Loop { .. })), "{result:?}");
        }
        for bad in [
            Tuning { batch: 0, ..good },
            Tuning { learning_rate: 0.0, ..good },
            Tuning { least_weight: f32::NAN, ..good },
        ] {
            assert!(matches!(
                run(bad, (5, 2), &[Carrier::Digital]),
                Err(NetworkError::Recipe { .. })
            ));
        }
    }
}
