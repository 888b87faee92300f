//! Products whose rows and columns are scaled, so that their weights fill the window.

use cim_core::{MatMul, Scratch, Tally};
use cim_nn::{Felt, Product};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};

use crate::error::ChipError;
use crate::inputs::LayerInputs;
use crate::jacobian::Sensitivities;
use crate::mapped::Mapped;
use crate::scaling::{Along, Scaling};
use crate::sensitive::Sensitive;

/// A network whose products are scaled, which a chip carries in place of the network.
///
/// Inputs, weights, clips, ranges and full scales of a design are those of the scaled products;
/// samples and outputs are those of the network.
pub struct Scaled<'a, N> {
    network: &'a N,
    factors: Vec<Factors>,
}

/// What one product is scaled by.
struct Factors {
    scaling: Scaling,
    /// In front of each input.
    inputs: Array1<f32>,
    /// Behind each output.
    outputs: Array1<f32>,
    /// The weights that are mapped, where they are others.
    weights: Option<Array2<f32>>,
}

impl Factors {
    fn of(scaling: Scaling, weights: ArrayView2<'_, f32>) -> Self {
        let (rows, columns) = weights.dim();
        let (mut inputs, mut outputs) = (Array1::ones(rows), Array1::ones(columns));
        let mut scaled = weights.to_owned();
        for along in scaling.steps() {
            let (axis, factors) = match along {
                Along::Rows => (Axis(0), &mut inputs),
                Along::Columns => (Axis(1), &mut outputs),
            };
            for (mut lane, factor) in scaled.axis_iter_mut(axis).zip(factors.iter_mut()) {
                let largest = lane.iter().fold(0.0f32, |m, w| m.max(w.abs()));
                // What is nothing is driven or read with the factor 0; so is what has no inverse in single precision.
                let counts = largest >= f32::MIN_POSITIVE;
                *factor = if counts { largest } else { 0.0 };
                lane.mapv_inplace(|w| if counts { w / largest } else { 0.0 });
            }
        }
        let weights = (scaling != Scaling::None).then_some(scaled);
        Self { scaling, inputs, outputs, weights }
    }
}

impl<'a, N: Mapped> Scaled<'a, N> {
    /// Scales the products of `network`, each as `scalings` says; those that it says nothing of are not scaled.
    pub fn new(network: &'a N, scalings: &[Scaling]) -> Self {
        let scalings = scalings.iter().copied().chain(std::iter::repeat(Scaling::None));
        let each = network.products().into_iter().zip(scalings);
        let factors = each.map(|(product, scaling)| Factors::of(scaling, product.weights));
        let factors = factors.collect();
        Self { network, factors }
    }

    /// Scales every product alike.
    pub fn alike(network: &'a N, scaling: Scaling) -> Self {
        Self::new(network, &vec![scaling; network.products().len()])
    }

    /// Factors of one product: in front of its inputs, behind its outputs.
    pub fn factors(&self, product: usize) -> [&Array1<f32>; 2] {
        [&self.factors[product].inputs, &self.factors[product].outputs]
    }

    /// Inputs of the network's products as those of this one.
    pub fn inputs(&self, inputs: &LayerInputs) -> LayerInputs {
        inputs.times(self.factors.iter().map(|own| own.inputs.view()))
    }

    /// What is felt of an error in each output of the network's products, as of those of this one.
    pub fn felt(&self, mut network: Sensitivities) -> Sensitivities {
        let each = network.outputs.iter_mut().zip(&self.factors);
        each.for_each(|(felt, own)| *felt *= &own.outputs.mapv(|b| f64::from(b).powi(2)));
        network
    }
}

impl<N: Mapped> Mapped for Scaled<'_, N> {
    fn products(&self) -> Vec<Product<'_>> {
        let each = self.network.products().into_iter().zip(&self.factors);
        each.map(|(product, own)| match &own.weights {
            Some(weights) => Product { weights: weights.view(), ..product },
            None => product,
        })
        .collect()
    }

    fn scaling(&self, product: usize) -> Scaling {
        self.factors[product].scaling
    }

    fn output_factors(&self, product: usize) -> Option<ArrayView1<'_, f32>> {
        let own = &self.factors[product];
        own.scaling.scales_columns().then(|| own.outputs.view())
    }

    fn drives(&self, samples: ArrayView2<'_, f32>) -> Result<Vec<Array2<f32>>, ChipError> {
        let mut drives = self.network.drives(samples)?;
        for (drives, own) in drives.iter_mut().zip(&self.factors) {
            if own.scaling.scales_rows() {
                *drives *= &own.inputs;
            }
        }
        Ok(drives)
    }

    fn outputs<M: MatMul>(
        &self,
        products: &[M],
        samples: ArrayView2<'_, f32>,
    ) -> Result<(Array2<f32>, Tally), ChipError> {
        let each = products.iter().zip(&self.factors);
        let carried: Vec<_> = each.map(|(product, own)| Carried { product, own }).collect();
        self.network.outputs(&carried, samples)
    }

    fn digital_outputs(&self, samples: ArrayView2<'_, f32>) -> Result<Array2<f32>, ChipError> {
        self.network.digital_outputs(samples)
    }
}

/// Of the network's products, in the units of the scaled ones.
impl<N: Sensitive> Sensitive for Scaled<'_, N> {
    fn sensitivities(&self, inputs: &LayerInputs, felt: Felt) -> Result<Sensitivities, ChipError> {
        // A row without weights is no part of any output, whatever drives it.
        let back =
            self.factors.iter().map(|own| own.inputs.mapv(|a| if a > 0.0 { 1.0 / a } else { 0.0 }));
        let back: Vec<Array1<f32>> = back.collect();
        let unscaled = inputs.times(back.iter().map(|a| a.view()));
        Ok(self.felt(self.network.sensitivities(&unscaled, felt)?))
    }

    fn scales(&self) -> bool {
        self.network.scales()
    }
}

/// A product between its factors.
struct Carried<'a, M> {
    product: &'a M,
    own: &'a Factors,
}

impl<M: MatMul> MatMul for Carried<'_, M> {
    fn shape(&self) -> (usize, usize) {
        self.product.shape()
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        mut y: ArrayViewMut2<'_, f32>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        let Factors { scaling, inputs, outputs, .. } = self.own;
        if scaling.scales_rows() {
            let mut buffer = scratch.take(x.len());
            let mut driven = ArrayViewMut2::from_shape(x.dim(), &mut buffer).expect("as many");
            driven.assign(&x);
            driven *= inputs;
            self.product.apply(driven.view(), call, y.view_mut(), scratch, tally);
            scratch.give(buffer);
        } else {
            self.product.apply(x, call, y.view_mut(), scratch, tally);
        }
        if scaling.scales_columns() {
            y *= outputs;
        }
    }
}
