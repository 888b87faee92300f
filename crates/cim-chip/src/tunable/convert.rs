//! From layers of a foreign network to operations with gradients.

use cim_graph::learnable::{Layer, Parameters, Sliding, Step};
use cim_graph::{GraphError, Learnable};
use cim_nn::operations::average_pool::AveragePoolSpec;
use cim_nn::operations::batch_norm::{BatchNormSpec, EPSILON};
use cim_nn::operations::conv::{Conv1dSpec, Conv2dSpec};
use cim_nn::operations::flatten::FlattenSpec;
use cim_nn::operations::global_pool::GlobalPoolSpec;
use cim_nn::operations::hard_sigmoid::HardSigmoidSpec;
use cim_nn::operations::hard_tanh::HardTanhSpec;
use cim_nn::operations::linear::LinearSpec;
use cim_nn::operations::max_pool::MaxPoolSpec;
use cim_nn::operations::relu::ReluSpec;
use cim_nn::operations::residual::ResidualSpec;
use cim_nn::operations::sigmoid::SigmoidSpec;
use cim_nn::operations::strided_identity::StridedIdentitySpec;
use cim_nn::operations::tanh::TanhSpec;
use cim_nn::operations::window::Sides;
use cim_nn::{NetworkError, OperationSpec};
use ndarray::{Array1, Array2};

/// Operations in the order of their products, and whose parameters they have.
pub(super) struct Converted<'a> {
    layers: &'a Learnable,
    /// Parameters and groups of every operation with weights, in the order of products.
    pub weighted: Vec<(usize, usize)>,
    /// Norms in the order of batch norms.
    pub norms: Vec<usize>,
}

impl<'a> Converted<'a> {
    /// Operations for samples of so many channels.
    ///
    /// # Errors
    /// [`GraphError::Unlearnable`] for numbers that no operation has.
    pub(super) fn of(
        layers: &'a Learnable,
        channels: usize,
    ) -> Result<(Vec<OperationSpec>, Self), GraphError> {
        let mut converted = Self { layers, weighted: Vec::new(), norms: Vec::new() };
        let (operations, _) = converted.list(layers.steps(), channels)?;
        Ok((operations, converted))
    }

    fn list(
        &mut self,
        steps: &[Step],
        mut channels: usize,
    ) -> Result<(Vec<OperationSpec>, usize), GraphError> {
        let mut operations = Vec::with_capacity(steps.len());
        for step in steps {
            let (operation, behind) = self.operation(step, channels)?;
            operations.push(operation);
            channels = behind;
        }
        Ok((operations, channels))
    }

    /// The operation, and the channels behind it.
    fn operation(
        &mut self,
        step: &Step,
        channels: usize,
    ) -> Result<(OperationSpec, usize), GraphError> {
        let same = |operation| Ok((operation, channels));
        match &step.layer {
            Layer::Linear { parameters } => {
                let features = self.outputs(*parameters);
                self.weighted.push((*parameters, 1));
                Ok((OperationSpec::Linear(LinearSpec { features }), features))
            }
            Layer::Conv { parameters, sliding, groups } => {
                let outputs = self.outputs(*parameters);
                self.weighted.push((*parameters, *groups));
                Ok((convolution(outputs, sliding, *groups), outputs))
            }
            Layer::BatchNorm { norm } => {
                let epsilon = self.layers.norms()[*norm].epsilon;
                if epsilon != EPSILON as f32 {
                    let what = format!("epsilon of {epsilon}, only {EPSILON}");
                    return Err(unlearnable(step, what));
                }
                self.norms.push(*norm);
                same(OperationSpec::BatchNorm(BatchNormSpec {}))
            }
            Layer::MaxPool(sliding) => {
                let [kernel, stride, padding] = sides(sliding);
                same(OperationSpec::MaxPool(MaxPoolSpec { kernel, stride, padding }))
            }
            Layer::AveragePool(sliding) => {
                let [kernel, stride, padding] = sides(sliding);
                same(OperationSpec::AveragePool(AveragePoolSpec { kernel, stride, padding }))
            }
            Layer::GlobalPool => same(OperationSpec::GlobalPool(GlobalPoolSpec {})),
            Layer::Relu => same(OperationSpec::Relu(ReluSpec {})),
            Layer::Sigmoid => same(OperationSpec::Sigmoid(SigmoidSpec {})),
            Layer::Tanh => same(OperationSpec::Tanh(TanhSpec {})),
            Layer::HardTanh => same(OperationSpec::HardTanh(HardTanhSpec {})),
            Layer::HardSigmoid => same(OperationSpec::HardSigmoid(HardSigmoidSpec {})),
            Layer::Flatten => same(OperationSpec::Flatten(FlattenSpec {})),
            Layer::Shortcut { stride, before, behind } => {
                let all = channels.saturating_add(*before).saturating_add(*behind);
                let spec = StridedIdentitySpec { channels: all, before: *before, stride: *stride };
                Ok((OperationSpec::StridedIdentity(spec), all))
            }
            Layer::Residual { body, shortcut } => {
                let (body, behind) = self.list(body, channels)?;
                let (shortcut, _) = self.list(shortcut, channels)?;
                Ok((OperationSpec::Residual(ResidualSpec { body, shortcut }), behind))
            }
        }
    }

