//! Numbers on integer grids, and products of integers.

use std::borrow::Cow;

use ndarray::Array2;

use super::conv::ConvSpec;
use super::elementwise::round_half_even;
use super::products::Carrier;
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::data_type::DataType;
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Constants, Inputs, Operator, Place, Run, values};
use crate::strided::{around, axis};
use crate::tensor::{Data, Tensor};

pub(super) const TABLE: &[Row] = &[
    row("ConvInteger", 4, 1, |a| {
        Ok(Box::new(Conv { spec: ConvSpec::of(a)?, is_scaled: false, placed: None }))
    }),
    row("DequantizeLinear", 3, 1, |a| Ok(Box::new(Dequantise { axis: quantisation_axis(a)? }))),
    row("DynamicQuantizeLinear", 1, 3, |_| Ok(Box::new(DynamicQuantise))),
    row("MatMulInteger", 4, 1, |_| Ok(Box::new(MatMul { is_scaled: false, placed: None }))),
    row("QLinearConv", 9, 1, |a| {
        Ok(Box::new(Conv { spec: ConvSpec::of(a)?, is_scaled: true, placed: None }))
    }),
    row("QLinearMatMul", 8, 1, |_| Ok(Box::new(MatMul { is_scaled: true, placed: None }))),
    row("QuantizeLinear", 3, 1, |a| {
        // Says how 8-bit floats saturate, and these are not there.
        a.ignore("saturate");
        Ok(Box::new(Quantise { axis: quantisation_axis(a)? }))
    }),
];

fn quantisation_axis(attributes: &mut Attributes) -> Result<i64, OpError> {
    // A block of 0 is none; other blocks are left over and refused.
    let axis = attributes.int_or("axis", 1)?;
    if attributes.opset >= 21 {
        let block = attributes.int_or("block_size", 0)?;
        if block != 0 {
            return Err(unsupported!("block_size {block}"));
        }
        let output = attributes.int_or("output_dtype", 0)?;
        if output != 0 {
            return Err(unsupported!("output_dtype {output}"));
        }
    }
    Ok(axis)
}

/// 8-bit integers and 32-bit sums as whole numbers in `f64`, which holds them exactly.
fn whole(x: &Tensor) -> Result<Vec<f64>, OpError> {
    Ok(match x.data() {
        Data::I8(values) => values.iter().map(|&v| v.into()).collect(),
        Data::U8(values) => values.iter().map(|&v| v.into()).collect(),
        Data::I16(values) => values.iter().map(|&v| v.into()).collect(),
        Data::U16(values) => values.iter().map(|&v| v.into()).collect(),
        Data::I32(values) => values.iter().map(|&v| v.into()).collect(),
        other => return Err(unsupported!("data of type {}", other.data_type())),
    })
}

/// What one value, or one value of every channel, is for element `at`.
struct PerChannel {
    values: Vec<f64>,
    dim: usize,
    inner: usize,
}

impl PerChannel {
    /// `None` stands for zero.
    fn of(values: Option<Vec<f64>>, along: i64, shape: &[usize]) -> Result<Self, OpError> {
        let values = values.unwrap_or_else(|| vec![0.0]);
        if values.len() == 1 {
            return Ok(Self { values, dim: 1, inner: 1 });
        }
        let (_, dim, inner) = around(shape, axis(along, shape.len())?);
        if values.len() != dim {
            return Err(invalid!("{} scales or zero points for {dim} channels", values.len()));
        }
        Ok(Self { values, dim, inner })
    }

    fn at(&self, at: usize) -> f64 {
        if self.values.len() == 1 {
            self.values[0]
        } else {
            self.values[at / self.inner % self.dim]
        }
    }
}

fn scales(x: &Tensor) -> Result<Vec<f64>, OpError> {
    match x.data() {
        Data::F32(values) => Ok(values.iter().map(|&v| v.into()).collect()),
        other => Err(unsupported!("a scale of type {}", other.data_type())),
    }
}

