//! A network: a list of operations, and the weights of their products.

use cim_core::{Exact, Stream};
use ndarray::{Array1, Array2, ArrayView2};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::dataset::Dataset;
use crate::error::NetworkError;
use crate::noise::LayerPath;
use crate::operations::linear::LinearSpec;
use crate::operations::relu::ReluSpec;
use crate::operations::{Builder, Norm, Operate, Operation, OperationSpec, ProductPlan};
use crate::shape::Shape;

/// Samples that one worker carries through a network without convolutions at a time.
///
/// A fixed number: noise is addressed by block, so results do not depend on the thread count.
pub const BLOCK: usize = 256;

/// Samples that one worker carries through a network with convolutions at a time.
pub const CONVOLUTION_BLOCK: usize = 16;

/// Weights and bias of one product: `x · weights + bias`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Inputs × outputs.
    pub weights: Array2<f32>,
    /// One entry per output.
    pub bias: Array1<f32>,
}

/// A list of operations that ends in plain features, with the weights of its products.
///
/// One that is read from bytes has weights of the sizes that its operations say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Network {
    pub(crate) input: Shape,
    pub(crate) operations: Vec<Operation>,
    pub(crate) plans: Vec<ProductPlan>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) norms: Vec<Norm<f32>>,
}

/// One product of a network, as hardware has to carry it.
#[derive(Clone, Copy, Debug)]
pub struct Product<'a> {
    /// Place and name of its operation, as `"3 conv2d"`.
    pub name: &'a str,
    /// Inputs × outputs.
    pub weights: ArrayView2<'a, f32>,
    /// Vectors that one sample drives it with: positions, or points in time.
    pub per_sample: usize,
}

impl Network {
    /// He-initialised perceptron of the given widths, for example `[784, 256, 128, 10]`: dense
    /// layers with ReLU between them and none after the last.
    ///
    /// Source: He et al., *Delving deep into rectifiers*, 2015, equation 10.
    ///
    /// # Errors
    /// [`NetworkError::Widths`] for fewer than two widths or a zero width,
    /// [`NetworkError::Operation`] for too many weights.
    pub fn new(widths: &[usize], at: Stream) -> Result<Self, NetworkError> {
        let (input, operations) = perceptron_of(widths)?;
        Self::drawn(input, &operations, at)
    }

    /// A network of `operations` on samples of shape `input`, with weights drawn as in
    /// [`new`](Self::new) from the inputs of each product; those of recurrent operations have
    /// variance `1 / (3 hidden)`. Biases are zero.
    ///
    /// # Errors
    /// [`NetworkError::Operation`] naming the first operation that cannot be where it is,
    /// [`NetworkError::NotFeatures`] if the last leaves places, [`NetworkError::NoProducts`] if none
    /// has weights. Nothing is allocated before sizes are known to be below
    /// [`MAX_WEIGHTS`](crate::operations::build::MAX_WEIGHTS) and [`MAX_SAMPLE`](crate::shape::MAX_SAMPLE).
    pub fn drawn(
        input: Shape,
        operations: &[OperationSpec],
        at: Stream,
    ) -> Result<Self, NetworkError> {
        let (operations, builder) = planned(input, operations)?;
        let draw = |(idx, plan): (usize, &ProductPlan)| {
            let mut weights = vec![0.0; plan.inputs * plan.outputs];
            at.child("layer", idx as u64).fill_standard_normal(0, &mut weights);
            weights.iter_mut().for_each(|w| *w *= plan.sigma);
            Layer {
                weights: Array2::from_shape_vec((plan.inputs, plan.outputs), weights)
                    .expect("one weight per pair of input and output"),
                bias: Array1::zeros(plan.outputs),
            }
        };
        let layers = builder.products.iter().enumerate().map(draw).collect();
        let norms = builder.norms.iter().map(|&channels| Norm::new(channels)).collect();
        Ok(Self { input, operations, plans: builder.products, layers, norms })
    }

    /// A perceptron of given layers.
    ///
    /// # Errors
    /// [`NetworkError`] where shapes do not chain or a weight is not a finite number.
    pub fn from_layers(layers: Vec<Layer>) -> Result<Self, NetworkError> {
        let Some(first) = layers.first() else {
            return Err(NetworkError::Widths { widths: Vec::new() });
        };
        let input = Shape::features(first.weights.nrows());
        for (idx, layer) in layers.iter().enumerate() {
            let (inputs, outputs) = layer.weights.dim();
            let follows = idx == 0 || layers[idx - 1].bias.len() == inputs;
            if outputs != layer.bias.len() || !follows || inputs == 0 || outputs == 0 {
                return Err(NetworkError::Chain { layer: idx, inputs, outputs });
            }
        }
        let operations = perceptron(layers.iter().map(|layer| layer.bias.len()));
        Self::from_parts(input, &operations, layers, Vec::new())
    }