    fn outputs(&self, parameters: usize) -> usize {
        self.layers.parameters()[parameters].bias.len()
    }
}

fn unlearnable(step: &Step, what: String) -> GraphError {
    GraphError::Unlearnable { node: step.node.clone(), operator: step.operator.clone(), what }
}

fn convolution(channels: usize, sliding: &Sliding, groups: usize) -> OperationSpec {
    if let (&[kernel], &[stride], &[padding]) =
        (&sliding.kernel[..], &sliding.stride[..], &sliding.padding[..])
    {
        return OperationSpec::Conv1d(Conv1dSpec { channels, kernel, stride, padding, groups });
    }
    let [kernel, stride, padding] = sides(sliding);
    OperationSpec::Conv2d(Conv2dSpec { channels, kernel, stride, padding, groups })
}

/// Kernel, stride and padding: of height and width, or along time.
fn sides(sliding: &Sliding) -> [Sides; 3] {
    [&sliding.kernel, &sliding.stride, &sliding.padding].map(|numbers| match numbers[..] {
        [height, width] => Sides::Each(height, width),
        _ => Sides::Both(numbers.first().copied().unwrap_or_default()),
    })
}

/// What an operation of `steps` refuses, with the node that it stands for.
pub(super) fn named(steps: &[Step], error: NetworkError) -> crate::error::ChipError {
    let NetworkError::Operation { place, problem, .. } = &error else { return error.into() };
    match step_at(steps, place) {
        Some(step) => unlearnable(step, problem.to_string()).into(),
        None => error.into(),
    }
}

/// The step at a place such as `4.body.0`.
fn step_at<'a>(mut steps: &'a [Step], place: &str) -> Option<&'a Step> {
    let mut found: Option<&'a Step> = None;
    for part in place.split('.') {
        match (part, found) {
            ("body", Some(Step { layer: Layer::Residual { body, .. }, .. })) => steps = body,
            ("shortcut", Some(Step { layer: Layer::Residual { shortcut, .. }, .. })) => {
                steps = shortcut;
            }
            (idx, _) => found = Some(steps.get(idx.parse::<usize>().ok()?)?),
        }
    }
    found
}

/// Weights (inputs × outputs) and biases of every group.
pub(super) fn layers_of(own: &Parameters, groups: usize) -> Vec<cim_nn::Layer> {
    let outputs = own.bias.len() / groups;
    let inputs = own.weight.len() / own.bias.len().max(1);
    let of_group = |group: usize| cim_nn::Layer {
        weights: Array2::from_shape_fn((inputs, outputs), |(input, output)| {
            own.weight[(group * outputs + output) * inputs + input]
        }),
        bias: Array1::from_iter(own.bias[group * outputs..][..outputs].iter().copied()),
    };
    (0..groups).map(of_group).collect()
}

/// Parameters with the weights and biases of `layers`, one a group.
pub(super) fn parameters_of(own: &Parameters, layers: &[cim_nn::Layer]) -> Parameters {
    let mut learned = own.clone();
    learned.weight.clear();
    learned.bias.clear();
    for layer in layers {
        for column in layer.weights.columns() {
            learned.weight.extend(column);
        }
        learned.bias.extend(&layer.bias);
    }
    learned
}
