//! Messages to a model: every kind of value is taken over or refused by name.

use super::initializer::{data_type, tensor_of_message};
use super::messages::{AttributeMessage, GraphMessage, NodeMessage, PortMessage, model};
use super::wire::Message;
use crate::error::GraphError;
use crate::limits::Limits;
use crate::model::{Attribute, Graph, Model, Node, Port};
use crate::tensor::Tensor;

/// Versions of ONNX's operator set that are read.
const OPSETS: std::ops::RangeInclusive<i64> = 1..=22;

/// Reads a model.
///
/// # Errors
/// [`GraphError`] for bytes that are not a whole ONNX file, and features that are not there.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Model, GraphError> {
    let message = model(Message::new(bytes), limits.nesting)?;
    if message.has_functions {
        return Err(GraphError::Unsupported { what: "a model with functions of its own".into() });
    }
    let Some(graph) = message.graph else {
        return Err(GraphError::Malformed { what: "an ONNX file without a graph".into() });
    };
    let mut versions = message.opsets.iter().filter(|(domain, _)| is_onnx_domain(domain));
    // Files of operators of other domains alone need not import ONNX's own.
    let opset = versions.next().map_or(1, |(_, version)| *version);
    if !OPSETS.contains(&opset) {
        return Err(GraphError::Unsupported { what: format!("operator set {opset}") });
    }
    Ok(Model { opset, graph: graph_of(&graph, limits, false)?, folds: Vec::new() })
}

/// Reads a tensor that is a file of its own.
pub(crate) fn read_tensor(bytes: &[u8], limits: &Limits) -> Result<Tensor, GraphError> {
    tensor_of_message(&super::messages::tensor_file(bytes)?, limits)
}

pub(crate) fn is_onnx_domain(domain: &str) -> bool {
    domain.is_empty() || domain == "ai.onnx"
}

fn graph_of(
    message: &GraphMessage<'_>,
    limits: &Limits,
    is_nested: bool,
) -> Result<Graph, GraphError> {
    if message.has_sparse_initializers {
        return Err(GraphError::Unsupported { what: "a sparse initializer".into() });
    }
    let mut constants = Vec::with_capacity(message.initializers.len());
    for initializer in &message.initializers {
        constants.push((initializer.name.to_owned(), tensor_of_message(initializer, limits)?));
    }
    let nodes = message.nodes.iter().map(|node| node_of(node, limits)).collect::<Result<_, _>>()?;
    // Old files list constants among the inputs, too.
    let names: std::collections::BTreeSet<&str> =
        message.initializers.iter().map(|initializer| initializer.name).collect();
    let free = message.inputs.iter().filter(|input| !names.contains(input.name));
    let inputs = free.map(|input| port_of(input, limits)).collect::<Result<_, _>>()?;
    if !is_nested {
        for output in &message.outputs {
            refuse_other_types(output)?;
        }
    }
    let outputs = message.outputs.iter().map(|output| output.name.to_owned()).collect();
    Ok(Graph { nodes, constants, inputs, outputs })
}

fn refuse_other_types(port: &PortMessage<'_>) -> Result<(), GraphError> {
    let Some(other) = port.other else { return Ok(()) };
    Err(GraphError::Unsupported { what: format!("value {}: {other}", port.name) })
}

fn port_of(port: &PortMessage<'_>, limits: &Limits) -> Result<Port, GraphError> {
    refuse_other_types(port)?;
    let of_port =
        |what: String| GraphError::Unsupported { what: format!("input {}: {what}", port.name) };
    let data_type = data_type(port.data_type.unwrap_or(0)).map_err(of_port)?;
    let known = |&dim: &Option<i64>| {
        let dim = dim.and_then(|dim| usize::try_from(dim).ok());
        dim.filter(|&dim| dim as u64 <= limits.elements)
    };
    let shape = port.shape.as_ref().map(|dims| dims.iter().map(known).collect());
    Ok(Port { name: port.name.to_owned(), data_type, shape })
}

fn node_of(message: &NodeMessage<'_>, limits: &Limits) -> Result<Node, GraphError> {
    let name = match (message.name, message.outputs.first()) {
        ("", Some(output)) => format!("of {output}"),
        (name, _) => name.to_owned(),
    };
    let mut attributes = Vec::with_capacity(message.attributes.len());
    for attribute in &message.attributes {
        attributes.push((attribute.name.to_owned(), attribute_of(attribute, limits)?));
    }
    Ok(Node {
        name,
        operator: message.operator.to_owned(),
        domain: if is_onnx_domain(message.domain) { "" } else { message.domain }.to_owned(),
        inputs: message.inputs.iter().map(|&name| name.to_owned()).collect(),
        outputs: message.outputs.iter().map(|&name| name.to_owned()).collect(),
        attributes,
    })
}

fn attribute_of(message: &AttributeMessage<'_>, limits: &Limits) -> Result<Attribute, GraphError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if let Some(other) = message.other {
        return Ok(Attribute::Other(other.to_owned()));
    }
    // Files older than the field of the kind say it by the value that is there.
    let kind = match message.kind {
        0 if message.float.is_some() => 1,
        0 if message.int.is_some() => 2,
        0 if message.text.is_some() => 3,
        0 if message.tensor.is_some() => 4,
        0 if message.graph.is_some() => 5,
        0 if !message.floats.is_empty() => 6,
        0 if !message.ints.is_empty() => 7,
        0 if !message.texts.is_empty() => 8,
        kind => kind,
    };
    let missing = || GraphError::Malformed {
        what: format!("attribute {} without the value that its kind promises", message.name),
    };
    Ok(match kind {
        // The default of a field is not written by every tool.
        1 => Attribute::Float(message.float.unwrap_or(0.0)),
        2 => Attribute::Int(message.int.unwrap_or(0)),
        3 => Attribute::Text(text(message.text.unwrap_or_default())),
        4 => {
            let tensor = message.tensor.as_ref().ok_or_else(missing)?;
            match tensor_of_message(tensor, limits) {
                Ok(tensor) => Attribute::Tensor(tensor),
                Err(GraphError::Unsupported { what }) => Attribute::Other(what),
                Err(other) => return Err(other),
            }
        }
        5 => {
            let graph = message.graph.as_deref().ok_or_else(missing)?;
            match graph_of(graph, limits, true) {
                Ok(graph) => Attribute::Graph(graph),
                Err(GraphError::Unsupported { what }) => Attribute::Other(what),
                Err(other) => return Err(other),
            }
        }
        6 => Attribute::Floats(message.floats.clone()),
        7 => Attribute::Ints(message.ints.clone()),
        8 => Attribute::Texts(message.texts.iter().map(|bytes| text(bytes)).collect()),
        other => Attribute::Other(format!("a value of kind {other}")),
    })
}
