//! Normalisations of feature maps and vectors.

use super::elementwise::{Real, only_floats};
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::broadcast::{common_shape, zip};
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Inputs, Operator, Run, values};
use crate::strided::{around, axes, axis};
use crate::tensor::{Data, Layout, Tensor};

pub(super) const TABLE: &[Row] = &[
    row("BatchNormalization", 5, 1, batch_norm),
    row("InstanceNormalization", 3, 1, |a| {
        a.ignore("consumed_inputs");
        Ok(Box::new(InstanceNorm { epsilon: a.float_or("epsilon", 1e-5)? }))
    }),
    row("LRN", 1, 1, lrn),
    row("LayerNormalization", 3, 3, layer_norm),
    row("LpNormalization", 1, 1, |a| {
        let (axis, p) = (a.int_or("axis", -1)?, a.int_or("p", 2)?);
        match p {
            1 | 2 => Ok(Box::new(LpNorm { axis, p })),
            other => Err(invalid!("p {other}")),
        }
    }),
    row("MeanVarianceNormalization", 1, 1, |a| {
        Ok(Box::new(MeanVariance { axes: a.ints("axes")?.unwrap_or_else(|| vec![0, 2, 3]) }))
    }),
];

/// A scale and a shift for every channel, from moments that were learned.
struct BatchNorm {
    epsilon: f32,
}

fn batch_norm(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    attributes.ignore("momentum");
    attributes.ignore("consumed_inputs");
    if attributes.opset < 7 && !attributes.flag("is_test", false)? {
        return Err(unsupported!("batch normalisation while training"));
    }
    if attributes.opset < 9 && attributes.int_or("spatial", 1)? != 1 {
        return Err(unsupported!("attribute spatial of 0"));
    }
    if attributes.opset >= 14 && attributes.flag("training_mode", false)? {
        return Err(unsupported!("batch normalisation while training"));
    }
    Ok(Box::new(BatchNorm { epsilon: attributes.float_or("epsilon", 1e-5)? }))
}

/// Scale and shift of every channel.
fn affine<R: Real + crate::tensor::Element>(
    inputs: &Inputs<'_>,
    channels: usize,
    epsilon: f32,
) -> Result<Vec<(R, R)>, OpError> {
    let of_channel = |index| {
        let values = inputs.values::<R>(index)?;
        if values.len() == channels {
            Ok(values)
        } else {
            Err(invalid!("input {index} has {} values for {channels} channels", values.len()))
        }
    };
    let (scale, bias) = (of_channel(1)?, of_channel(2)?);
    let (mean, variance) = (of_channel(3)?, of_channel(4)?);
    let factors = |c: usize| {
        let factor = scale[c] / (variance[c] + R::at(epsilon.into())).sqrt();
        (factor, bias[c] - mean[c] * factor)
    };
    Ok((0..channels).map(factors).collect())
}

impl Operator for BatchNorm {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let mut x = inputs.take(0)?;
        run.spend(&[x.len()])?;
        if x.rank() < 2 {
            return Err(invalid!("{} dimensions have no channels", x.rank()));
        }
        let (_, channels, inner) = around(x.shape(), 1);
        let last = x.layout() == Layout::ChannelsLast;
        fn apply<R: Real>(x: &mut [R], factors: &[(R, R)], inner: usize, last: bool) {
            if factors.is_empty() || inner == 0 {
                return;
            }
            if last {
                for row in x.chunks_exact_mut(factors.len()) {
                    row.iter_mut().zip(factors).for_each(|(v, &(a, b))| *v = *v * a + b);
                }
            } else {
                for (map, &(a, b)) in x.chunks_exact_mut(inner).zip(factors.iter().cycle()) {
                    map.iter_mut().for_each(|v| *v = *v * a + b);
                }
            }
        }
        match x.data_mut() {
            Data::F32(x) => apply(x, &affine(&inputs, channels, self.epsilon)?, inner, last),
            Data::F64(x) => apply(x, &affine(&inputs, channels, self.epsilon)?, inner, last),
            other => return Err(unsupported!("data of type {}", other.data_type())),
        }
        Ok(vec![x])
    }

    fn takes_any_layout(&self) -> bool {
        true
    }
}

