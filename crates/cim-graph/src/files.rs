//! The files of a network, as bytes.

use std::collections::BTreeMap;

use crate::error::GraphError;
use crate::learnable::{Learnable, Origin};
use crate::limits::Limits;
use crate::model::{Graph, Model};
use crate::network::Network;
use crate::{layers, onnx, sniff};

/// The files of a network, as bytes: what it is read from, as often as it is asked for.
#[derive(Clone, Debug)]
pub enum Files {
    /// An ONNX file.
    Onnx {
        /// The file.
        graph: Vec<u8>,
        /// Tensors (safetensors) in place of the initializers that have their names.
        weights: Option<Vec<u8>>,
    },
    /// Weights, and layers beside them.
    Safetensors {
        /// The weights (safetensors).
        weights: Vec<u8>,
        /// The layers (TOML), see the README of this crate.
        layers: String,
    },
}

impl Files {
    /// Reads the network.
    ///
    /// # Errors
    /// [`GraphError`] as [`Network::from_onnx`] and [`Network::from_safetensors`]; for weights that are no
    /// initializer of an ONNX file or have another shape, by name.
    pub fn network(&self, limits: Limits) -> Result<Network, GraphError> {
        Network::of_model(self.model(&limits)?, limits)
    }

    /// Reads the network as layers whose gradients are known, for samples of these dimensions.
    ///
    /// # Errors
    /// As [`network`](Self::network), and [`GraphError::Unlearnable`] for the first node that cannot be
    /// learned through.
    pub fn learnable(&self, sample: &[usize], limits: Limits) -> Result<Learnable, GraphError> {
        let origin = match self {
            Self::Onnx { .. } => Origin::Onnx,
            Self::Safetensors { weights, .. } => Origin::Safetensors(weights.clone()),
        };
        Learnable::of_model(self.model(&limits)?, sample, origin)
    }

    /// The same layers with other weights (safetensors), such as [`Learnable::written`] gives.
    #[must_use]
    pub fn with_weights(self, weights: Vec<u8>) -> Self {
        match self {
            Self::Onnx { graph, .. } => Self::Onnx { graph, weights: Some(weights) },
            Self::Safetensors { layers, .. } => Self::Safetensors { weights, layers },
        }
    }

    /// Whether an error of reading is of the file beside the network: of the layers of a safetensors file, or of
    /// the weights that an ONNX file is to have in place of its own.
    pub fn is_beside(&self, error: &GraphError) -> bool {
        match self {
            Self::Onnx { weights: None, .. } => false,
            Self::Onnx { graph, .. } => {
                let alone = Self::Onnx { graph: graph.clone(), weights: None };
                alone.network(Limits::default()).is_ok()
            }
            Self::Safetensors { .. } => matches!(
                error,
                GraphError::Toml { .. }
                    | GraphError::Layer { .. }
                    | GraphError::Node { .. }
                    | GraphError::Operator { .. }
                    | GraphError::Refused { .. }
            ),
        }
    }

    fn model(&self, limits: &Limits) -> Result<Model, GraphError> {
        match self {
            Self::Onnx { graph, weights } => {
                sniff::refuse_others(graph, "ONNX")?;
                let mut model = onnx::read(graph, limits)?;
                if let Some(weights) = weights {
                    replace(&mut model.graph, weights, *limits)?;
                }
                refuse_no_numbers(&model.graph)?;
                Ok(model)
            }
            Self::Safetensors { weights, layers } => {
                sniff::refuse_others(weights, "safetensors")?;
                layers::read(weights, layers, limits)
            }
        }
    }
}

/// An infinity may stand for what a softmax leaves out; what is no number is nothing's weight, and a ReLU would hide it.
fn refuse_no_numbers(graph: &Graph) -> Result<(), GraphError> {
    for (name, tensor) in &graph.constants {
        if tensor.as_f32().is_some_and(|values| values.iter().any(|value| value.is_nan())) {
            let what = format!("initializer {name} has elements that are no numbers (NaN)");
            return Err(GraphError::Malformed { what });
        }
    }
    Ok(())
}

/// Puts tensors in place of the initializers of their names.
fn replace(graph: &mut Graph, weights: &[u8], limits: Limits) -> Result<(), GraphError> {
    let mut own: BTreeMap<&str, &mut crate::Tensor> =
        graph.constants.iter_mut().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    for (name, tensor) in layers::all_tensors(weights, limits)? {
        let wrong = |what: String| Err(GraphError::Malformed { what });
        match own.get_mut(name.as_str()) {
            None => {
                return wrong(format!(
                    "tensor {name} of the weights is no initializer of the network"
                ));
            }
            Some(there) if there.shape() != tensor.shape() || there.as_f32().is_none() => {
                let (given, wanted) = (tensor.shape(), there.shape());
                let data_type = there.data_type();
                return wrong(format!(
                    "tensor {name} of the weights has shape {given:?}, the network's is {data_type} of \
                     {wanted:?}"
                ));
            }
            Some(there) => **there = tensor,
        }
    }
    Ok(())
}
