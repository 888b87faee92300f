//! Convolutions as products: what a window sees is a row.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::im2col::{Window, WindowSpec};
use super::products::Carrier;
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Constants, Inputs, Operator, Place, ROWS, Run, values};
use crate::tensor::{Layout, Tensor, transpose};

pub(super) const TABLE: &[Row] = &[
    row("Conv", 3, 1, |a| Ok(Box::new(Conv { spec: ConvSpec::of(a)?, first: None }))),
    row("ConvTranspose", 3, 1, transposed::build),
];

pub(super) mod transposed;

/// Attributes of a convolution.
#[derive(Clone)]
pub(super) struct ConvSpec {
    pub groups: usize,
    pub window: WindowSpec,
}

impl ConvSpec {
    pub(super) fn of(attributes: &mut Attributes) -> Result<Self, OpError> {
        let groups = attributes.int_or("group", 1)?;
        let groups = usize::try_from(groups).ok().filter(|&groups| groups > 0);
        let groups = groups.ok_or_else(|| invalid!("no groups"))?;
        Ok(Self { groups, window: WindowSpec::of(attributes)? })
    }

    /// Checks a kernel (outputs × channels of a group × space).
    fn check_kernel(&self, kernel: &[usize]) -> Result<(), OpError> {
        if kernel.len() < 3 || !kernel[0].is_multiple_of(self.groups) {
            return Err(invalid!("a kernel of shape {kernel:?} in {} groups", self.groups));
        }
        match &self.window.kernel {
            Some(said) if said != &kernel[2..] => {
                Err(invalid!("kernel_shape {said:?} for a kernel of shape {kernel:?}"))
            }
            _ => Ok(()),
        }
    }

    /// One matrix (taps · channels × outputs) a group; channels vary fastest along its inputs.
    pub(super) fn matrices(&self, kernel: &Tensor) -> Result<Vec<Array2<f32>>, OpError> {
        self.check_kernel(kernel.shape())?;
        let w = values::<f32>(kernel, "the kernel")?;
        let (outputs, channels) = (kernel.shape()[0] / self.groups, kernel.shape()[1]);
        let taps: usize = kernel.shape()[2..].iter().product();
        let of_group = |group: usize| {
            Array2::from_shape_fn((taps * channels, outputs), |(input, output)| {
                let (tap, channel) = (input / channels, input % channels);
                w[((group * outputs + output) * channels + channel) * taps + tap]
            })
        };
        Ok((0..self.groups).map(of_group).collect())
    }

    /// Convolves `x` with matrices of a kernel of this shape. The result's channels vary fastest.
    pub(super) fn run(
        &self,
        x: &Tensor,
        kernel: &[usize],
        carrier: &Carrier<'_>,
        bias: Option<&[f32]>,
        run: &mut Run<'_>,
    ) -> Result<Tensor, OpError> {
        self.check_kernel(kernel)?;
        let rank = x.rank();
        if rank != kernel.len() || x.shape()[1] != kernel[1] * self.groups {
            return Err(invalid!("a kernel of shape {kernel:?} on {:?}", x.shape()));
        }
        if bias.is_some_and(|bias| bias.len() != kernel[0]) {
            return Err(invalid!("a bias for other than {} outputs", kernel[0]));
        }
        let window = self.window.on(&x.shape()[2..], &kernel[2..])?;
        let mut shape = vec![x.shape()[0], kernel[0]];
        shape.extend(window.shape(rank - 2));
        run.elements(&[window.taps(), kernel[1], ROWS])?;
        let mut y = {
            let count = run.elements(&shape)?;
            run.buffer(count)
        };
        let (channels, x_values) = (x.shape()[1], values::<f32>(x, "input 0")?);
        let copy = match x.layout() {
            Layout::ChannelsLast => None,
            Layout::Standard => {
                let mut copy = run.buffer(x_values.len());
                let size = channels * window.pixels();
                if size > 0 {
                    let maps = x_values.chunks_exact(size).zip(copy.chunks_exact_mut(size));
                    maps.for_each(|(x, y)| transpose(x, channels, window.pixels(), y));
                }
                Some(copy)
            }
        };
        let maps = copy.as_deref().unwrap_or(x_values);
        let job = Job { window, channels, groups: self.groups, outputs: kernel[0], bias };
        let done = job.run(maps, carrier, &mut y, run);
        if let Some(copy) = copy {
            run.give(copy);
        }
        done?;
        Ok(Tensor::channels_last(shape, y))
    }
}

struct Job<'a> {
    window: Window,
    channels: usize,
    groups: usize,
    outputs: usize,
    bias: Option<&'a [f32]>,
}

