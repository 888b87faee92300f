//! Transposed convolutions: every element is spread over a window.

use std::borrow::Cow;

use ndarray::Array2;

use crate::attributes::Attributes;
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Constants, Inputs, Operator, Place, Run, values};
use crate::operators::products::Carrier;
use crate::tensor::{Tensor, transpose};

#[derive(Clone)]
struct Spec {
    groups: usize,
    strides: Option<Vec<usize>>,
    dilations: Option<Vec<usize>>,
    pads: Option<Vec<usize>>,
    output_padding: Option<Vec<usize>>,
    output_shape: Option<Vec<usize>>,
    kernel: Option<Vec<usize>>,
    /// Whether padding follows from the size of the result, and on which side its odd one is.
    same: Option<bool>,
}

/// A transposed convolution; `first` counts its products where they are handed out.
struct ConvTranspose {
    spec: Spec,
    first: Option<(usize, Vec<usize>)>,
}

pub(super) fn build(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    let groups = attributes.int_or("group", 1)?;
    let same = match attributes.text_or("auto_pad", "NOTSET")?.as_str() {
        "NOTSET" | "VALID" => None,
        "SAME_UPPER" => Some(true),
        "SAME_LOWER" => Some(false),
        other => return Err(invalid!("auto_pad {other:?}")),
    };
    let spec = Spec {
        groups: usize::try_from(groups)
            .ok()
            .filter(|&n| n > 0)
            .ok_or_else(|| invalid!("no groups"))?,
        strides: attributes.sizes("strides")?,
        dilations: attributes.sizes("dilations")?,
        pads: attributes.sizes("pads")?,
        output_padding: attributes.sizes("output_padding")?,
        output_shape: attributes.sizes("output_shape")?,
        kernel: attributes.sizes("kernel_shape")?,
        same,
    };
    Ok(Box::new(ConvTranspose { spec, first: None }))
}

/// Sizes along one dimension.
struct Line {
    input: usize,
    output: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
}

impl Spec {
    fn lines(&self, space: &[usize], kernel: &[usize]) -> Result<Vec<Line>, OpError> {
        let rank = space.len();
        let or = |values: &Option<Vec<usize>>, value: usize, len: usize| match values {
            None => Ok(vec![value; len]),
            Some(values) if values.len() == len => Ok(values.clone()),
            Some(values) => Err(invalid!("{values:?} over {rank} dimensions")),
        };
        if self.kernel.as_ref().is_some_and(|said| said != kernel) || kernel.len() != rank {
            return Err(invalid!("a kernel of {kernel:?} over {rank} dimensions"));
        }
        let (strides, dilations) = (or(&self.strides, 1, rank)?, or(&self.dilations, 1, rank)?);
        let (pads, extra) = (or(&self.pads, 0, 2 * rank)?, or(&self.output_padding, 0, rank)?);
        if strides.contains(&0)
            || dilations.contains(&0)
            || kernel.contains(&0)
            || space.contains(&0)
        {
            return Err(invalid!("kernel {kernel:?}, strides {strides:?}, space {space:?}"));
        }
        let line = |k: usize| {
            let span = (kernel[k] - 1).saturating_mul(dilations[k]).saturating_add(1);
            let full = strides[k]
                .saturating_mul(space[k] - 1)
                .saturating_add(extra[k])
                .saturating_add(span);
            let wanted = match (&self.output_shape, self.same) {
                (Some(shape), _) if shape.len() != rank => {
                    return Err(invalid!("output_shape {shape:?} over {rank} dimensions"));
                }
                (Some(shape), _) => Some(shape[k]),
                (None, Some(_)) => Some(space[k].saturating_mul(strides[k])),
                (None, None) => None,
            };
            let (before, output) = match wanted {
                Some(output) => {
                    let sum = full.saturating_sub(output);
                    let odd_behind = self.same.unwrap_or(false);
                    (if odd_behind { sum / 2 } else { sum - sum / 2 }, output)
                }
                None => {
                    let output =
                        full.checked_sub(pads[k]).and_then(|n| n.checked_sub(pads[k + rank]));
                    (pads[k], output.ok_or_else(|| invalid!("pads {pads:?} leave nothing"))?)
                }
            };
            let (stride, dilation) = (strides[k], dilations[k]);
            Ok(Line { input: space[k], output, kernel: kernel[k], stride, dilation, before })
        };
        (0..rank).map(line).collect()
    }

    /// One matrix (channels × outputs · taps) a group.
    fn matrices(&self, kernel: &Tensor) -> Result<Vec<Array2<f32>>, OpError> {
        let shape = kernel.shape();
        if shape.len() < 3 || !shape[0].is_multiple_of(self.groups) {
            return Err(invalid!("a kernel of shape {shape:?} in {} groups", self.groups));
        }
        let w = values::<f32>(kernel, "the kernel")?;
        let channels = shape[0] / self.groups;
        let outputs: usize = shape[1..].iter().product();
        let of_group = |group: usize| {
            let part = w[group * channels * outputs..][..channels * outputs].to_vec();
            Array2::from_shape_vec((channels, outputs), part).expect("channels × outputs values")
        };
        Ok((0..self.groups).map(of_group).collect())
    }

