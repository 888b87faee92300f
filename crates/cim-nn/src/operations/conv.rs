//! Convolution over time or pictures, lowered to a product.
//!
//! Positions are the rows of the product: a tile sees, one after another, the vectors that a chip
//! would be driven with. Inputs of the product are channel, then place in the window (down, right),
//! which is the order of PyTorch's weights (outputs × channels × height × width, flattened and
//! transposed). Each group is a product of its own.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::window::{Sides, Window};
use super::{Backward, Builder, Call, Carrier, Context, Operate, Saved};
use crate::error::{NetworkError, Problem};
use crate::real::Real;
use crate::shape::Shape;

/// Numbers of the unfolded input that are worked on at a time: they stay in the second-level cache.
const STRIP: usize = 1 << 16;

/// `{ op = "conv2d", channels = 6, kernel = 5, stride = 1, padding = 2, groups = 1 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv2dSpec {
    /// Channels behind it.
    pub channels: usize,
    /// Sides of the window.
    pub kernel: Sides,
    /// From window to window; 1 unless given.
    #[serde(default = "Sides::one")]
    pub stride: Sides,
    /// Zeros around the picture; 0 unless given.
    #[serde(default = "Sides::zero")]
    pub padding: Sides,
    /// Channels are cut into so many groups that do not mix; 1 unless given.
    #[serde(default = "one")]
    pub groups: usize,
}

/// `{ op = "conv1d", channels = 16, kernel = 7, stride = 2, padding = 3, groups = 1 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv1dSpec {
    /// Channels behind it.
    pub channels: usize,
    /// Points in time of the window.
    pub kernel: usize,
    /// From window to window; 1 unless given.
    #[serde(default = "one")]
    pub stride: usize,
    /// Zeros before and after the series; 0 unless given.
    #[serde(default)]
    pub padding: usize,
    /// Channels are cut into so many groups that do not mix; 1 unless given.
    #[serde(default = "one")]
    pub groups: usize,
}

fn one() -> usize {
    1
}

/// A convolution for one shape of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conv {
    first_product: usize,
    groups: usize,
    /// Channels of a group, before and behind.
    group_in: usize,
    group_out: usize,
    window: Window,
}

impl Conv1dSpec {
    pub(crate) fn build(&self, input: Shape, builder: &mut Builder) -> Result<Conv, NetworkError> {
        if input.height != 1 {
            return Err(builder.problem(Problem::NotSeries { shape: input }));
        }
        Conv2dSpec {
            channels: self.channels,
            kernel: Sides::Each(1, self.kernel),
            stride: Sides::Each(1, self.stride),
            padding: Sides::Each(0, self.padding),
            groups: self.groups,
        }
        .build(input, builder)
    }
}

impl Conv2dSpec {
    pub(crate) fn build(&self, input: Shape, builder: &mut Builder) -> Result<Conv, NetworkError> {
        builder.positive("channels", self.channels)?;
        builder.positive("groups", self.groups)?;
        let window = Window::new(input, [self.kernel, self.stride, self.padding], builder)?;
        let groups = self.groups;
        for channels in [input.channels, self.channels] {
            if channels % groups != 0 {
                return Err(builder.problem(Problem::Groups { groups, channels }));
            }
        }
        let (group_in, group_out) = (input.channels / groups, self.channels / groups);
        let inputs = group_in.saturating_mul(window.kernel_len());
        let sigma = (2.0 / inputs as f32).sqrt();
        let first_product = builder.next_product();
        for group in 0..groups {
            let part = if groups == 1 { String::new() } else { format!(", group {group}") };
            builder.product(&part, (inputs, group_out), window.outputs(), sigma)?;
        }
        Ok(Conv { first_product, groups, group_in, group_out, window })
    }
}

impl Conv {
    /// Inputs of each product.
    fn inputs(&self) -> usize {
        self.group_in * self.window.kernel_len()
    }

    /// Output rows of a strip, and strips of an image.
    fn strips(&self) -> (usize, usize) {
        let [height, width] = self.window.output;
        let rows = (STRIP / (self.inputs() * width)).clamp(1, height);
        (rows, height.div_ceil(rows))
    }

    /// Calls `work` for every group, image and strip.
    fn for_each_strip(&self, batch: usize, capacity: usize, mut work: impl FnMut(Strip)) {
        let (strip_rows, strips) = self.strips();
        for image in 0..batch {
            for group in 0..self.groups {
                for strip in 0..strips {
                    let first = strip * strip_rows;
                    let rows = first..(first + strip_rows).min(self.window.output[0]);
                    let call = Call {
                        product: self.first_product + group,
                        slot: image * strips + strip,
                        slots: capacity * strips,
                    };
                    let channel_in = (image * self.groups + group) * self.group_in;
                    let channel_out = (image * self.groups + group) * self.group_out;
                    let x = channel_in * self.window.inputs();
                    let first_y = rows.start * self.window.output[1];
                    let y = channel_out * self.window.outputs() + first_y;
                    let width = rows.len() * self.window.output[1];
                    work(Strip { call, rows, width, x, y });
                }
            }
        }
    }