/// Brings vectors to mean 0 and variance 1; returns mean and inverse deviation of each.
fn standardise<R: Real>(x: &mut [R], len: usize, epsilon: R) -> Vec<(R, R)> {
    let n = R::at(len as f64);
    let of_row = |row: &mut [R]| {
        let mean = row.iter().fold(R::zero(), |sum, &v| sum + v) / n;
        row.iter_mut().for_each(|v| *v = *v - mean);
        let square = row.iter().fold(R::zero(), |sum, &v| sum + v * v) / n;
        let factor = R::one() / (square + epsilon).sqrt();
        row.iter_mut().for_each(|v| *v = *v * factor);
        (mean, factor)
    };
    if len == 0 { Vec::new() } else { x.chunks_exact_mut(len).map(of_row).collect() }
}

struct InstanceNorm {
    epsilon: f32,
}

impl Operator for InstanceNorm {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let mut x = inputs.take(0)?;
        run.spend(&[x.len()])?;
        if x.rank() < 2 {
            return Err(invalid!("{} dimensions have no channels", x.rank()));
        }
        let (_, channels, inner) = around(x.shape(), 1);
        let (scale, bias) = (inputs.values::<f32>(1)?, inputs.values::<f32>(2)?);
        if scale.len() != channels || bias.len() != channels {
            return Err(invalid!("{} scales for {channels} channels", scale.len()));
        }
        let Data::F32(values) = x.data_mut() else {
            return Err(unsupported!("data of type {}", x.data_type()));
        };
        standardise(values, inner, self.epsilon);
        if inner > 0 {
            for (k, map) in values.chunks_exact_mut(inner).enumerate() {
                let (a, b) = (scale[k % channels], bias[k % channels]);
                map.iter_mut().for_each(|v| *v = *v * a + b);
            }
        }
        Ok(vec![x])
    }
}

struct LayerNorm {
    axis: i64,
    epsilon: f32,
}

fn layer_norm(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    let precision = attributes.int_or("stash_type", 1)?;
    if precision != 1 {
        return Err(unsupported!("stash_type {precision}"));
    }
    let axis = attributes.int_or("axis", -1)?;
    Ok(Box::new(LayerNorm { axis, epsilon: attributes.float_or("epsilon", 1e-5)? }))
}

impl Operator for LayerNorm {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let mut x = inputs.take(0)?;
        run.spend(&[x.len(), 4])?;
        let at = axis(self.axis, x.rank())?;
        let shape = x.shape().to_vec();
        let len: usize = shape[at..].iter().product();
        let Data::F32(y) = x.data_mut() else {
            return Err(unsupported!("data of type {}", x.data_type()));
        };
        let moments = standardise(y, len, self.epsilon);
        let flat = |tensor: &Tensor| tensor.shape() == &shape[at..];
        let (scale, bias) = (inputs.get(1)?, inputs.optional(2));
        if flat(scale) && bias.is_none_or(flat) && len > 0 {
            let scale = values::<f32>(scale, "the scale")?;
            let bias = bias.map(|bias| values::<f32>(bias, "the bias")).transpose()?;
            for row in y.chunks_exact_mut(len) {
                row.iter_mut().zip(scale).for_each(|(v, s)| *v *= s);
                if let Some(bias) = bias {
                    row.iter_mut().zip(bias).for_each(|(v, b)| *v += b);
                }
            }
        } else {
            for (tensor, is_scale) in [(Some(scale), true), (bias, false)] {
                let Some(tensor) = tensor else { continue };
                if common_shape(&shape, tensor.shape())? != shape {
                    return Err(invalid!("scale or bias of shape {:?}", tensor.shape()));
                }
                let by = (values::<f32>(tensor, "scale or bias")?, tensor.shape());
                let f = |v: f32, by: f32| if is_scale { v * by } else { v + by };
                *y = zip(&shape, (&y[..], &shape), by, f);
            }
        }
        let mut outer = shape[..at].to_vec();
        outer.resize(shape.len(), 1);
        let count = outer.iter().product();
        let mut means: Vec<f32> = moments.iter().map(|moments| moments.0).collect();
        let mut factors: Vec<f32> = moments.iter().map(|moments| moments.1).collect();
        means.resize(count, 0.0);
        factors.resize(count, 0.0);
        Ok(vec![x, Tensor::of(outer.clone(), means), Tensor::of(outer, factors)])
    }
}

