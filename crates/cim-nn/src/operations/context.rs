//! What an operation is given to work with.

use std::ops::Range;

use cim_core::Stream;
use serde::{Deserialize, Serialize};

use super::saved::Saved;
use crate::activation::NoiseAwareRelu;
use crate::real::Real;
use crate::shape::Shape;

/// One application of a product within a pass.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Which product of the network.
    pub product: usize,
    /// Which application: a point in time, a strip of an image; below `slots`.
    pub slot: usize,
    /// Applications of this product in a full block of samples.
    pub slots: usize,
}

/// Whatever carries the products of a network: hardware, the path that training sees, or `f64`.
///
/// All slices are row-major. Weights are inputs × outputs; biases are added by the carrier.
pub trait Carrier<T: Real> {
    /// The rectifier between the products `before` and `next`, where they touch it.
    fn rectifier(&self, _before: Option<usize>, _next: Option<usize>) -> NoiseAwareRelu {
        NoiseAwareRelu { limit: f32::INFINITY, sigma: 0.0 }
    }

    /// Puts `x` through the input converter of a product that is driven by columns.
    fn convert(&mut self, _product: usize, _x: &mut [T]) {}

    /// Whether [`convert`](Self::convert) does anything.
    fn converts(&self, _product: usize) -> bool {
        false
    }

    /// `y = x · W + b` for `x` of batch × inputs, input converter included.
    fn rows(&mut self, call: Call, batch: usize, x: &[T], y: &mut [T]);

    /// `y = W' · x + b` for `width` rows that lie side by side: `x` is inputs × width and `y` is
    /// outputs × width with rows `stride` apart. `x` went through [`convert`](Self::convert).
    fn columns(&mut self, call: Call, x: &[T], width: usize, y: &mut [T], stride: usize);
}

/// A carrier that training goes back through.
pub trait Backward<T: Real>: Carrier<T> {
    /// Stops the gradient `dx` where the input converter clips `x`.
    fn convert_back(&mut self, _product: usize, _x: &[T], _dx: &mut [T]) {}

    /// Backward pass of [`rows`](Carrier::rows): gradients of weights and bias are added up by the
    /// carrier, `dx` is replaced.
    fn rows_back(&mut self, call: Call, batch: usize, x: &[T], dy: &[T], dx: Option<&mut [T]>);

    /// Backward pass of [`columns`](Carrier::columns).
    fn columns_back(
        &mut self,
        call: Call,
        x: &[T],
        width: usize,
        dy: &[T],
        stride: usize,
        dx: Option<&mut [T]>,
    );
}

/// Parameters and running statistics of one batch norm, one entry per channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Norm<T> {
    /// Factor behind the normalisation, γ.
    pub scale: Vec<T>,
    /// Offset behind the normalisation, β.
    pub shift: Vec<T>,
    /// Running mean.
    pub mean: Vec<T>,
    /// Running variance.
    pub variance: Vec<T>,
}

impl<T: Real> Norm<T> {
    /// γ = 1, β = 0 on standardised channels.
    pub fn new(channels: usize) -> Self {
        let fill = |x: f64| vec![T::of(x); channels];
        Self { scale: fill(1.0), shift: fill(0.0), mean: fill(0.0), variance: fill(1.0) }
    }
}

/// What one pass in training finds out about one batch norm.
#[derive(Clone, Debug, Default)]
pub struct NormWork<T> {
    /// Mean of each channel over the samples of the pass.
    pub mean: Vec<T>,
    /// Variance of each channel, divided by the count.
    pub variance: Vec<T>,
    /// Numbers per channel.
    pub count: usize,
    /// Gradient with respect to γ.
    pub d_scale: Vec<T>,
    /// Gradient with respect to β.
    pub d_shift: Vec<T>,
}

/// Everything around a pass.
pub struct Context<'a, T, C> {
    /// What carries the products.
    pub carrier: &'a mut C,
    /// Batch norms of the network.
    pub norms: &'a [Norm<T>],
    /// One for each batch norm in training, none in inference.
    pub norm_work: &'a mut [NormWork<T>],
    /// Where a pass of training draws; none in inference.
    pub training: Option<Stream>,
    /// Samples of a full block.
    pub capacity: usize,
}

/// One operation of a network: forward and backward on a batch of samples.
///
/// `x` and `y` are the values before and behind it, sample after sample.
pub trait Operate {
    /// Shape of a sample behind the operation.
    fn output(&self) -> Shape;

    /// Products that it needs, in the numbering of the network.
    fn products(&self) -> Range<usize> {
        0..0
    }

    /// Whether no output is ever outside the range of the inputs and zero.
    fn keeps_range(&self) -> bool {
        false
    }

    /// Products that give its outputs straight from its inputs: what a rectifier beside it touches.
    fn weighted(&self) -> Range<usize> {
        0..0
    }

    /// Whether its outputs are −1, 0 or 1, `given` that its inputs are.
    fn gives_signs(&self, _given: bool) -> bool {
        false
    }

    /// Whether its products are driven at many places of every sample.
    fn has_places(&self) -> bool {
        false
    }

    /// Tells a rectifier the product right `before` it and the `next` one behind it, where it
    /// touches them; whether it is a rectifier.
    fn rectify_between(&mut self, _before: Option<usize>, _next: Option<usize>) -> bool {
        false
    }

    /// Replaces `y`.
    fn forward<T: Real, C: Carrier<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        y: &mut Vec<T>,
        saved: &mut Saved<T>,
    );

    /// Replaces `dx`, the gradient with respect to `x`, if `wanted`; `dy` is that with respect to `y`
    /// and may be left as anything. Gradients of parameters go to the context.
    #[expect(clippy::too_many_arguments, reason = "context, values, gradients and what was saved")]
    fn backward<T: Real, C: Backward<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        y: &[T],
        dy: &mut Vec<T>,
        dx: &mut Vec<T>,
        wanted: bool,
        saved: &mut Saved<T>,
    );
}
