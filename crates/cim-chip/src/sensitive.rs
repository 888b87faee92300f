//! What the outputs feel of an error in each product: exact where there are gradients, else measured.

use cim_core::{Exact, MatMul, Scratch, Stream, Tally};
use cim_nn::{Felt, Network};
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};

use crate::error::ChipError;
use crate::foreign::Foreign;
use crate::inputs::LayerInputs;
use crate::jacobian::{Sensitivities, scales, sensitivities};
use crate::mapped::Mapped;

/// A network of which it is known how much an error of a product is felt.
pub trait Sensitive: Mapped {
    /// What a unit squared error of one output of each product costs at every application, as
    /// [`sensitivities`] has it. A network without gradients feels the squares of its outputs, whatever
    /// is asked for.
    ///
    /// # Errors
    /// [`ChipError`] for samples that the network cannot take.
    fn sensitivities(&self, inputs: &LayerInputs, felt: Felt) -> Result<Sensitivities, ChipError>;

    /// Whether a factor in front of any product is one behind all of them, biases aside.
    fn scales(&self) -> bool;
}

/// By backpropagation.
impl Sensitive for Network {
    fn sensitivities(&self, inputs: &LayerInputs, felt: Felt) -> Result<Sensitivities, ChipError> {
        Ok(sensitivities(self, inputs, felt))
    }

    fn scales(&self) -> bool {
        scales(self.operations())
    }
}

/// By experiment: small independent errors on every output of one product at a time, always the same; the
/// outputs of a product are not told apart.
/// Errors of many outputs, positions and samples average in one run.
impl Sensitive for Foreign {
    fn sensitivities(&self, inputs: &LayerInputs, _: Felt) -> Result<Sensitivities, ChipError> {
        let samples = inputs.samples();
        let ideal = self.digital_outputs(samples)?;
        let power = sum_of_squares(&ideal).max(f64::MIN_POSITIVE);
        let products = self.products();
        let at = Stream::root(0).child("sensitivity", 0);
        let of = |idx: usize| -> Result<Array1<f64>, ChipError> {
            let y = inputs.layer(idx).dot(&products[idx].weights);
            let rms = (sum_of_squares(&y) / y.len().max(1) as f64).sqrt();
            let sigma = RELATIVE * if rms > 0.0 { rms } else { 1.0 };
            let carriers: Vec<Shaken> = products
                .iter()
                .enumerate()
                .map(|(other, product)| Shaken {
                    exact: Exact(product.weights.to_owned()),
                    sigma: if other == idx { sigma as f32 } else { 0.0 },
                    at: at.child("product", idx as u64),
                })
                .collect();
            let (shaken, _) = self.outputs(&carriers, samples)?;
            let outputs = products[idx].weights.ncols();
            let felt = sum_of_squares(&(&shaken - &ideal)) / (sigma * sigma * power);
            Ok(Array1::from_elem(outputs, felt / outputs as f64))
        };
        let outputs = (0..products.len()).map(of).collect::<Result<_, _>>()?;
        Ok(Sensitivities { felt: Felt::Logits, outputs })
    }

    fn scales(&self) -> bool {
        false
    }
}

/// Errors per unit of the root mean square of a product's outputs: far above rounding, and small
/// enough that few activations change their branch.
const RELATIVE: f64 = 1e-2;

fn sum_of_squares(m: &Array2<f32>) -> f64 {
    m.iter().map(|&v| f64::from(v).powi(2)).sum()
}

/// An exact product with independent Gaussian errors on its outputs.
struct Shaken {
    exact: Exact,
    sigma: f32,
    at: Stream,
}

impl MatMul for Shaken {
    fn shape(&self) -> (usize, usize) {
        self.exact.shape()
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        mut y: ArrayViewMut2<'_, f32>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        self.exact.apply(x, call, y.view_mut(), scratch, tally);
        if self.sigma == 0.0 {
            return;
        }
        let mut errors = scratch.take(y.len());
        self.at.child("call", call).fill_standard_normal(0, &mut errors);
        y.iter_mut().zip(&errors).for_each(|(y, error)| *y += self.sigma * error);
        scratch.give(errors);
    }
}