/// Rounds to whole numbers, halves to even, and saturates.
fn saturated(values: impl Iterator<Item = f64>, to: DataType) -> Result<Data, OpError> {
    // `as` saturates, and halves have gone to even before.
    let values = values.map(round_half_even::<f64>);
    Ok(match to {
        DataType::U8 => Data::U8(values.map(|v| v as u8).collect()),
        DataType::I8 => Data::I8(values.map(|v| v as i8).collect()),
        DataType::U16 => Data::U16(values.map(|v| v as u16).collect()),
        DataType::I16 => Data::I16(values.map(|v| v as i16).collect()),
        DataType::I32 => Data::I32(values.map(|v| v as i32).collect()),
        other => return Err(unsupported!("quantised data of type {other}")),
    })
}

struct Quantise {
    axis: i64,
}

impl Operator for Quantise {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        run.spend(&[x.len()])?;
        let zero = inputs.optional(2);
        let to = zero.map_or(DataType::U8, Tensor::data_type);
        let scale = PerChannel::of(Some(scales(inputs.get(1)?)?), self.axis, x.shape())?;
        let zero = PerChannel::of(zero.map(whole).transpose()?, self.axis, x.shape())?;
        let values = match x.data() {
            Data::F32(values) => values,
            other => return Err(unsupported!("data of type {}", other.data_type())),
        };
        // The quotient is rounded in single precision, as it is defined.
        let level = |(at, &v): (usize, &f32)| {
            f64::from(round_half_even(v / scale.at(at) as f32)) + zero.at(at)
        };
        let data = saturated(values.iter().enumerate().map(level), to)?;
        Ok(vec![Tensor::with(x.shape().to_vec(), data)])
    }
}

struct Dequantise {
    axis: i64,
}

impl Operator for Dequantise {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        run.spend(&[x.len()])?;
        let zero = inputs.optional(2);
        if zero.is_some_and(|zero| zero.data_type() != x.data_type()) {
            return Err(invalid!("a zero point of another type"));
        }
        let scale = PerChannel::of(Some(scales(inputs.get(1)?)?), self.axis, x.shape())?;
        let zero = PerChannel::of(zero.map(whole).transpose()?, self.axis, x.shape())?;
        let level = |(at, v): (usize, f64)| (v - zero.at(at)) as f32 * scale.at(at) as f32;
        let y = whole(x)?.into_iter().enumerate().map(level).collect();
        Ok(vec![Tensor::of(x.shape().to_vec(), y)])
    }
}

/// A grid of 256 levels that spans the data and zero.
struct DynamicQuantise;

impl Operator for DynamicQuantise {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        run.spend(&[x.len()])?;
        let x_values = values::<f32>(x, "input 0")?;
        let min = x_values.iter().copied().fold(0.0, f32::min);
        let max = x_values.iter().copied().fold(0.0, f32::max);
        let scale = (max - min) / 255.0;
        let zero =
            if scale == 0.0 { 0.0 } else { round_half_even((-min / scale).clamp(0.0, 255.0)) };
        let level = |&v: &f32| match scale {
            0.0 => 0.0,
            scale => f64::from(round_half_even(v / scale)) + f64::from(zero),
        };
        let y = saturated(x_values.iter().map(level), DataType::U8)?;
        Ok(vec![
            Tensor::with(x.shape().to_vec(), y),
            Tensor::scalar(scale),
            Tensor::scalar(zero as u8),
        ])
    }
}

/// A tensor less its zero point, as numbers in `f32`.
fn centred(x: &Tensor, zero: Option<&Tensor>, along: i64) -> Result<Tensor, OpError> {
    if !matches!(x.data_type(), DataType::I8 | DataType::U8) {
        return Err(unsupported!("data of type {}", x.data_type()));
    }
    let zero = PerChannel::of(zero.map(whole).transpose()?, along, x.shape())?;
    let levels = whole(x)?.into_iter().enumerate().map(|(at, v)| (v - zero.at(at)) as f32);
    Ok(Tensor::of(x.shape().to_vec(), levels.collect()))
}

