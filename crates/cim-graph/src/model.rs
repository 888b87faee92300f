//! A network as files of any format describe it: names, operators, attributes, constants.

use crate::data_type::DataType;
use crate::error::GraphError;
use crate::tensor::Tensor;

/// What a file says, before anything is known about its operators.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub opset: i64,
    pub graph: Graph,
    /// What weights hold beside themselves.
    pub folds: Vec<Fold>,
}

/// A batch normalisation that was folded into the weights of a layer.
#[derive(Clone, Debug)]
pub(crate) struct Fold {
    pub layer: String,
    /// What the names of its tensors start with.
    pub norm: String,
    /// What is added to variances.
    pub epsilon: f32,
}

/// Nodes in an order in which each comes after what it reads.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub nodes: Vec<Node>,
    pub constants: Vec<(String, Tensor)>,
    pub inputs: Vec<Port>,
    pub outputs: Vec<String>,
}

/// An input or output of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Name in the file.
    pub name: String,
    /// Type of its elements.
    pub data_type: DataType,
    /// Dimensions, `None` where any number is taken; no list where any shape is.
    pub shape: Option<Vec<Option<usize>>>,
}

#[derive(Debug, Default)]
pub(crate) struct Node {
    /// Name in the file, or what the node computes where it has none.
    pub name: String,
    pub operator: String,
    pub domain: String,
    /// Empty where an optional input is left out.
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub attributes: Vec<(String, Attribute)>,
}

/// Value of an attribute.
#[derive(Debug)]
pub(crate) enum Attribute {
    Float(f32),
    Int(i64),
    Text(String),
    Tensor(Tensor),
    Graph(Graph),
    Floats(Vec<f32>),
    Ints(Vec<i64>),
    Texts(Vec<String>),
    /// Something that is not read, and what it is.
    Other(String),
}

impl Port {
    /// Checks a tensor against what the network declares.
    ///
    /// # Errors
    /// [`GraphError::InputType`] and [`GraphError::InputShape`].
    pub(crate) fn check(&self, tensor: &Tensor) -> Result<(), GraphError> {
        if tensor.data_type() != self.data_type {
            return Err(GraphError::InputType {
                input: self.name.clone(),
                given: tensor.data_type(),
                wanted: self.data_type,
            });
        }
        let Some(dims) = &self.shape else { return Ok(()) };
        let agrees = |(&given, wanted): (&usize, &Option<usize>)| wanted.is_none_or(|w| w == given);
        if dims.len() == tensor.rank() && tensor.shape().iter().zip(dims).all(agrees) {
            return Ok(());
        }
        let dim = |dim: &Option<usize>| dim.map_or("?".to_owned(), |dim| dim.to_string());
        let wanted: Vec<String> = dims.iter().map(dim).collect();
        Err(GraphError::InputShape {
            input: self.name.clone(),
            given: tensor.shape().to_vec(),
            wanted: format!("[{}]", wanted.join(", ")),
        })
    }
}