impl Job<'_> {
    /// `maps` is batch · pixels × channels, `y` batch · positions × outputs.
    fn run(
        &self,
        maps: &[f32],
        carrier: &Carrier<'_>,
        y: &mut [f32],
        run: &mut Run<'_>,
    ) -> Result<(), OpError> {
        let (groups, outputs) = (self.groups, self.outputs);
        if y.is_empty() {
            return Ok(());
        }
        if self.channels == 0 {
            y.chunks_exact_mut(outputs).for_each(|row| match self.bias {
                Some(bias) => row.copy_from_slice(bias),
                None => row.fill(0.0),
            });
            return Ok(());
        }
        let (of_group, inputs) = (outputs / groups, self.channels / groups * self.window.taps());
        let as_it_is = groups == 1 && self.window.is_pointwise();
        let mut rows = run.buffer(if as_it_is { 0 } else { ROWS * inputs });
        let mut part_y = run.buffer(if groups == 1 { 0 } else { ROWS * of_group });
        let mut part_of = |part: usize, y: &mut [f32]| -> Result<(), OpError> {
            let count = y.len() / outputs;
            for group in 0..groups {
                let x = if as_it_is {
                    &maps[part * ROWS * inputs..][..count * inputs]
                } else {
                    self.gather(maps, group, part * ROWS, &mut rows[..count * inputs]);
                    &rows[..count * inputs]
                };
                let x = ArrayView2::from_shape((count, inputs), x).expect("rows × inputs");
                let into = if groups == 1 { &mut *y } else { &mut part_y[..count * of_group] };
                let into = ArrayViewMut2::from_shape((count, of_group), into);
                carrier.multiply_part(run, group, part as u64, x, into.expect("rows × outputs"))?;
                if groups > 1 {
                    let from = part_y.chunks_exact(of_group);
                    for (y, from) in y.chunks_exact_mut(outputs).zip(from) {
                        y[group * of_group..][..of_group].copy_from_slice(from);
                    }
                }
            }
            if let Some(bias) = self.bias {
                for y in y.chunks_exact_mut(outputs) {
                    y.iter_mut().zip(bias).for_each(|(y, bias)| *y += bias);
                }
            }
            Ok(())
        };
        let mut parts = y.chunks_mut(ROWS * outputs).enumerate();
        let done = parts.try_for_each(|(part, y)| part_of(part, y));
        run.give(rows);
        run.give(part_y);
        done
    }

    /// Rows of a group from row `first` on.
    fn gather(&self, maps: &[f32], group: usize, first: usize, rows: &mut [f32]) {
        let of_group = self.channels / self.groups;
        let inputs = of_group * self.window.taps();
        let (positions, size) = (self.window.positions(), self.window.pixels() * self.channels);
        for (k, row) in rows.chunks_exact_mut(inputs).enumerate() {
            let (sample, position) = ((first + k) / positions, (first + k) % positions);
            let map = &maps[sample * size..][..size];
            self.window.gather(map, self.channels, (group * of_group, of_group), position, row);
        }
    }
}

/// A convolution; `first` counts its products where they are handed out.
struct Conv {
    spec: ConvSpec,
    first: Option<(usize, Vec<usize>)>,
}

impl Operator for Conv {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        let bias = inputs.optional(2).map(|bias| values::<f32>(bias, "the bias")).transpose()?;
        if let Some((first, kernel)) = &self.first {
            let carrier = Carrier::Products(*first);
            return Ok(vec![self.spec.run(x, kernel, &carrier, bias, run)?]);
        }
        if x.data_type() != crate::data_type::DataType::F32 {
            return Err(unsupported!("data of type {}", x.data_type()));
        }
        let kernel = inputs.get(1)?;
        let kernel: Cow<'_, Tensor> = match kernel.layout() {
            Layout::Standard => Cow::Borrowed(kernel),
            Layout::ChannelsLast => Cow::Owned(kernel.to_standard()),
        };
        let carrier = Carrier::Matrices(Cow::Owned(self.spec.matrices(&kernel)?));
        Ok(vec![self.spec.run(x, kernel.shape(), &carrier, bias, run)?])
    }

    fn takes_any_layout(&self) -> bool {
        true
    }

    fn place(&self, constants: &Constants<'_>, first: usize) -> Result<Place, OpError> {
        let Some(kernel) = constants.get(1) else {
            return Ok(Place::Digital("the kernel is computed".to_owned()));
        };
        let matrices = self.spec.matrices(kernel)?;
        let weights = (0..).zip(matrices).map(|(group, w)| (format!("group {group}"), w)).collect();
        let first = Some((first, kernel.shape().to_vec()));
        let operator = Box::new(Conv { spec: self.spec.clone(), first });
        Ok(Place::Products { operator, weights, consumed: vec![1] })
    }
}