/// Whether sums of products with these weights and 8-bit inputs are exact in `f32`.
fn is_exact(weights: &[Array2<f32>]) -> bool {
    let worst = |w: &Array2<f32>| {
        let column =
            |column: ndarray::ArrayView1<'_, f32>| column.iter().map(|v| v.abs()).sum::<f32>();
        w.columns().into_iter().map(column).fold(0.0, f32::max)
    };
    weights.iter().map(worst).fold(0.0, f32::max) * 255.0 <= (1 << 24) as f32
}

const TOO_LONG: &str = "sums beyond 2²⁴ are not exact in 32-bit floating point";

/// Sums of integers in 32 bits.
fn sums(y: Tensor) -> Result<Tensor, OpError> {
    let y = y.to_standard();
    let whole = values::<f32>(&y, "the sums")?.iter().map(|&v| v as i32).collect();
    Ok(Tensor::of(y.shape().to_vec(), whole))
}

/// Sums on the grid of the result: the inputs from `first` are its scale and zero point.
fn rescaled(
    y: &Tensor,
    inputs: &Inputs<'_>,
    x_scale: usize,
    w_scale: (usize, i64),
    first: usize,
) -> Result<Tensor, OpError> {
    let (zero, y_scale) = (inputs.get(first + 1)?, scales(inputs.get(first)?)?);
    let x_scale = scales(inputs.get(x_scale)?)?;
    let (&[x_scale], &[y_scale]) = (&x_scale[..], &y_scale[..]) else {
        return Err(unsupported!("a scale for every row of activations"));
    };
    let w_scale = PerChannel::of(Some(scales(inputs.get(w_scale.0)?)?), w_scale.1, y.shape())?;
    let zero_at = PerChannel::of(Some(whole(zero)?), 1, y.shape())?;
    let sums = values::<f32>(y, "the sums")?.iter().enumerate();
    // The factor in single precision, as tools that run such networks have it.
    let level = |(at, &v): (usize, &f32)| {
        let factor = x_scale as f32 * w_scale.at(at) as f32 / y_scale as f32;
        f64::from(round_half_even(v * factor)) + zero_at.at(at)
    };
    let data = saturated(sums.map(level), zero.data_type())?;
    Ok(Tensor::with(y.shape().to_vec(), data))
}

/// Matrix products of 8-bit integers: sums in 32 bits, or on a grid where `is_scaled`.
#[derive(Clone)]
struct MatMul {
    is_scaled: bool,
    placed: Option<(usize, (usize, usize))>,
}

impl MatMul {
    /// Inputs: weights, zero point of the activations, zero point of the weights.
    fn places(&self) -> (usize, usize, usize) {
        if self.is_scaled { (3, 2, 5) } else { (1, 2, 3) }
    }
}

impl Operator for MatMul {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (w_at, x_zero, w_zero) = self.places();
        let x = centred(inputs.get(0)?, inputs.optional(x_zero), -2)?;
        let y = match self.placed {
            Some((first, (n_inputs, n_outputs))) => {
                let mut shape = x.shape().to_vec();
                if shape.last() != Some(&n_inputs) {
                    return Err(invalid!("{shape:?} times a matrix of {n_inputs} inputs"));
                }
                *shape.last_mut().expect("a last dimension was compared") = n_outputs;
                let mut y = vec![0.0; run.elements(&shape)?];
                let x = values::<f32>(&x, "the input")?;
                Carrier::Products(first).multiply(run, 0, x, &mut y, (n_inputs, n_outputs))?;
                Tensor::of(shape, y)
            }
            None => {
                let w = centred(inputs.get(w_at)?, inputs.optional(w_zero), -1)?;
                // Twice the digits hold every sum.
                let double = |t: &Tensor| {
                    let values = values::<f32>(t, "a factor")?.iter().map(|&v| f64::from(v));
                    Ok(Tensor::of(t.shape().to_vec(), values.collect()))
                };
                let y = super::matmul::multiplied(&double(&x)?, &double(&w)?, run)?;
                if !self.is_scaled {
                    let sums = values::<f64>(&y, "the sums")?.iter().map(|&v| v as i64 as i32);
                    return Ok(vec![Tensor::of(y.shape().to_vec(), sums.collect())]);
                }
                super::cast::converted(&y, DataType::F32)?
            }
        };
        Ok(vec![if self.is_scaled { rescaled(&y, &inputs, 1, (4, -1), 6)? } else { sums(y)? }])
    }

    fn place(&self, constants: &Constants<'_>, first: usize) -> Result<Place, OpError> {
        let (w_at, _, w_zero) = self.places();
        let constant = |index: usize| constants.get(index);
        let is_known = !constants.is_computed(w_zero);
        let Some(w) = constant(w_at).filter(|w| w.rank() == 2 && is_known) else {
            return Ok(Place::Digital("the weights are computed, or no matrix".to_owned()));
        };
        let w = centred(w, constant(w_zero), -1)?;
        let shape = (w.shape()[0], w.shape()[1]);
        let weights = Array2::from_shape_vec(shape, values::<f32>(&w, "the weights")?.to_vec());
        let weights = [weights.expect("inputs × outputs values")];
        if !is_exact(&weights) && !self.is_scaled {
            return Ok(Place::Digital(TOO_LONG.to_owned()));
        }
        let operator = Box::new(Self { placed: Some((first, shape)), ..self.clone() });
        let weights = weights.into_iter().map(|w| (String::new(), w)).collect();
        Ok(Place::Products { operator, weights, consumed: vec![w_at] })
    }
}

