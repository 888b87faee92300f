//! What operators mean for learning: what has no meaning here is refused.

use super::constants::Constant;
use super::layer::{Layer, Norm, Parameters};
use super::reader::{Given, Meaning, Reader};
use super::values::Made;
use super::window::sliding;
use super::written::{NormPlace, Place};
use crate::error::{OpError, invalid, unsupported};

/// What a node means.
pub(super) fn meaning(reader: &mut Reader, mut given: Given<'_>) -> Result<Meaning, OpError> {
    let meaning = match given.operator {
        "Constant" => {
            let tensor = given.attributes.tensor("value")?;
            let tensor = tensor.ok_or_else(|| unsupported!("a constant that is no tensor"))?;
            Meaning::Constant(Constant::of(tensor))
        }
        "Identity" => match given.optional(reader, 0) {
            Ok(Some(constant)) => Meaning::Constant(constant.clone()),
            _ => Meaning::Same(given.value(reader, 0)?),
        },
        "Transpose" => {
            let order = given.attributes.ints("perm")?.unwrap_or_else(|| vec![1, 0]);
            match (&order[..], given.optional(reader, 0)) {
                ([1, 0], Ok(Some(constant))) => Meaning::Constant(constant.transposed()?),
                _ => return Err(unsupported!("this operator")),
            }
        }
        "Dropout" => dropout(reader, &mut given)?,
        "Gemm" => gemm(reader, &mut given)?,
        "MatMul" => linear(reader, &given, true, None)?,
        "Add" => add(reader, &given)?,
        "Conv" => conv(reader, &mut given)?,
        "BatchNormalization" => batch_norm(reader, &mut given)?,
        "MaxPool" | "AveragePool" => pool(reader, &mut given)?,
        "Relu" => each(reader, &given, Layer::Relu)?,
        "Sigmoid" => each(reader, &given, Layer::Sigmoid)?,
        "Tanh" => each(reader, &given, Layer::Tanh)?,
        "HardSigmoid" => hard_sigmoid(reader, &mut given)?,
        "Clip" => clip(reader, &mut given)?,
        "GlobalAveragePool" => each(reader, &given, Layer::GlobalPool)?,
        "ReduceMean" => reduce_mean(reader, &mut given)?,
        "Flatten" => match given.attributes.int_or("axis", 1)? {
            1 => flatten(reader, &given)?,
            axis => return Err(unsupported!("axis {axis}")),
        },
        "Reshape" => reshape(reader, &mut given)?,
        "Squeeze" => squeeze(reader, &mut given)?,
        "Slice" => slice(reader, &given)?,
        "Pad" => pad(reader, &mut given)?,
        "Softmax" | "LogSoftmax" => softmax(reader, &mut given)?,
        _ => return Err(unsupported!("this operator")),
    };
    given.attributes.finish()?;
    Ok(meaning)
}

/// A layer that leaves dimensions as they are.
fn each(reader: &Reader, given: &Given<'_>, layer: Layer) -> Result<Meaning, OpError> {
    let from = given.value(reader, 0)?;
    Ok(Meaning::Layer(layer, from, reader.values.get(from).rank))
}

fn flatten(reader: &Reader, given: &Given<'_>) -> Result<Meaning, OpError> {
    Ok(Meaning::Layer(Layer::Flatten, given.value(reader, 0)?, 2))
}

fn dropout(reader: &Reader, given: &mut Given<'_>) -> Result<Meaning, OpError> {
    given.attributes.ignore("ratio");
    given.attributes.ignore("seed");
    if given.inputs.get(2).is_some_and(|name| !name.is_empty()) {
        return Err(unsupported!("a mode of training"));
    }
    Ok(Meaning::Same(given.value(reader, 0)?))
}

fn gemm(reader: &mut Reader, given: &mut Given<'_>) -> Result<Meaning, OpError> {
    let (alpha, beta) =
        (given.attributes.float_or("alpha", 1.0)?, given.attributes.float_or("beta", 1.0)?);
    if (alpha, beta) != (1.0, 1.0) || given.attributes.flag("transA", false)? {
        return Err(unsupported!("a factor or a transposed input"));
    }
    let by_inputs = !given.attributes.flag("transB", false)?;
    let bias = given.inputs.get(2).filter(|name| !name.is_empty()).cloned();
    linear(reader, given, by_inputs, bias)
}

