//! Layers as nodes of a model, on which ONNX's operators are built.

use super::norm;
use super::spec::{Activation, Kind, LayerSpec, NetworkSpec};
use super::weights::Weights;
use crate::data_type::DataType;
use crate::error::GraphError;
use crate::limits::Limits;
use crate::model::{Attribute, Fold, Graph, Model, Node, Port};
use crate::tensor::Tensor;

/// Version of ONNX's operators that layers are built on.
const OPSET: i64 = 20;

/// Name of the input and output.
const INPUT: &str = "input";
const OUTPUT: &str = "output";

/// Reads weights and a description.
pub(crate) fn read(bytes: &[u8], description: &str, limits: &Limits) -> Result<Model, GraphError> {
    let spec = NetworkSpec::parse(description)?;
    let weights = Weights::read(bytes, limits)?;
    let mut builder = Builder { graph: Graph::default(), weights, folds: Vec::new() };
    let shape = std::iter::once(None).chain(spec.input.iter().map(|&dim| Some(dim))).collect();
    let port = Port { name: INPUT.to_owned(), data_type: DataType::F32, shape: Some(shape) };
    builder.graph.inputs.push(port);
    let mut previous = INPUT.to_owned();
    for layer in &spec.layer {
        previous = builder.layer(layer, &previous)?;
    }
    builder.node(OUTPUT, "Identity", &[&previous], OUTPUT, Vec::new());
    builder.graph.outputs.push(OUTPUT.to_owned());
    builder.weights.finish(&spec.unused)?;
    Ok(Model { opset: OPSET, graph: builder.graph, folds: builder.folds })
}

struct Builder {
    graph: Graph,
    weights: Weights,
    folds: Vec<Fold>,
}

type Attributes = Vec<(String, Attribute)>;

fn ints(name: &str, values: &[usize]) -> (String, Attribute) {
    (name.to_owned(), Attribute::Ints(values.iter().map(|&v| v as i64).collect()))
}

impl Builder {
    fn node(
        &mut self,
        name: &str,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: Attributes,
    ) {
        self.graph.nodes.push(Node {
            name: name.to_owned(),
            operator: operator.to_owned(),
            domain: String::new(),
            inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
            outputs: vec![output.to_owned()],
            attributes,
        });
    }

    fn constant(&mut self, name: String, tensor: Tensor) -> String {
        self.graph.constants.push((name.clone(), tensor));
        name
    }

    /// Appends a layer and returns the name of what it computes.
    fn layer(&mut self, layer: &LayerSpec, previous: &str) -> Result<String, GraphError> {
        let from = layer.from.as_deref().unwrap_or(previous);
        let name = &layer.name;
        let core = format!("{name}:core");
        match layer.kind {
            Kind::Linear => self.linear(layer, from, &core)?,
            Kind::Conv => self.conv(layer, from, &core)?,
            Kind::LayerNorm => self.layer_norm(layer, from, &core)?,
            Kind::MaxPool | Kind::AveragePool => self.pool(layer, from, &core)?,
            Kind::GlobalAveragePool => {
                self.node(name, "GlobalAveragePool", &[from], &core, Vec::new());
            }
            Kind::Flatten => self.node(name, "Flatten", &[from], &core, Vec::new()),
            Kind::Shortcut => self.shortcut(layer, from, &core),
            Kind::Identity => self.node(name, "Identity", &[from], &core, Vec::new()),
        }
        let mut last = core;
        if let Some(other) = &layer.add {
            let sum = format!("{name}:sum");
            self.node(&sum, "Add", &[&last, other], &sum, Vec::new());
            last = sum;
        }
        self.activation(layer, &last);
        Ok(name.clone())
    }

    /// From `from` to the layer's own name.
    fn activation(&mut self, layer: &LayerSpec, from: &str) {
        let name = &layer.name;
        let activated = format!("{name}:activation");
        let text = |name: &str, value: &str| (name.to_owned(), Attribute::Text(value.to_owned()));
        let (operator, attributes) = match layer.activation {
            None => ("Identity", Vec::new()),
            Some(Activation::Relu) => ("Relu", Vec::new()),
            Some(Activation::LeakyRelu) => ("LeakyRelu", Vec::new()),
            Some(Activation::Gelu) => ("Gelu", Vec::new()),
            Some(Activation::GeluTanh) => ("Gelu", vec![text("approximate", "tanh")]),
            Some(Activation::Sigmoid) => ("Sigmoid", Vec::new()),
            Some(Activation::Tanh) => ("Tanh", Vec::new()),
            Some(Activation::Softmax) => ("Softmax", Vec::new()),
            Some(Activation::LogSoftmax) => ("LogSoftmax", Vec::new()),
            Some(Activation::Silu) => {
                let gate = format!("{name}:gate");
                self.node(&gate, "Sigmoid", &[from], &gate, Vec::new());
                self.node(&activated, "Mul", &[from, &gate], name, Vec::new());
                return;
            }
        };
        self.node(&activated, operator, &[from], name, attributes);
    }

