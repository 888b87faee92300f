//! The messages of ONNX that a network is made of, as they stand in the file.
//!
//! Source: `onnx/onnx.proto` of ONNX, field numbers in the comments of each match.

use super::wire::{Message, Value};
use crate::error::GraphError;

#[derive(Debug, Default)]
pub(super) struct ModelMessage<'a> {
    pub graph: Option<GraphMessage<'a>>,
    /// Domain and version.
    pub opsets: Vec<(&'a str, i64)>,
    pub has_functions: bool,
}

#[derive(Debug, Default)]
pub(crate) struct GraphMessage<'a> {
    pub nodes: Vec<NodeMessage<'a>>,
    pub initializers: Vec<TensorMessage<'a>>,
    pub inputs: Vec<PortMessage<'a>>,
    pub outputs: Vec<PortMessage<'a>>,
    pub has_sparse_initializers: bool,
}

#[derive(Debug, Default)]
pub(crate) struct NodeMessage<'a> {
    pub inputs: Vec<&'a str>,
    pub outputs: Vec<&'a str>,
    pub name: &'a str,
    pub operator: &'a str,
    pub domain: &'a str,
    pub attributes: Vec<AttributeMessage<'a>>,
}

#[derive(Debug, Default)]
pub(crate) struct AttributeMessage<'a> {
    pub name: &'a str,
    /// 0 where the file does not say.
    pub kind: i64,
    pub float: Option<f32>,
    pub int: Option<i64>,
    pub text: Option<&'a [u8]>,
    pub tensor: Option<TensorMessage<'a>>,
    pub graph: Option<Box<GraphMessage<'a>>>,
    pub floats: Vec<f32>,
    pub ints: Vec<i64>,
    pub texts: Vec<&'a [u8]>,
    /// A value of a kind that is not read.
    pub other: Option<&'static str>,
}

#[derive(Debug, Default)]
pub(crate) struct TensorMessage<'a> {
    pub name: &'a str,
    pub dims: Vec<i64>,
    pub data_type: i64,
    pub floats: Vec<f32>,
    pub doubles: Vec<f64>,
    /// `int32_data`, `int64_data` or `uint64_data`: one of them, as the type says.
    pub int32s: Vec<i64>,
    pub int64s: Vec<i64>,
    pub uint64s: Vec<i64>,
    pub raw: Option<&'a [u8]>,
    pub is_segment: bool,
    /// File that holds the data instead of this one.
    pub external: Option<&'a str>,
}

/// An input or output: name, type of data and dimensions where they are stated.
#[derive(Debug, Default)]
pub(crate) struct PortMessage<'a> {
    pub name: &'a str,
    pub data_type: Option<i64>,
    pub shape: Option<Vec<Option<i64>>>,
    /// Not a tensor but this.
    pub other: Option<&'static str>,
}

/// Calls `visit` for every field; the message that is passed on is for messages of errors.
fn fields<'a>(
    message: Message<'a>,
    mut visit: impl FnMut(u64, Value<'a>, Message<'a>) -> Result<(), GraphError>,
) -> Result<(), GraphError> {
    let mut rest = message;
    while let Some((number, value)) = rest.next_field()? {
        visit(number, value, message)?;
    }
    Ok(())
}