    /// A network of `operations` on samples of shape `input` with given weights: one layer per
    /// product and one norm per batch norm, in the order of [`drawn`](Self::drawn).
    ///
    /// # Errors
    /// As [`drawn`](Self::drawn); [`NetworkError::Parts`] or [`NetworkError::Chain`] where weights do
    /// not fit, [`NetworkError::NotFinite`] or [`NetworkError::BiasNotFinite`] for what is no number.
    pub fn from_parts(
        input: Shape,
        operations: &[OperationSpec],
        layers: Vec<Layer>,
        norms: Vec<Norm<f32>>,
    ) -> Result<Self, NetworkError> {
        let (operations, Builder { products: plans, norms: channels, .. }) =
            planned(input, operations)?;
        let fits = |(norm, &channels): (&Norm<f32>, &usize)| {
            [&norm.scale, &norm.shift, &norm.mean, &norm.variance]
                .into_iter()
                .all(|values| values.len() == channels && values.iter().all(|v| v.is_finite()))
                && norm.variance.iter().all(|&v| 0.0 <= v)
        };
        let norms_fit = norms.len() == channels.len() && norms.iter().zip(&channels).all(fits);
        if layers.len() != plans.len() || !norms_fit {
            return Err(NetworkError::Parts {
                given: layers.len(),
                expected: plans.len(),
                norms: norms.len(),
                expected_norms: channels.len(),
            });
        }
        for (idx, (layer, plan)) in layers.iter().zip(&plans).enumerate() {
            let (inputs, outputs) = layer.weights.dim();
            if (inputs, outputs) != (plan.inputs, plan.outputs) || outputs != layer.bias.len() {
                return Err(NetworkError::Chain { layer: idx, inputs, outputs });
            }
            if let Some(((row, col), &value)) =
                layer.weights.indexed_iter().find(|(_, w)| !w.is_finite())
            {
                return Err(NetworkError::NotFinite { layer: idx, row, col, value });
            }
            if let Some((col, &value)) = layer.bias.indexed_iter().find(|(_, b)| !b.is_finite()) {
                return Err(NetworkError::BiasNotFinite { layer: idx, col, value });
            }
        }
        let standard = |Layer { weights, bias }| Layer {
            weights: weights.as_standard_layout().into_owned(),
            bias: bias.as_standard_layout().into_owned(),
        };
        let layers = layers.into_iter().map(standard).collect();
        Ok(Self { input, operations, plans, layers, norms })
    }

    /// Checks that weights, biases and batch norms are of the sizes that the operations say.
    ///
    /// # Errors
    /// [`NetworkError::Parts`] or [`NetworkError::Chain`].
    pub(crate) fn check_sizes(&self) -> Result<(), NetworkError> {
        let products = self.operations.iter().map(|operation| operation.products().end).max();
        let mut channels = vec![None; self.norms.len()];
        let norms_found = norm_channels(&self.operations, &mut channels);
        let fits = |(norm, channels): (&Norm<f32>, &Option<usize>)| {
            [&norm.scale, &norm.shift, &norm.mean, &norm.variance]
                .into_iter()
                .all(|values| Some(values.len()) == *channels)
        };
        if self.layers.len() != self.plans.len()
            || products != Some(self.plans.len())
            || norms_found != self.norms.len()
            || !self.norms.iter().zip(&channels).all(fits)
        {
            return Err(NetworkError::Parts {
                given: self.layers.len(),
                expected: products.unwrap_or(0),
                norms: self.norms.len(),
                expected_norms: norms_found,
            });
        }
        for (layer, (Layer { weights, bias }, plan)) in
            self.layers.iter().zip(&self.plans).enumerate()
        {
            let (inputs, outputs) = weights.dim();
            if (inputs, outputs) != (plan.inputs, plan.outputs) || outputs != bias.len() {
                return Err(NetworkError::Chain { layer, inputs, outputs });
            }
        }
        Ok(())
    }

