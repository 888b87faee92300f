//! What a chip has to know of a network.

use cim_core::{Exact, MatMul, Tally};
use cim_nn::{Network, Product};
use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::error::ChipError;
use crate::scaling::Scaling;

/// A network as a chip sees it: the products that it carries, what drives them, and outputs on
/// whatever carries them.
///
/// Samples are rows of one matrix, whatever the shape of what they stand for. [`Network`] is one, a
/// [`Foreign`](crate::Foreign) network from a file another. Gradients are no part of it: what needs
/// them takes a [`Network`].
pub trait Mapped: Sync {
    /// Every product, in the order in which chips carry them.
    fn products(&self) -> Vec<Product<'_>>;

    /// The vectors that drive every product (vectors × inputs) when `samples` (samples × inputs of the
    /// network) go through digitally, samples outermost.
    ///
    /// # Errors
    /// [`ChipError`] for samples that the network cannot take.
    fn drives(&self, samples: ArrayView2<'_, f32>) -> Result<Vec<Array2<f32>>, ChipError>;

    /// Outputs (samples × outputs) on `products`, block by block over all threads; blocks have a size
    /// of their own, so that the number of threads changes nothing.
    ///
    /// # Errors
    /// [`ChipError`] for samples that the network cannot take.
    ///
    /// # Panics
    /// If `products` are not one of the right shape for each of [`products`](Self::products).
    fn outputs<M: MatMul>(
        &self,
        products: &[M],
        samples: ArrayView2<'_, f32>,
    ) -> Result<(Array2<f32>, Tally), ChipError>;

    /// How a product is scaled around its tiles: not at all, except by [`Scaled`](crate::Scaled).
    fn scaling(&self, _product: usize) -> Scaling {
        Scaling::None
    }

    /// Factors behind the outputs of a product, where it has any.
    fn output_factors(&self, _product: usize) -> Option<ArrayView1<'_, f32>> {
        None
    }

    /// Outputs (samples × outputs) computed digitally.
    ///
    /// # Errors
    /// As [`outputs`](Self::outputs).
    fn digital_outputs(&self, samples: ArrayView2<'_, f32>) -> Result<Array2<f32>, ChipError> {
        let exact = |product: Product<'_>| Exact(product.weights.to_owned());
        let products: Vec<Exact> = self.products().into_iter().map(exact).collect();
        Ok(self.outputs(&products, samples)?.0)
    }
}

impl Mapped for Network {
    fn products(&self) -> Vec<Product<'_>> {
        Network::products(self).collect()
    }

    fn drives(&self, samples: ArrayView2<'_, f32>) -> Result<Vec<Array2<f32>>, ChipError> {
        Ok(self.product_inputs(samples, samples.nrows()))
    }

    fn outputs<M: MatMul>(
        &self,
        products: &[M],
        samples: ArrayView2<'_, f32>,
    ) -> Result<(Array2<f32>, Tally), ChipError> {
        Ok(self.outputs_on(products, samples))
    }
}