pub(super) fn model(message: Message<'_>, nesting: usize) -> Result<ModelMessage<'_>, GraphError> {
    let mut model = ModelMessage::default();
    fields(message, |number, value, within| {
        match number {
            7 if model.graph.is_some() => return Err(within.error("a second graph")),
            7 => model.graph = Some(graph(value.message(within)?, nesting)?),
            8 => model.opsets.push(opset(value.message(within)?)?),
            25 => model.has_functions = true,
            _ => {}
        }
        Ok(())
    })?;
    Ok(model)
}

fn opset(message: Message<'_>) -> Result<(&str, i64), GraphError> {
    let (mut domain, mut version) = ("", 0);
    fields(message, |number, value, within| {
        match number {
            1 => domain = value.message(within)?.text()?,
            2 => version = value.int(within)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((domain, version))
}

fn graph(message: Message<'_>, nesting: usize) -> Result<GraphMessage<'_>, GraphError> {
    let Some(nesting) = nesting.checked_sub(1) else {
        return Err(message.error("graphs within graphs beyond the limit"));
    };
    let mut graph = GraphMessage::default();
    fields(message, |number, value, within| {
        match number {
            1 => graph.nodes.push(node(value.message(within)?, nesting)?),
            5 => graph.initializers.push(tensor(value.message(within)?)?),
            11 => graph.inputs.push(port(value.message(within)?)?),
            12 => graph.outputs.push(port(value.message(within)?)?),
            15 => graph.has_sparse_initializers = true,
            _ => {}
        }
        Ok(())
    })?;
    Ok(graph)
}

fn node(message: Message<'_>, nesting: usize) -> Result<NodeMessage<'_>, GraphError> {
    let mut node = NodeMessage::default();
    fields(message, |number, value, within| {
        match number {
            1 => node.inputs.push(value.message(within)?.text()?),
            2 => node.outputs.push(value.message(within)?.text()?),
            3 => node.name = value.message(within)?.text()?,
            4 => node.operator = value.message(within)?.text()?,
            5 => node.attributes.push(attribute(value.message(within)?, nesting)?),
            7 => node.domain = value.message(within)?.text()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(node)
}

fn attribute(message: Message<'_>, nesting: usize) -> Result<AttributeMessage<'_>, GraphError> {
    let mut attribute = AttributeMessage::default();
    fields(message, |number, value, within| {
        match number {
            1 => attribute.name = value.message(within)?.text()?,
            2 => attribute.float = Some(value.float(within)?),
            3 => attribute.int = Some(value.int(within)?),
            4 => attribute.text = Some(value.message(within)?.bytes()),
            5 => attribute.tensor = Some(tensor(value.message(within)?)?),
            6 => attribute.graph = Some(Box::new(graph(value.message(within)?, nesting)?)),
            7 => value.floats(within, &mut attribute.floats)?,
            8 => value.ints(within, &mut attribute.ints)?,
            9 => attribute.texts.push(value.message(within)?.bytes()),
            10 => attribute.other = Some("a list of tensors"),
            11 => attribute.other = Some("a list of graphs"),
            14 | 15 => attribute.other = Some("a type"),
            20 => attribute.kind = value.int(within)?,
            21 => attribute.other = Some("a reference to an attribute of a function"),
            22 | 23 => attribute.other = Some("a sparse tensor"),
            _ => {}
        }
        Ok(())
    })?;
    Ok(attribute)
}

fn tensor(message: Message<'_>) -> Result<TensorMessage<'_>, GraphError> {
    let mut tensor = TensorMessage::default();
    let mut is_external = false;
    fields(message, |number, value, within| {
        match number {
            1 => value.ints(within, &mut tensor.dims)?,
            2 => tensor.data_type = value.int(within)?,
            3 => tensor.is_segment = true,
            4 => value.floats(within, &mut tensor.floats)?,
            5 => value.ints(within, &mut tensor.int32s)?,
            7 => value.ints(within, &mut tensor.int64s)?,
            8 => tensor.name = value.message(within)?.text()?,
            9 => tensor.raw = Some(value.message(within)?.bytes()),
            10 => value.doubles(within, &mut tensor.doubles)?,
            11 => value.ints(within, &mut tensor.uint64s)?,
            13 => {
                if let ("location", place) = entry(value.message(within)?)? {
                    tensor.external = Some(place);
                }
            }
            14 => is_external = value.int(within)? == 1,
            _ => {}
        }
        Ok(())
    })?;
    if is_external && tensor.external.is_none() {
        tensor.external = Some("an unnamed file");
    }
    Ok(tensor)
}

/// A tensor that is a file of its own, such as the inputs and outputs of ONNX's tests.
pub(super) fn tensor_file(bytes: &[u8]) -> Result<TensorMessage<'_>, GraphError> {
    tensor(Message::new(bytes))
}

fn entry(message: Message<'_>) -> Result<(&str, &str), GraphError> {
    let (mut key, mut text) = ("", "");
    fields(message, |number, value, within| {
        match number {
            1 => key = value.message(within)?.text()?,
            2 => text = value.message(within)?.text()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((key, text))
}

fn port(message: Message<'_>) -> Result<PortMessage<'_>, GraphError> {
    let mut port = PortMessage::default();
    fields(message, |number, value, within| {
        match number {
            1 => port.name = value.message(within)?.text()?,
            2 => value_type(value.message(within)?, &mut port)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(port)
}

fn value_type<'a>(message: Message<'a>, port: &mut PortMessage<'a>) -> Result<(), GraphError> {
    fields(message, |number, value, within| {
        match number {
            1 => tensor_type(value.message(within)?, port)?,
            4 => port.other = Some("a sequence"),
            5 => port.other = Some("a map"),
            7 => port.other = Some("an opaque value"),
            8 => port.other = Some("a sparse tensor"),
            9 => port.other = Some("an optional value"),
            _ => {}
        }
        Ok(())
    })
}

fn tensor_type<'a>(message: Message<'a>, port: &mut PortMessage<'a>) -> Result<(), GraphError> {
    fields(message, |number, value, within| {
        match number {
            1 => port.data_type = Some(value.int(within)?),
            2 => {
                let mut dims = Vec::new();
                fields(value.message(within)?, |number, value, within| {
                    if number == 1 {
                        dims.push(dimension(value.message(within)?)?);
                    }
                    Ok(())
                })?;
                port.shape = Some(dims);
            }
            _ => {}
        }
        Ok(())
    })
}

fn dimension(message: Message<'_>) -> Result<Option<i64>, GraphError> {
    let mut dim = None;
    fields(message, |number, value, within| {
        if number == 1 {
            dim = Some(value.int(within)?);
        }
        Ok(())
    })?;
    Ok(dim)
}