    fn run(
        &self,
        x: &Tensor,
        kernel: &[usize],
        carrier: &Carrier<'_>,
        bias: Option<&[f32]>,
        run: &mut Run<'_>,
    ) -> Result<Tensor, OpError> {
        if x.rank() < 3 || x.rank() != kernel.len() || x.shape()[1] != kernel[0] {
            return Err(invalid!("a kernel of shape {kernel:?} on {:?}", x.shape()));
        }
        let lines = self.lines(&x.shape()[2..], &kernel[2..])?;
        let (groups, batch) = (self.groups, x.shape()[0]);
        let (channels, of_group) = (kernel[0] / groups, kernel[1]);
        let taps: usize = kernel[2..].iter().product();
        let (pixels, outputs) = (x.shape()[2..].iter().product::<usize>(), of_group * groups);
        if bias.is_some_and(|bias| bias.len() != outputs) {
            return Err(invalid!("a bias for other than {outputs} outputs"));
        }
        let mut shape = vec![batch, outputs];
        shape.extend(lines.iter().map(|line| line.output));
        let mut y = vec![0.0f32; run.elements(&shape)?];
        let x_values = values::<f32>(x, "input 0")?;
        let positions: usize = shape[2..].iter().product();
        let mut rows = vec![0.0; run.elements(&[batch, pixels, channels])?];
        let mut spread = vec![0.0; run.elements(&[batch, pixels, of_group, taps])?];
        run.spend(&[spread.len(), groups, lines.len()])?;
        for group in 0..groups {
            if channels * pixels > 0 {
                for (n, rows) in rows.chunks_exact_mut(channels * pixels).enumerate() {
                    let from = (n * kernel[0] + group * channels) * pixels;
                    transpose(&x_values[from..][..channels * pixels], channels, pixels, rows);
                }
            }
            carrier.multiply(run, group, &rows, &mut spread, (channels, of_group * taps))?;
            for (row, from) in spread.chunks_exact((of_group * taps).max(1)).enumerate() {
                let (n, pixel) = (row / pixels, row % pixels);
                let map = (n * outputs + group * of_group) * positions;
                for tap in 0..taps {
                    let Some(to) = target(&lines, pixel, tap) else { continue };
                    for output in 0..of_group {
                        y[map + output * positions + to] += from[output * taps + tap];
                    }
                }
            }
        }
        if let Some(bias) = bias
            && positions > 0
        {
            for (k, map) in y.chunks_exact_mut(positions).enumerate() {
                map.iter_mut().for_each(|v| *v += bias[k % outputs]);
            }
        }
        Ok(Tensor::of(shape, y))
    }
}

/// Where the product of a pixel and a tap is added, unless it is cut off.
fn target(lines: &[Line], mut pixel: usize, mut tap: usize) -> Option<usize> {
    let (mut to, mut step) = (0, 1);
    for line in lines.iter().rev() {
        let (at, k) = (pixel % line.input, tap % line.kernel);
        let place = (at * line.stride + k * line.dilation).checked_sub(line.before)?;
        if place >= line.output {
            return None;
        }
        to += place * step;
        step *= line.output;
        (pixel, tap) = (pixel / line.input, tap / line.kernel);
    }
    Some(to)
}

impl Operator for ConvTranspose {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        if x.data_type() != crate::data_type::DataType::F32 {
            return Err(unsupported!("data of type {}", x.data_type()));
        }
        let bias = inputs.optional(2).map(|bias| values::<f32>(bias, "the bias")).transpose()?;
        if let Some((first, kernel)) = &self.first {
            return Ok(vec![self.spec.run(x, kernel, &Carrier::Products(*first), bias, run)?]);
        }
        let kernel = inputs.get(1)?;
        let carrier = Carrier::Matrices(Cow::Owned(self.spec.matrices(kernel)?));
        Ok(vec![self.spec.run(x, kernel.shape(), &carrier, bias, run)?])
    }

    fn place(&self, constants: &Constants<'_>, first: usize) -> Result<Place, OpError> {
        let Some(kernel) = constants.get(1) else {
            return Ok(Place::Digital("the kernel is computed".to_owned()));
        };
        let matrices = self.spec.matrices(kernel)?;
        let weights = (0..).zip(matrices).map(|(group, w)| (format!("group {group}"), w)).collect();
        let first = Some((first, kernel.shape().to_vec()));
        let operator = Box::new(ConvTranspose { spec: self.spec.clone(), first });
        Ok(Place::Products { operator, weights, consumed: vec![1] })
    }
}
