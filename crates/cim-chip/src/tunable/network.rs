//! A network of another tool, and the same network as one that learns.

use cim_graph::learnable::{self, Parameters};
use cim_graph::{GraphError, Learnable};
use cim_nn::operations::Norm;
use cim_nn::{LayerPath, Network, Shape};

use super::convert::{Converted, layers_of, named, parameters_of};
use crate::error::ChipError;
use crate::foreign::Foreign;

/// A network of another tool as operations with gradients: the same function of the same weights.
///
/// Products are those of the [`Foreign`] network in an order of their own. Along their inputs, a
/// convolution here has places within channels, there channels within places: where it is taller than a
/// tile, the rows that share a converter are others, equally many.
pub struct Tunable {
    layers: Learnable,
    network: Network,
    /// Parameters and groups of every operation with weights, in the order of products.
    weighted: Vec<(usize, usize)>,
    /// Norms of the file in the order of batch norms.
    norms: Vec<usize>,
    /// Product of the foreign network that each product is.
    of_foreign: Vec<usize>,
}

impl Tunable {
    /// Makes operations of `layers`, which are those of `foreign`, for samples of these dimensions.
    ///
    /// # Errors
    /// [`ChipError::Graph`] naming the first node that no operation stands for.
    pub fn new(layers: Learnable, foreign: &Foreign, sample: &[usize]) -> Result<Self, ChipError> {
        let input = Shape::try_from(sample.to_vec()).map_err(|_| GraphError::Unsupported {
            what: format!("learning from samples of shape {sample:?}"),
        })?;
        let (operations, converted) = Converted::of(&layers, input.channels)?;
        let Converted { weighted, norms, .. } = converted;
        let mut of_foreign = Vec::new();
        let mut weights = Vec::new();
        for &(parameters, groups) in &weighted {
            let own = &layers.parameters()[parameters];
            of_foreign.extend(products_of(own, groups, foreign)?);
            weights.extend(layers_of(own, groups));
        }
        let moments = norms.iter().map(|&norm| {
            let learnable::Norm { scale, shift, mean, variance, .. } = layers.norms()[norm].clone();
            Norm { scale, shift, mean, variance }
        });
        let network = Network::from_parts(input, &operations, weights, moments.collect())
            .map_err(|error| named(layers.steps(), error))?;
        Ok(Self { layers, network, weighted, norms, of_foreign })
    }

    /// The network that learns.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Paths of the foreign network's products as those of [`network`](Self::network).
    pub fn paths(&self, of_foreign: &[LayerPath]) -> Vec<LayerPath> {
        let own = self.of_foreign.iter().zip(self.parameters());
        let path = |(&product, parameters): (&usize, &Parameters)| LayerPath {
            learns_bias: parameters.learns_bias,
            ..of_foreign[product].clone()
        };
        own.map(path).collect()
    }

    /// The datapath of numbers, one for each product of [`network`](Self::network): nothing is clipped, rounded or
    /// noisy.
    pub fn digital_paths(&self) -> Vec<LayerPath> {
        let path = |(product, own): (cim_nn::Product<'_>, &Parameters)| {
            let (inputs, outputs) = product.weights.dim();
            LayerPath { learns_bias: own.learns_bias, ..LayerPath::digital(inputs, outputs) }
        };
        self.network.products().zip(self.parameters()).map(path).collect()
    }

    /// Parameters that each product has weights of.
    fn parameters(&self) -> impl Iterator<Item = &Parameters> {
        self.weighted.iter().flat_map(|&(parameters, groups)| {
            std::iter::repeat_n(&self.layers.parameters()[parameters], groups)
        })
    }

    /// A safetensors file of `trained`, which began as [`network`](Self::network), with the names and layouts
    /// of the file that the layers were read from.
    ///
    /// # Errors
    /// [`ChipError::Graph`] for a network of other products.
    pub fn written(&self, trained: &Network) -> Result<Vec<u8>, ChipError> {
        let (layers, norms) = (trained.layers(), trained.norms());
        if layers.len() != self.of_foreign.len() || norms.len() != self.norms.len() {
            let what = "weights of another network".to_owned();
            return Err(GraphError::Malformed { what }.into());
        }
        let mut parameters = self.layers.parameters().to_vec();
        let mut first = 0;
        for &(own, groups) in &self.weighted {
            parameters[own] = parameters_of(&parameters[own], &layers[first..first + groups]);
            first += groups;
        }
        let mut moments = self.layers.norms().to_vec();
        for (&own, norm) in self.norms.iter().zip(norms) {
            let Norm { scale, shift, mean, variance } = norm.clone();
            let learnable::Norm { node, epsilon, .. } = moments[own].clone();
            moments[own] = learnable::Norm { node, epsilon, scale, shift, mean, variance };
        }
        Ok(self.layers.written(&parameters, &moments)?)
    }
}

/// The products of a node, one a group.
fn products_of(
    own: &Parameters,
    groups: usize,
    foreign: &Foreign,
) -> Result<Vec<usize>, GraphError> {
    let products = foreign.network().products().iter().enumerate();
    let of_node = products.filter(|(_, product)| product.node == own.node);
    let found: Vec<usize> = of_node.map(|(product, _)| product).collect();
    if found.len() == groups {
        return Ok(found);
    }
    let what = format!("{} products go by the name of node {}", found.len(), own.node);
    Err(GraphError::Malformed { what })
}