    /// Weights and biases of every product, first to last: one per dense layer, one per group of a
    /// convolution, two per recurrent operation.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    pub(crate) fn layers_mut(&mut self) -> &mut [Layer] {
        &mut self.layers
    }

    /// Every product, first to last.
    pub fn products(&self) -> impl ExactSizeIterator<Item = Product<'_>> {
        self.plans.iter().zip(&self.layers).map(|(plan, layer)| Product {
            name: &plan.name,
            weights: layer.weights.view(),
            per_sample: plan.per_sample,
        })
    }

    /// The operations, first to last.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Parameters and running statistics of every batch norm, first to last.
    pub fn norms(&self) -> &[Norm<f32>] {
        &self.norms
    }

    /// Shape of a sample.
    pub fn input_shape(&self) -> Shape {
        self.input
    }

    /// Numbers of a sample.
    pub fn inputs(&self) -> usize {
        self.input.len()
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.operations.last().map_or(self.input.len(), |last| last.output().len())
    }

    /// The network with what its `paths`, one per product, store of every weight, without errors.
    ///
    /// # Panics
    /// If there is not one path per product.
    #[must_use]
    pub fn as_stored(&self, paths: &[LayerPath]) -> Self {
        assert_eq!(paths.len(), self.layers.len(), "one path per product");
        let mut network = self.clone();
        for (layer, path) in network.layers.iter_mut().zip(paths) {
            layer.weights.mapv_inplace(|w| path.stored.of(w));
        }
        network
    }

    /// The products of this network computed digitally.
    pub fn exact(&self) -> Vec<Exact> {
        self.layers.iter().map(|layer| Exact(layer.weights.clone())).collect()
    }

    /// Samples that one worker carries through at a time.
    pub fn block(&self) -> usize {
        let has_places = self.operations.iter().any(Operate::has_places);
        if has_places { CONVOLUTION_BLOCK } else { BLOCK }
    }
}

/// What a perceptron of these widths is a list of.
pub(crate) fn perceptron_of(widths: &[usize]) -> Result<(Shape, Vec<OperationSpec>), NetworkError> {
    if widths.len() < 2 || widths.contains(&0) {
        return Err(NetworkError::Widths { widths: widths.to_vec() });
    }
    Ok((Shape::features(widths[0]), perceptron(widths[1..].iter().copied())))
}

/// Dense layers of so many outputs, with ReLU between them.
fn perceptron(outputs: impl Iterator<Item = usize>) -> Vec<OperationSpec> {
    let layer = |features| {
        [OperationSpec::Relu(ReluSpec {}), OperationSpec::Linear(LinearSpec { features })]
    };
    outputs.flat_map(layer).skip(1).collect()
}

pub(crate) fn planned(
    input: Shape,
    operations: &[OperationSpec],
) -> Result<(Vec<Operation>, Builder), NetworkError> {
    let mut builder = Builder::default();
    if input.checked_len().is_none() {
        return Err(builder.problem(crate::error::Problem::Size { shape: input }));
    }
    let (operations, shape) = builder.list(operations, input, None)?;
    if builder.products.is_empty() {
        return Err(NetworkError::NoProducts);
    }
    if shape.positions() != 1 {
        return Err(NetworkError::NotFeatures { shape });
    }
    Ok((operations, builder))
}

/// Puts the channels of every batch norm at its number and counts them.
fn norm_channels(operations: &[Operation], channels: &mut [Option<usize>]) -> usize {
    let count = |operation: &Operation, channels: &mut [Option<usize>]| match operation {
        Operation::BatchNorm(norm) => {
            if let Some(channels) = channels.get_mut(norm.norm) {
                *channels = Some(norm.output().channels);
            }
            1
        }
        Operation::Residual(residual) => {
            norm_channels(&residual.body, channels) + norm_channels(&residual.shortcut, channels)
        }
        _ => 0,
    };
    operations.iter().map(|operation| count(operation, channels)).sum()
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, to)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let network = Self::deserialize(from)?;
        network.check_sizes().map_err(D::Error::custom)?;
        Ok(network)
    }
}

/// Fraction of rows of `logits` whose largest entry stands at the label.
pub fn accuracy(logits: ArrayView2<'_, f32>, labels: &[u8]) -> f64 {
    let right = logits
        .rows()
        .into_iter()
        .zip(labels)
        .filter(|(row, label)| {
            let mut best = 0;
            for (class, value) in row.iter().enumerate() {
                if row[best] < *value {
                    best = class;
                }
            }
            best == usize::from(**label)
        })
        .count();
    right as f64 / labels.len().max(1) as f64
}

/// First `count` images of a data set as a matrix, count × pixels, in [0, 1].
pub fn first_images(data: &Dataset, count: usize) -> Array2<f32> {
    let indices: Vec<usize> = (0..count.min(data.len())).collect();
    let mut x = Array2::zeros((indices.len(), data.pixels()));
    data.batch_into(&indices, x.as_slice_mut().expect("standard layout"));
    x
}