struct LpNorm {
    axis: i64,
    p: i64,
}

impl Operator for LpNorm {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let mut x = inputs.take(0)?;
        run.spend(&[x.len()])?;
        let (outer, dim, inner) = around(x.shape(), axis(self.axis, x.rank())?);
        let Data::F32(values) = x.data_mut() else {
            return Err(unsupported!("data of type {}", x.data_type()));
        };
        for k in 0..outer {
            for j in 0..inner {
                let at = |d: usize| (k * dim + d) * inner + j;
                let norm: f32 = match self.p {
                    1 => (0..dim).map(|d| values[at(d)].abs()).sum(),
                    _ => (0..dim).map(|d| values[at(d)].powi(2)).sum::<f32>().sqrt(),
                };
                (0..dim).for_each(|d| values[at(d)] /= norm);
            }
        }
        Ok(vec![x])
    }
}

struct MeanVariance {
    axes: Vec<i64>,
}

impl Operator for MeanVariance {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        run.spend(&[x.len(), 4])?;
        let over = axes(&self.axes, x.rank())?;
        let x_values = inputs.values::<f32>(0)?;
        let mut shape = x.shape().to_vec();
        over.iter().for_each(|&k| shape[k] = 1);
        let n = x.len().checked_div(shape.iter().product()).unwrap_or(0) as f32;
        let square: Vec<f32> = x_values.iter().map(|v| v * v).collect();
        let sums = super::reduce::sums(x_values, x.shape(), &over);
        let squares = super::reduce::sums(&square, x.shape(), &over);
        let moments: Vec<(f32, f32)> = sums
            .iter()
            .zip(&squares)
            .map(|(sum, square)| (sum / n, (square / n - (sum / n).powi(2)).max(0.0).sqrt()))
            .collect();
        let f = |v: f32, (mean, deviation): (f32, f32)| (v - mean) / (deviation + 1e-9);
        let y = zip(x.shape(), (x_values, x.shape()), (&moments, &shape), f);
        Ok(vec![Tensor::of(x.shape().to_vec(), y)])
    }
}

/// Local response normalisation across neighbouring channels.
struct Lrn {
    alpha: f32,
    beta: f32,
    bias: f32,
    size: usize,
}

fn lrn(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    let size = attributes.int_or("size", 0)?;
    Ok(Box::new(Lrn {
        alpha: attributes.float_or("alpha", 1e-4)?,
        beta: attributes.float_or("beta", 0.75)?,
        bias: attributes.float_or("bias", 1.0)?,
        size: usize::try_from(size)
            .ok()
            .filter(|&n| n > 0)
            .ok_or_else(|| invalid!("size {size}"))?,
    }))
}

impl Operator for Lrn {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        only_floats(x.data_type())?;
        if x.rank() < 2 {
            return Err(invalid!("{} dimensions have no channels", x.rank()));
        }
        let values = inputs.values::<f32>(0)?;
        let (batch, channels, inner) = around(x.shape(), 1);
        run.spend(&[x.len(), self.size.min(channels)])?;
        let mut y = Vec::with_capacity(values.len());
        for n in 0..batch {
            for c in 0..channels {
                let from = c.saturating_sub((self.size - 1) / 2);
                let to = c.saturating_add(self.size / 2).min(channels - 1);
                for j in 0..inner {
                    let at = |c: usize| values[(n * channels + c) * inner + j];
                    let square: f32 = (from..=to).map(|c| at(c).powi(2)).sum();
                    let scale = self.bias + self.alpha / self.size as f32 * square;
                    y.push(at(c) / scale.powf(self.beta));
                }
            }
        }
        Ok(vec![Tensor::of(x.shape().to_vec(), y)])
    }
}