/// A product with weights of inputs × outputs, or of outputs × inputs.
fn linear(
    reader: &mut Reader,
    given: &Given<'_>,
    by_inputs: bool,
    bias: Option<String>,
) -> Result<Meaning, OpError> {
    let from = given.value(reader, 0)?;
    let rank = reader.values.get(from).rank;
    if rank != 2 {
        return Err(unsupported!("a product with {rank} dimensions"));
    }
    given.constant(reader, 1)?;
    let (constant, initializer) = reader.constants.learned(&given.inputs[1], "a weight")?;
    let seen = if by_inputs { constant.transposed()? } else { constant };
    let &[outputs, _] = seen.tensor.shape() else {
        return Err(invalid!("a weight of shape {:?}", seen.tensor.shape()));
    };
    let mut place = Place::of(initializer, seen.is_transposed);
    let mut parameters = Parameters {
        node: given.name.to_owned(),
        shape: seen.tensor.shape().to_vec(),
        weight: seen.values(),
        bias: vec![0.0; outputs],
        learns_bias: false,
    };
    if let Some(bias) = bias {
        learn_bias(reader, &bias, &mut parameters, &mut place)?;
    }
    Ok(Meaning::Layer(Layer::Linear { parameters: keep(reader, parameters, place) }, from, 2))
}

fn keep(reader: &mut Reader, parameters: Parameters, place: Place) -> usize {
    reader.parameters.push(parameters);
    reader.places.push(place);
    reader.places.len() - 1
}

/// Takes the constant called `bias` as that of `parameters`.
fn learn_bias(
    reader: &mut Reader,
    bias: &str,
    parameters: &mut Parameters,
    place: &mut Place,
) -> Result<(), OpError> {
    let (constant, initializer) = reader.constants.learned(bias, "a bias")?;
    if constant.tensor.shape() != [parameters.bias.len()] {
        return Err(unsupported!("a bias of shape {:?}", constant.tensor.shape()));
    }
    parameters.bias = constant.values();
    parameters.learns_bias = true;
    place.bias = Some(initializer);
    Ok(())
}

/// The bias of the product in front of it, or a sum of two values.
fn add(reader: &mut Reader, given: &Given<'_>) -> Result<Meaning, OpError> {
    let [a, b] = given.inputs else {
        return Err(invalid!("{} inputs in place of 2", given.inputs.len()));
    };
    let (value, bias) = match (reader.value(a), reader.value(b)) {
        (Some(a), Some(b)) if reader.values.get(a).rank == reader.values.get(b).rank => {
            return Ok(Meaning::Sum([a, b]));
        }
        (Some(_), Some(_)) => return Err(unsupported!("a sum of other dimensions")),
        (Some(value), None) => (value, b),
        (None, Some(value)) => (value, a),
        (None, None) => return Err(unsupported!("a sum of constants")),
    };
    let Made::By(step, _) = &reader.values.get(value).made else {
        return Err(unsupported!("a constant that is no bias of a product"));
    };
    let Layer::Linear { parameters } = step.layer else {
        return Err(unsupported!("a constant that is no bias of a product"));
    };
    if reader.parameters[parameters].learns_bias || !reader.is_read_once(value) {
        return Err(unsupported!("a constant that is no bias of a product"));
    }
    let (mut own, mut place) =
        (reader.parameters[parameters].clone(), reader.places[parameters].clone());
    learn_bias(reader, bias, &mut own, &mut place)?;
    reader.parameters[parameters] = own;
    reader.places[parameters] = place;
    Ok(Meaning::Same(value))
}

fn conv(reader: &mut Reader, given: &mut Given<'_>) -> Result<Meaning, OpError> {
    let from = given.value(reader, 0)?;
    let rank = reader.values.get(from).rank;
    given.constant(reader, 1)?;
    let (kernel, initializer) = reader.constants.learned(&given.inputs[1], "a kernel")?;
    let shape = kernel.tensor.shape().to_vec();
    if kernel.is_transposed || shape.len() != rank || rank < 3 {
        return Err(unsupported!("a kernel of shape {shape:?} on {rank} dimensions"));
    }
    let sliding = sliding(&mut given.attributes, rank - 2, Some(&shape[2..]))?;
    let groups = given.attributes.int_or("group", 1)?;
    let groups = usize::try_from(groups).ok().filter(|groups| *groups > 0);
    let groups = groups.ok_or_else(|| invalid!("no groups"))?;
    let mut place = Place::of(initializer, false);
    let mut parameters = Parameters {
        node: given.name.to_owned(),
        bias: vec![0.0; shape[0]],
        shape,
        weight: kernel.values(),
        learns_bias: false,
    };
    if let Some(bias) = given.inputs.get(2).filter(|name| !name.is_empty()) {
        learn_bias(reader, bias, &mut parameters, &mut place)?;
    }
    let parameters = keep(reader, parameters, place);
    Ok(Meaning::Layer(Layer::Conv { parameters, sliding, groups }, from, rank))
}