/// Convolutions of 8-bit integers: sums in 32 bits, or on a grid where `is_scaled`.
#[derive(Clone)]
struct Conv {
    spec: ConvSpec,
    is_scaled: bool,
    placed: Option<(usize, Vec<usize>)>,
}

impl Conv {
    /// Inputs: weights, zero point of the activations, zero point of the weights.
    fn places(&self) -> (usize, usize, usize) {
        if self.is_scaled { (3, 2, 5) } else { (1, 2, 3) }
    }

    fn weights(&self, w: &Tensor, zero: Option<&Tensor>) -> Result<Vec<Array2<f32>>, OpError> {
        self.spec.matrices(&centred(w, zero, 0)?)
    }
}

impl Operator for Conv {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (w_at, x_zero, w_zero) = self.places();
        let x = centred(inputs.get(0)?, inputs.optional(x_zero), 1)?;
        // A bias is on the grid of the sums.
        let bias: Option<Vec<f32>> = match inputs.optional(8) {
            Some(bias) => {
                Some(values::<i32>(bias, "the bias")?.iter().map(|&v| v as f32).collect())
            }
            None => None,
        };
        let y = match &self.placed {
            Some((first, kernel)) => {
                self.spec.run(&x, kernel, &Carrier::Products(*first), bias.as_deref(), run)?
            }
            None => {
                let w = inputs.get(w_at)?;
                let matrices = self.weights(w, inputs.optional(w_zero))?;
                if !is_exact(&matrices) && !self.is_scaled {
                    return Err(unsupported!("{TOO_LONG}: such a kernel"));
                }
                let carrier = Carrier::Matrices(Cow::Owned(matrices));
                self.spec.run(&x, w.shape(), &carrier, bias.as_deref(), run)?
            }
        };
        if self.is_scaled {
            return Ok(vec![rescaled(&y.to_standard(), &inputs, 1, (4, 1), 6)?]);
        }
        Ok(vec![sums(y)?])
    }

    fn place(&self, constants: &Constants<'_>, first: usize) -> Result<Place, OpError> {
        let (w_at, _, w_zero) = self.places();
        let constant = |index: usize| constants.get(index);
        let Some(w) = constant(w_at).filter(|_| !constants.is_computed(w_zero)) else {
            return Ok(Place::Digital("the kernel is computed".to_owned()));
        };
        let weights = self.weights(w, constant(w_zero))?;
        if !is_exact(&weights) && !self.is_scaled {
            return Ok(Place::Digital(TOO_LONG.to_owned()));
        }
        let placed = Some((first, w.shape().to_vec()));
        let operator = Box::new(Self { placed, ..self.clone() });
        let weights = (0..).zip(weights).map(|(group, w)| (format!("group {group}"), w)).collect();
        Ok(Place::Products { operator, weights, consumed: vec![w_at] })
    }
}
