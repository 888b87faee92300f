//! Small ONNX files made by another crate's writer.

use std::cell::RefCell;

use rten_onnx::onnx::{
    AttributeProto, AttributeType, DataType, Dimension, GraphProto, ModelProto, NodeProto,
    OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto, TypeProtoTensor, ValueInfoProto,
};

/// A model with operators of this version.
pub fn model(opset: i64, graph: GraphProto) -> Vec<u8> {
    let opset = OperatorSetIdProto { domain: Some(String::new()), version: Some(opset) };
    let model = ModelProto {
        ir_version: Some(8),
        graph: Some(graph),
        opset_import: vec![opset],
        ..ModelProto::default()
    };
    model.write_buf().expect("a model that can be written")
}

pub fn graph(
    nodes: Vec<NodeProto>,
    inputs: Vec<ValueInfoProto>,
    outputs: &[&str],
    weights: Vec<TensorProto>,
) -> GraphProto {
    let output = |name: &&str| ValueInfoProto { name: Some((*name).to_owned()), r#type: None };
    GraphProto {
        node: nodes,
        input: inputs,
        output: outputs.iter().map(output).collect(),
        initializer: weights,
        ..GraphProto::default()
    }
}

/// An input; dimensions of 0 are free.
pub fn input(name: &str, data_type: DataType, dims: &[i64]) -> ValueInfoProto {
    let dim =
        |&dim: &i64| Dimension { dim_value: (dim > 0).then_some(dim), ..Dimension::default() };
    let shape = TensorShapeProto { dim: dims.iter().map(dim).collect() };
    let tensor_type = TypeProtoTensor { elem_type: Some(data_type), shape: Some(shape) };
    let r#type = TypeProto { tensor_type: Some(tensor_type), ..TypeProto::default() };
    ValueInfoProto { name: Some(name.to_owned()), r#type: Some(r#type) }
}

/// A node whose name is its operator and first output.
pub fn node(
    operator: &str,
    inputs: &[&str],
    output: &str,
    attributes: Vec<AttributeProto>,
) -> NodeProto {
    NodeProto {
        name: Some(format!("{operator} {output}")),
        op_type: Some(operator.to_owned()),
        input: inputs.iter().map(|&input| input.to_owned()).collect(),
        output: vec![output.to_owned()],
        attribute: attributes,
        ..NodeProto::default()
    }
}

pub fn int(name: &str, value: i64) -> AttributeProto {
    let (name, r#type) = (Some(name.to_owned()), Some(AttributeType::INT));
    AttributeProto { name, i: Some(value), r#type, ..AttributeProto::default() }
}

pub fn branch(name: &str, graph: GraphProto) -> AttributeProto {
    let (name, r#type) = (Some(name.to_owned()), Some(AttributeType::GRAPH));
    AttributeProto { name, g: Some(graph), r#type, ..AttributeProto::default() }
}

pub fn floats(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    TensorProto {
        name: Some(name.to_owned()),
        dims: dims.to_vec(),
        data_type: Some(DataType::FLOAT),
        raw_data: Some(RefCell::new(bytes)),
        ..TensorProto::default()
    }
}

pub fn integers(name: &str, values: &[i64]) -> TensorProto {
    TensorProto {
        name: Some(name.to_owned()),
        dims: vec![values.len() as i64],
        data_type: Some(DataType::INT64),
        int64_data: values.to_vec(),
        ..TensorProto::default()
    }
}