fn batch_norm(reader: &mut Reader, given: &mut Given<'_>) -> Result<Meaning, OpError> {
    given.attributes.ignore("momentum");
    if given.attributes.flag("training_mode", false)? {
        return Err(unsupported!("a mode of training"));
    }
    let epsilon = given.attributes.float_or("epsilon", 1e-5)?;
    let mut take = |index: usize| -> Result<(Vec<f32>, String), OpError> {
        given.constant(reader, index)?;
        let (constant, initializer) = reader.constants.learned(&given.inputs[index], "a moment")?;
        Ok((constant.values(), initializer))
    };
    let (scale, scale_name) = take(1)?;
    let (shift, shift_name) = take(2)?;
    let (mean, mean_name) = take(3)?;
    let (variance, variance_name) = take(4)?;
    if [&shift, &mean, &variance].into_iter().any(|values| values.len() != scale.len()) {
        return Err(invalid!("moments of different lengths"));
    }
    let node = given.name.to_owned();
    reader.norms.push(Norm { node, epsilon, scale, shift, mean, variance });
    reader.norm_places.push(NormPlace {
        scale: scale_name,
        shift: shift_name,
        mean: mean_name,
        variance: variance_name,
    });
    each(reader, given, Layer::BatchNorm { norm: reader.norms.len() - 1 })
}

fn pool(reader: &Reader, given: &mut Given<'_>) -> Result<Meaning, OpError> {
    let from = given.value(reader, 0)?;
    let rank = reader.values.get(from).rank;
    given.attributes.ignore("storage_order");
    if given.attributes.flag("ceil_mode", false)? {
        return Err(unsupported!("ceil_mode"));
    }
    let sliding = sliding(&mut given.attributes, rank.saturating_sub(2), None)?;
    let layer = if given.operator == "MaxPool" {
        Layer::MaxPool(sliding)
    } else {
        let counts = given.attributes.flag("count_include_pad", false)?;
        if !counts && sliding.padding.iter().any(|&padding| padding > 0) {
            return Err(unsupported!("padding that does not count"));
        }
        Layer::AveragePool(sliding)
    };
    Ok(Meaning::Layer(layer, from, rank))
}

fn hard_sigmoid(reader: &Reader, given: &mut Given<'_>) -> Result<Meaning, OpError> {
    let (alpha, beta) =
        (given.attributes.float_or("alpha", 0.2)?, given.attributes.float_or("beta", 0.5)?);
    if (alpha - 1.0 / 6.0).abs() > 1e-7 || beta != 0.5 {
        return Err(unsupported!("a slope of {alpha} through {beta}"));
    }
    each(reader, given, Layer::HardSigmoid)
}

fn clip(reader: &Reader, given: &mut Given<'_>) -> Result<Meaning, OpError> {
    let said = [given.attributes.float("min")?, given.attributes.float("max")?];
    let bound = |index: usize| -> Result<Option<f64>, OpError> {
        match (said[index], given.optional(reader, 1 + index)?) {
            (Some(said), None) => Ok(Some(said.into())),
            (_, given) => given.map(Constant::number).transpose(),
        }
    };
    let layer = match (bound(0)?, bound(1)?) {
        (Some(-1.0), Some(1.0)) => Layer::HardTanh,
        (Some(0.0), None) => Layer::Relu,
        (least, most) => return Err(unsupported!("bounds {least:?} and {most:?}")),
    };
    each(reader, given, layer)
}

/// Axes of a node: an attribute, or an input, from 0 on.
fn axes(reader: &Reader, given: &mut Given<'_>, rank: usize) -> Result<Vec<usize>, OpError> {
    let axes = match given.attributes.ints("axes")? {
        Some(axes) => axes,
        None => given.constant(reader, 1)?.integers()?,
    };
    let mut found = Vec::with_capacity(axes.len());
    for axis in axes {
        let from_zero = if axis < 0 { axis + rank as i64 } else { axis };
        let axis = usize::try_from(from_zero).map_err(|_| invalid!("axis {axis}"))?;
        found.push(axis);
    }
    found.sort_unstable();
    Ok(found)
}

