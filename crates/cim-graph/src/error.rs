//! Everything that can be wrong with a network, its file or its inputs.

use std::path::Path;

use thiserror::Error;

use crate::data_type::DataType;

/// How a network is exported from a pickle: lines that a terminal of 80 columns does not break.
const RECIPE: &str = "  import torch; n = torch.load(\"network.pt\", weights_only=False).eval()\n  \
     torch.onnx.export(n, torch.zeros(1, 3, 32, 32), \"n.onnx\", dynamo=False)";

/// Why a network cannot be read, or cannot run on what it was given.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum GraphError {
    /// A file of PyTorch's `torch.save`, under whatever name.
    #[error(
        "this is a pickle ({what}), which can run any program when it is opened, so it is not read; export it:\n{RECIPE}"
    )]
    Pickle {
        /// What it was recognised by.
        what: &'static str,
    },
    /// A file that is called as `torch.save` calls files, and holds what cannot be read.
    #[error(
        "{found}; by its name it may be a pickle, which can run any program when it is opened and is not read: if it \
         is one, export it:\n{RECIPE}"
    )]
    PerhapsPickle {
        /// What was found instead of a network.
        found: String,
    },
    /// A file of another format than was asked for.
    #[error("this is {found}, not {wanted}")]
    Format {
        /// What the first bytes say it is.
        found: &'static str,
        /// What was to be read.
        wanted: &'static str,
    },
    /// Bytes that break the rules of protocol buffers, such as a file that ends too early.
    #[error("not a whole ONNX file: {what} at byte {at}")]
    Wire {
        /// What is wrong.
        what: &'static str,
        /// Where, counted from the start of the file.
        at: usize,
    },
    /// A file whose parts do not fit together.
    #[error("{what}")]
    Malformed {
        /// What is wrong, by name.
        what: String,
    },
    /// A file whose header cannot be read as safetensors.
    #[error("not a whole safetensors file: {what}")]
    Safetensors {
        /// What the reader found.
        what: String,
    },
    /// A description of layers that is not valid TOML or names an unknown key.
    #[error("description of layers: {what}")]
    Toml {
        /// What the reader found, with the line.
        what: String,
    },
    /// A layer of a description that does not fit its weights or its neighbours.
    #[error("layer {layer}: {what}")]
    Layer {
        /// Name of the layer.
        layer: String,
        /// What is wrong.
        what: String,
    },
    /// A feature of ONNX as a whole that is not there.
    #[error("{what} is not supported")]
    Unsupported {
        /// The feature, by name.
        what: String,
    },
    /// An operator that is not there.
    #[error("node {node}: operator {operator} (opset {opset}) is not supported")]
    Operator {
        /// Name of the node, or what it computes where it has none.
        node: String,
        /// Operator, with its domain where that is not ONNX's own.
        operator: String,
        /// Version of the operator set of its domain.
        opset: i64,
    },
    /// An operator that is there, asked for something that is not.
    #[error("node {node} ({operator}): {what} is not supported")]
    Refused {
        /// Name of the node, or what it computes where it has none.
        node: String,
        /// Operator.
        operator: String,
        /// What is not there.
        what: String,
    },
    /// A node that runs, but cannot be learned through.
    #[error("node {node} ({operator}): cannot be learned through: {what}")]
    Unlearnable {
        /// Name of the node, or what it computes where it has none.
        node: String,
        /// Operator.
        operator: String,
        /// What has no gradient here.
        what: String,
    },
    /// An operator given something impossible.
    #[error("node {node} ({operator}): {what}")]
    Node {
        /// Name of the node, or what it computes where it has none.
        node: String,
        /// Operator.
        operator: String,
        /// What is wrong.
        what: String,
    },
    /// Something larger than its limit.
    #[error("{what}: {count} are more than the limit of {limit}")]
    Limit {
        /// What was to be made.
        what: String,
        /// How large it would be.
        count: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// Another number of inputs than the network has.
    #[error("{given} inputs for a network of {wanted}")]
    Inputs {
        /// Inputs that were given.
        given: usize,
        /// Inputs of the network.
        wanted: usize,
    },
    /// An input of the wrong type.
    #[error("input {input} holds {given}, the network takes {wanted}")]
    InputType {
        /// Name of the input.
        input: String,
        /// Type that was given.
        given: DataType,
        /// Type that the network declares.
        wanted: DataType,
    },
    /// An input of the wrong shape.
    #[error("input {input} has shape {given:?}, the network takes {wanted}")]
    InputShape {
        /// Name of the input.
        input: String,
        /// Shape that was given.
        given: Vec<usize>,
        /// Shape that the network declares, free dimensions as `?`.
        wanted: String,
    },
    /// Data that does not fill a shape.
    #[error("{values} values do not fill the shape {shape:?}")]
    Shape {
        /// Number of values.
        values: usize,
        /// Dimensions they were to fill.
        shape: Vec<usize>,
    },
    /// Another list of products than the network has.
    #[error("product {index} is {given}, the network needs {wanted}")]
    Products {
        /// Index of the first product that does not fit.
        index: usize,
        /// What was given.
        given: String,
        /// What is needed.
        wanted: String,
    },
}