    /// Weight and bias of a layer, normalised where it says so.
    fn weight_and_bias(&mut self, layer: &LayerSpec) -> Result<(Tensor, Vec<f32>), GraphError> {
        let weight_name = format!("{}.weight", layer.name);
        let weight = self.weights.take(&weight_name);
        let mut weight = weight.ok_or_else(|| layer.error(format!("no tensor {weight_name}")))?;
        let Some(&outputs) = weight.shape().first() else {
            return Err(layer.error(format!("tensor {weight_name} is a single number")));
        };
        let bias = self.weights.take(&format!("{}.bias", layer.name));
        let mut bias = match bias.as_ref().and_then(Tensor::as_f32) {
            None => vec![0.0; outputs],
            Some(bias) if bias.len() == outputs => bias.to_vec(),
            Some(bias) => {
                return Err(layer.error(format!("{} biases for {outputs} outputs", bias.len())));
            }
        };
        if let Some(norm) = &layer.norm {
            let mut values = weight.as_f32().unwrap_or_default().to_vec();
            let epsilon = layer.epsilon.unwrap_or(norm::EPSILON);
            norm::fold(layer, norm, epsilon, &mut self.weights, &mut values, &mut bias)?;
            let (layer, norm) = (layer.name.clone(), norm.clone());
            self.folds.push(Fold { layer, norm, epsilon });
            weight = Tensor::of(weight.shape().to_vec(), values);
        }
        Ok((weight, bias))
    }

    fn linear(&mut self, layer: &LayerSpec, from: &str, to: &str) -> Result<(), GraphError> {
        let (weight, bias) = self.weight_and_bias(layer)?;
        let &[_outputs, _inputs] = weight.shape() else {
            return Err(layer.error(format!("a weight of shape {:?}", weight.shape())));
        };
        let name = &layer.name;
        let weight = crate::strided::permuted(&weight, &[1, 0]);
        let weight = self.constant(format!("{name}.weight"), weight);
        let bias = self.constant(format!("{name}.bias"), Tensor::of(vec![bias.len()], bias));
        // A product of the last dimension, whatever stands before it.
        let product = format!("{name}:product");
        self.node(name, "MatMul", &[from, &weight], &product, Vec::new());
        self.node(&format!("{name}:bias"), "Add", &[&product, &bias], to, Vec::new());
        Ok(())
    }

    fn conv(&mut self, layer: &LayerSpec, from: &str, to: &str) -> Result<(), GraphError> {
        let (weight, bias) = self.weight_and_bias(layer)?;
        let Some(rank @ 1..) = weight.rank().checked_sub(2) else {
            return Err(layer.error(format!("a weight of shape {:?}", weight.shape())));
        };
        let name = &layer.name;
        let weight = self.constant(format!("{name}.weight"), weight);
        let bias = self.constant(format!("{name}.bias"), Tensor::of(vec![bias.len()], bias));
        let attributes = vec![
            ints("strides", &vec![layer.stride.unwrap_or(1); rank]),
            ints("pads", &vec![layer.padding.unwrap_or(0); 2 * rank]),
            ints("dilations", &vec![layer.dilation.unwrap_or(1); rank]),
            ("group".to_owned(), Attribute::Int(layer.groups.unwrap_or(1) as i64)),
        ];
        self.node(name, "Conv", &[from, &weight, &bias], to, attributes);
        Ok(())
    }

    fn layer_norm(&mut self, layer: &LayerSpec, from: &str, to: &str) -> Result<(), GraphError> {
        let name = &layer.name;
        let (weight, bias) = self.weight_and_bias(layer)?;
        if weight.rank() != 1 {
            return Err(layer.error(format!("a weight of shape {:?}", weight.shape())));
        }
        let weight = self.constant(format!("{name}.weight"), weight);
        let bias = self.constant(format!("{name}.bias"), Tensor::of(vec![bias.len()], bias));
        let epsilon = Attribute::Float(layer.epsilon.unwrap_or(1e-5));
        let attributes = vec![("epsilon".to_owned(), epsilon)];
        self.node(name, "LayerNormalization", &[from, &weight, &bias], to, attributes);
        Ok(())
    }

    fn pool(&mut self, layer: &LayerSpec, from: &str, to: &str) -> Result<(), GraphError> {
        let size = layer.size.ok_or_else(|| layer.error("no size"))?;
        let mut attributes = vec![
            ints("kernel_shape", &[size; 2]),
            ints("strides", &[layer.stride.unwrap_or(size); 2]),
            ints("pads", &[layer.padding.unwrap_or(0); 4]),
        ];
        let operator = if layer.kind == Kind::MaxPool {
            "MaxPool"
        } else {
            attributes.push(("count_include_pad".to_owned(), Attribute::Int(1)));
            "AveragePool"
        };
        self.node(&layer.name, operator, &[from], to, attributes);
        Ok(())
    }

    fn shortcut(&mut self, layer: &LayerSpec, from: &str, to: &str) {
        let name = &layer.name;
        let list = |values: Vec<i64>| Tensor::of(vec![values.len()], values);
        let stride = layer.stride.unwrap_or(1) as i64;
        let starts = self.constant(format!("{name}:starts"), list(vec![0, 0]));
        let ends = self.constant(format!("{name}:ends"), list(vec![i64::MAX, i64::MAX]));
        let axes = self.constant(format!("{name}:axes"), list(vec![2, 3]));
        let steps = self.constant(format!("{name}:steps"), list(vec![stride, stride]));
        let sparse = format!("{name}:sparse");
        self.node(name, "Slice", &[from, &starts, &ends, &axes, &steps], &sparse, Vec::new());
        let [front, back] = layer.channels.unwrap_or([0, 0]).map(|count| count as i64);
        let pads = list(vec![0, front, 0, 0, 0, back, 0, 0]);
        let pads = self.constant(format!("{name}:pads"), pads);
        self.node(&format!("{name}:pad"), "Pad", &[&sparse, &pads], to, Vec::new());
    }
}