/// Whether these are all dimensions in space.
fn are_space(axes: &[usize], rank: usize) -> bool {
    rank > 2 && axes.iter().copied().eq(2..rank)
}

fn reduce_mean(reader: &Reader, given: &mut Given<'_>) -> Result<Meaning, OpError> {
    let from = given.value(reader, 0)?;
    let rank = reader.values.get(from).rank;
    let over = axes(reader, given, rank)?;
    let keeps = given.attributes.flag("keepdims", true)?;
    given.attributes.ignore("noop_with_empty_axes");
    if !are_space(&over, rank) {
        return Err(unsupported!("a mean over dimensions {over:?} of {rank}"));
    }
    Ok(Meaning::Layer(Layer::GlobalPool, from, if keeps { rank } else { 2 }))
}

fn squeeze(reader: &Reader, given: &mut Given<'_>) -> Result<Meaning, OpError> {
    let rank = reader.values.get(given.value(reader, 0)?).rank;
    let gone = axes(reader, given, rank)?;
    if !are_space(&gone, rank) {
        return Err(unsupported!("without dimensions {gone:?} of {rank}"));
    }
    flatten(reader, given)
}

/// To features; that samples stay apart is known from a run.
fn reshape(reader: &Reader, given: &mut Given<'_>) -> Result<Meaning, OpError> {
    given.attributes.flag("allowzero", false)?;
    let to = match given.attributes.ints("shape")? {
        Some(to) => to,
        None => given.constant(reader, 1)?.integers()?,
    };
    match to[..] {
        [_, features] if features != 0 => flatten(reader, given),
        _ => Err(unsupported!("a shape of {to:?}")),
    }
}

/// Every n-th place along both sides.
fn slice(reader: &Reader, given: &Given<'_>) -> Result<Meaning, OpError> {
    let from = given.value(reader, 0)?;
    let rank = reader.values.get(from).rank;
    let of = |index: usize| given.constant(reader, index)?.integers();
    let (starts, ends, along, steps) = (of(1)?, of(2)?, of(3)?, of(4)?);
    let whole = starts == [0, 0] && ends.iter().all(|&end| end >= i64::from(i32::MAX));
    match (&along[..], &steps[..]) {
        (&[2, 3], &[down, right]) if rank == 4 && whole && down == right && down > 0 => {
            let layer = Layer::Shortcut { stride: down as usize, before: 0, behind: 0 };
            Ok(Meaning::Layer(layer, from, rank))
        }
        _ => Err(unsupported!("from {starts:?} to {ends:?} along {along:?} by {steps:?}")),
    }
}

/// Channels of zeros.
fn pad(reader: &Reader, given: &mut Given<'_>) -> Result<Meaning, OpError> {
    let from = given.value(reader, 0)?;
    let rank = reader.values.get(from).rank;
    let mode = given.attributes.text_or("mode", "constant")?;
    let value = match given.attributes.float("value")? {
        Some(value) => value.into(),
        None => given.optional(reader, 2)?.map_or(Ok(0.0), Constant::number)?,
    };
    let pads = match given.attributes.ints("pads")? {
        Some(pads) => pads,
        None => given.constant(reader, 1)?.integers()?,
    };
    let has_axes = given.inputs.get(3).is_some_and(|name| !name.is_empty());
    match pads[..] {
        [0, before, 0, 0, 0, behind, 0, 0]
            if mode == "constant" && value == 0.0 && rank == 4 && !has_axes =>
        {
            let size = |n: i64| usize::try_from(n).map_err(|_| unsupported!("pads {pads:?}"));
            let layer = Layer::Shortcut { stride: 1, before: size(before)?, behind: size(behind)? };
            Ok(Meaning::Layer(layer, from, rank))
        }
        _ => Err(unsupported!("pads {pads:?} ({mode} {value})")),
    }
}

fn softmax(reader: &Reader, given: &mut Given<'_>) -> Result<Meaning, OpError> {
    let from = given.value(reader, 0)?;
    let rank = reader.values.get(from).rank;
    let axis = given.attributes.int_or("axis", -1)?;
    if rank != 2 || !matches!(axis, -1 | 1) {
        return Err(unsupported!("along dimension {axis} of {rank}"));
    }
    Ok(Meaning::Shares(from))
}