impl GraphError {
    /// The error of a file of that name: bytes that are no network in a file that is called as `torch.save` calls
    /// them may be a pickle, as those of protocols 0 and 1 cannot be told by their first bytes.
    #[must_use]
    pub fn of_file(self, path: &Path) -> Self {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let is_saved =
            ending.is_some_and(|ending| ["pt", "pth", "pkl", "pickle"].contains(&&*ending));
        match self {
            Self::Wire { .. } | Self::Malformed { .. } | Self::Safetensors { .. } if is_saved => {
                Self::PerhapsPickle { found: self.to_string() }
            }
            _ => self,
        }
    }

    /// Whether it is of a file that is a pickle, or may be one.
    pub fn is_pickle(&self) -> bool {
        matches!(self, Self::Pickle { .. } | Self::PerhapsPickle { .. })
    }

    /// What the user can do, where it is not said already.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Pickle { .. } | Self::PerhapsPickle { .. } => {
                Some("run the two lines with the shape of your input, and give the .onnx file")
            }
            Self::Operator { .. } | Self::Refused { .. } | Self::Unsupported { .. } => Some(
                "export it with other operators, or with constant folding and a newer or older opset",
            ),
            Self::Unlearnable { .. } => Some(
                "fine-tune it where it was trained; the README of cim-graph lists what can be learned through",
            ),
            Self::Toml { .. } | Self::Layer { .. } => {
                Some("correct the list of layers; the README of cim-graph has an example")
            }
            Self::Format { .. } => {
                Some("give an .onnx file, or a .safetensors file with its layers")
            }
            Self::Wire { .. } | Self::Safetensors { .. } | Self::Node { .. } => {
                Some("export the network again with torch.onnx.export")
            }
            _ => None,
        }
    }
}

/// What an operator says; the node's name is put to it by whoever runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OpError {
    /// Something that is not there.
    Unsupported(String),
    /// Something impossible.
    Invalid(String),
    /// Something too large.
    Limit { what: &'static str, count: u64, limit: u64 },
}

impl OpError {
    pub(crate) fn of_node(self, node: &str, operator: &str) -> GraphError {
        let (node, operator) = (node.to_owned(), operator.to_owned());
        match self {
            Self::Unsupported(what) => GraphError::Refused { node, operator, what },
            Self::Invalid(what) => GraphError::Node { node, operator, what },
            Self::Limit { what, count, limit } => GraphError::Limit {
                what: format!("node {node} ({operator}): {what}"),
                count,
                limit,
            },
        }
    }
}

/// An [`OpError::Unsupported`] from a format string.
macro_rules! unsupported {
    ($($text:tt)*) => { $crate::error::OpError::Unsupported(format!($($text)*)) };
}

/// An [`OpError::Invalid`] from a format string.
macro_rules! invalid {
    ($($text:tt)*) => { $crate::error::OpError::Invalid(format!($($text)*)) };
}

pub(crate) use {invalid, unsupported};