    /// The samples behind the input converters, in `converted` if there are any.
    fn drive<'a, T: Real, C: Carrier<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        x: &'a [T],
        converted: &'a mut Vec<T>,
    ) -> &'a [T] {
        if !self.products().any(|product| context.carrier.converts(product)) {
            return x;
        }
        converted.resize(x.len(), T::default());
        converted.copy_from_slice(x);
        let group = self.group_in * self.window.inputs();
        for (idx, x) in converted.chunks_exact_mut(group).enumerate() {
            context.carrier.convert(self.first_product + idx % self.groups, x);
        }
        converted
    }

    fn unfolded<'a, T: Real>(
        &self,
        x: &'a [T],
        rows: Range<usize>,
        columns: &'a mut Vec<T>,
    ) -> &'a [T] {
        let width = rows.len() * self.window.output[1];
        if self.window.is_identity() && rows.len() == self.window.output[0] {
            return &x[..self.group_in * self.window.inputs()];
        }
        columns.resize(self.inputs() * width, T::default());
        self.window.unfold(x, rows, columns);
        columns
    }
}

/// Some output rows of one group of one image.
struct Strip {
    call: Call,
    rows: Range<usize>,
    /// Positions.
    width: usize,
    /// Where the channels of the group begin.
    x: usize,
    /// Where the outputs begin.
    y: usize,
}

impl Operate for Conv {
    fn output(&self) -> Shape {
        let [height, width] = self.window.output;
        Shape { channels: self.groups * self.group_out, height, width }
    }

    fn has_places(&self) -> bool {
        true
    }

    fn products(&self) -> Range<usize> {
        self.first_product..self.first_product + self.groups
    }

    fn weighted(&self) -> Range<usize> {
        self.products()
    }

    fn forward<T: Real, C: Carrier<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        y: &mut Vec<T>,
        saved: &mut Saved<T>,
    ) {
        let [converted, columns, ..] = &mut saved.values;
        y.resize(batch * self.output().len(), T::default());
        let x = self.drive(context, x, converted);
        let capacity = context.capacity;
        self.for_each_strip(batch, capacity, |strip| {
            let columns = self.unfolded(&x[strip.x..], strip.rows, columns);
            let stride = self.window.outputs();
            context.carrier.columns(strip.call, columns, strip.width, &mut y[strip.y..], stride);
        });
    }

    fn backward<T: Real, C: Backward<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        _y: &[T],
        dy: &mut Vec<T>,
        dx: &mut Vec<T>,
        wanted: bool,
        saved: &mut Saved<T>,
    ) {
        let [converted, columns, slopes, ..] = &mut saved.values;
        let driven = if self.products().any(|product| context.carrier.converts(product)) {
            &converted[..]
        } else {
            x
        };
        dx.resize(if wanted { x.len() } else { 0 }, T::default());
        dx.fill(T::default());
        let capacity = context.capacity;
        self.for_each_strip(batch, capacity, |strip| {
            let Strip { call, rows, width, .. } = strip;
            let columns = self.unfolded(&driven[strip.x..], rows.clone(), columns);
            slopes.resize(if wanted { columns.len() } else { 0 }, T::default());
            let (dy, stride) = (&dy[strip.y..], self.window.outputs());
            let slope = wanted.then_some(&mut slopes[..]);
            context.carrier.columns_back(call, columns, width, dy, stride, slope);
            if wanted {
                self.window.fold(slopes, rows, &mut dx[strip.x..]);
            }
        });
        if wanted {
            let group = self.group_in * self.window.inputs();
            for (idx, (x, dx)) in x.chunks_exact(group).zip(dx.chunks_exact_mut(group)).enumerate()
            {
                context.carrier.convert_back(self.first_product + idx % self.groups, x, dx);
            }
        }
    }
}

#[cfg(test)]
impl super::gradients::Random for Conv2dSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        let (groups, image) = (draws.whole(1, 3), draws.image());
        let channels = groups * draws.whole(1, 2);
        let keys = format!("channels = {channels}\ngroups = {groups}\n{}", draws.window(2));
        let input = Shape { channels: groups * draws.whole(1, 2), ..image };
        Some((super::gradients::written(&keys), input))
    }
}

#[cfg(test)]
impl super::gradients::Random for Conv1dSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        let (groups, series) = (draws.whole(1, 3), draws.series());
        let channels = groups * draws.whole(1, 2);
        let keys = format!("channels = {channels}\ngroups = {groups}\n{}", draws.window(1));
        let input = Shape { channels: groups * draws.whole(1, 2), ..series };
        Some((super::gradients::written(&keys), input))
    }
}
