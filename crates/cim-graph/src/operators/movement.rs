//! Operators that move elements without looking at them.

use super::table::{ANY, Row, row};
use crate::attributes::Attributes;
use crate::broadcast::{common_shape, stretched};
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Inputs, Operator, Run, values};
use crate::strided::{around, axes, axis, permuted, strides, view};
use crate::tensor::{Data, Element, Tensor, for_any};

pub(super) const TABLE: &[Row] = &[
    row("Concat", ANY, 1, |a| {
        // Opset 1 joins along dimension 1 where nothing is said.
        let axis = if a.opset < 4 { Some(a.int_or("axis", 1)?) } else { a.int("axis")? };
        Ok(Box::new(Concat { axis: axis.ok_or_else(|| invalid!("no axis"))? }))
    }),
    row("Expand", 2, 1, |_| Ok(Box::new(Expand))),
    row("Pad", 4, 1, pad),
    row("Slice", 5, 1, slice),
    row("Split", 2, ANY, split),
    row("Tile", 2, 1, |a| match a.opset {
        ..6 => Err(unsupported!("opset {}", a.opset)),
        _ => Ok(Box::new(Tile)),
    }),
    row("Transpose", 1, 1, |a| Ok(Box::new(Transpose { order: a.sizes("perm")? }))),
];

struct Transpose {
    order: Option<Vec<usize>>,
}

impl Operator for Transpose {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        run.spend(&[x.len()])?;
        let order = self.order.clone().unwrap_or_else(|| (0..x.rank()).rev().collect());
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..x.rank()) {
            return Err(invalid!("order {order:?} of {} dimensions", x.rank()));
        }
        Ok(vec![permuted(x, &order)])
    }
}

struct Expand;

impl Operator for Expand {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        let wanted = sizes(&inputs.integers(1)?)?;
        let shape = common_shape(x.shape(), &wanted)?;
        run.spend(&[run.elements(&shape)?])?;
        let strides = stretched(x.shape(), &shape);
        Ok(vec![view(x, 0, shape, &strides)])
    }
}

/// Integers that are sizes.
pub(super) fn sizes(values: &[i64]) -> Result<Vec<usize>, OpError> {
    let size = |&v: &i64| usize::try_from(v).map_err(|_| invalid!("a size of {v}"));
    values.iter().map(size).collect()
}

struct Tile;

impl Operator for Tile {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        let repeats = sizes(&inputs.integers(1)?)?;
        if repeats.len() != x.rank() {
            return Err(invalid!("{} repeats of {} dimensions", repeats.len(), x.rank()));
        }
        // Every dimension becomes two: how often, and what.
        let own = strides(x.shape());
        let (mut split, mut steps) = (Vec::new(), Vec::new());
        for (k, &repeat) in repeats.iter().enumerate() {
            split.extend([repeat, x.shape()[k]]);
            steps.extend([0, own[k]]);
        }
        run.spend(&[run.elements(&split)?])?;
        let shape = repeats.iter().zip(x.shape()).map(|(repeat, dim)| repeat * dim).collect();
        Ok(vec![view(x, 0, split, &steps).reshaped(shape)])
    }
}

struct Concat {
    axis: i64,
}

impl Operator for Concat {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let first = inputs.get(0)?;
        let at = axis(self.axis, first.rank())?;
        let mut shape = first.shape().to_vec();
        for index in 1..inputs.len() {
            let next = inputs.get(index)?.shape();
            let differs = |k: usize| k != at && next[k] != shape[k];
            if next.len() != shape.len() || (0..shape.len()).any(differs) {
                return Err(invalid!("shapes {:?} and {next:?} along axis {at}", first.shape()));
            }
            shape[at] = shape[at].saturating_add(next[at]);
        }
        let count = run.elements(&shape)?;
        run.spend(&[count])?;
        let outer = shape[..at].iter().product();
        fn joined<E: Element>(
            inputs: &Inputs<'_>,
            outer: usize,
            count: usize,
            _like: &[E],
        ) -> Result<Data, OpError> {
            let parts = (0..inputs.len()).map(|index| inputs.values::<E>(index));
            let parts = parts.collect::<Result<Vec<_>, _>>()?;
            let mut y = Vec::with_capacity(count);
            for k in 0..outer {
                for part in &parts {
                    let len = part.len() / outer;
                    y.extend_from_slice(&part[k * len..(k + 1) * len]);
                }
            }
            Ok(E::wrap(y))
        }
        let data = for_any!(first.data(), values => joined(&inputs, outer, count, values)?);
        Ok(vec![Tensor::with(shape, data)])
    }
}

struct Split {
    axis: i64,
    /// As an attribute, before opset 13.
    sizes: Option<Vec<i64>>,
    parts: usize,
    /// Whether the last part may be smaller than the others.
    may_be_uneven: bool,
}

fn split(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    let axis = attributes.int_or("axis", 0)?;
    let sizes = if attributes.opset < 13 { attributes.ints("split")? } else { None };
    let parts = attributes.outputs;
    let said = if attributes.opset >= 18 { attributes.int("num_outputs")? } else { None };
    if said.is_some_and(|said| said != parts as i64) {
        return Err(invalid!("num_outputs is not the {parts} outputs there are"));
    }
    Ok(Box::new(Split { axis, sizes, parts, may_be_uneven: said.is_some() }))
}

impl Operator for Split {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        run.spend(&[x.len()])?;
        let at = axis(self.axis, x.rank())?;
        let dim = x.shape()[at];
        let wanted = match (&self.sizes, inputs.optional(1)) {
            (Some(sizes), _) => sizes.clone(),
            (None, Some(_)) => inputs.integers(1)?,
            (None, None) => {
                let size = dim.div_ceil(self.parts.max(1));
                if !self.may_be_uneven && size * self.parts != dim {
                    return Err(invalid!("{dim} elements in {} equal parts", self.parts));
                }
                let part = |k| size.min(dim.saturating_sub(k * size)) as i64;
                (0..self.parts).map(part).collect()
            }
        };
        let parts = sizes(&wanted)?;
        let sum = parts.iter().try_fold(0usize, |sum, &part| sum.checked_add(part));
        if sum != Some(dim) || parts.len() != self.parts {
            return Err(invalid!("{dim} elements in {} parts of {wanted:?}", self.parts));
        }
        let steps = strides(x.shape());
        let mut from = 0;
        let mut part_of = |part: usize| {
            let mut shape = x.shape().to_vec();
            shape[at] = part;
            let offset = from as isize * steps[at];
            from += part;
            view(x, offset, shape, &steps)
        };
        Ok(parts.into_iter().map(&mut part_of).collect())
    }
}

/// Starts, ends and axes.
type FixedSlice = (Vec<i64>, Vec<i64>, Option<Vec<i64>>);

struct Slice {
    /// Starts, ends and axes as attributes, before opset 10.
    fixed: Option<FixedSlice>,
}

fn slice(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    if attributes.opset >= 10 {
        return Ok(Box::new(Slice { fixed: None }));
    }
    let starts = attributes.ints("starts")?.ok_or_else(|| invalid!("no starts"))?;
    let ends = attributes.ints("ends")?.ok_or_else(|| invalid!("no ends"))?;
    Ok(Box::new(Slice { fixed: Some((starts, ends, attributes.ints("axes")?)) }))
}

impl Operator for Slice {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        let optional = |index| inputs.optional(index).map(|_| inputs.integers(index)).transpose();
        let (starts, ends, given_axes, steps) = match &self.fixed {
            Some((starts, ends, axes)) => (starts.clone(), ends.clone(), axes.clone(), None),
            None => (inputs.integers(1)?, inputs.integers(2)?, optional(3)?, optional(4)?),
        };
        let count = starts.len();
        let given_axes = given_axes.unwrap_or_else(|| (0..count as i64).collect());
        let steps = steps.unwrap_or_else(|| vec![1; count]);
        if ends.len() != count || given_axes.len() != count || steps.len() != count {
            return Err(invalid!("{count} starts, {} ends, {} axes", ends.len(), given_axes.len()));
        }
        axes(&given_axes, x.rank())?;
        let mut strides = strides(x.shape());
        let (mut shape, mut offset) = (x.shape().to_vec(), 0);
        for k in 0..count {
            let at = axis(given_axes[k], x.rank())?;
            let (first, len) = range(starts[k], ends[k], steps[k], x.shape()[at])?;
            shape[at] = len;
            offset += first as isize * strides[at];
            // A step beyond the dimension is taken at most once.
            strides[at] *= steps[k].clamp(-(1 << 31), 1 << 31) as isize;
        }
        run.spend(&[run.elements(&shape)?])?;
        Ok(vec![view(x, offset, shape, &strides)])
    }
}

/// The first index and the number of indices of `start..end` with a step, as Python has it.
fn range(start: i64, end: i64, step: i64, dim: usize) -> Result<(usize, usize), OpError> {
    let dim = dim as i64;
    let from_front = |at: i64| if at < 0 { at.saturating_add(dim) } else { at };
    let (start, end) = (from_front(start), from_front(end));
    let (first, len) = match step {
        0 => return Err(invalid!("a step of 0")),
        1.. => {
            let (start, end) = (start.clamp(0, dim), end.clamp(0, dim));
            (start, ((end - start).max(0) as u64).div_ceil(step.unsigned_abs()))
        }
        _ => {
            let (start, end) = (start.clamp(-1, dim - 1), end.clamp(-1, dim - 1));
            ((start).max(0), ((start - end).max(0) as u64).div_ceil(step.unsigned_abs()))
        }
    };
    Ok((first as usize, len as usize))
}

#[derive(Clone, Copy, PartialEq)]
enum PadMode {
    Constant,
    Reflect,
    Edge,
    Wrap,
}

struct Pad {
    mode: PadMode,
    /// Before opset 11, as attributes.
    fixed: Option<(Vec<i64>, f32)>,
}

fn pad(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    let mode = match attributes.text_or("mode", "constant")?.as_str() {
        "constant" => PadMode::Constant,
        "reflect" => PadMode::Reflect,
        "edge" => PadMode::Edge,
        "wrap" if attributes.opset >= 19 => PadMode::Wrap,
        other => return Err(unsupported!("mode {other:?}")),
    };
    if attributes.opset >= 11 {
        return Ok(Box::new(Pad { mode, fixed: None }));
    }
    let name = if attributes.opset < 2 { "paddings" } else { "pads" };
    let pads = attributes.ints(name)?.ok_or_else(|| invalid!("no {name}"))?;
    Ok(Box::new(Pad { mode, fixed: Some((pads, attributes.float_or("value", 0.0)?)) }))
}

impl Operator for Pad {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        let rank = x.rank();
        let pads = match &self.fixed {
            Some((pads, _)) => pads.clone(),
            None => inputs.integers(1)?,
        };
        let padded = match inputs.optional(3) {
            None => (0..rank).collect::<Vec<_>>(),
            Some(_) => {
                let given = inputs.integers(3)?;
                axes(&given, rank)?;
                given.iter().map(|&a| axis(a, rank)).collect::<Result<_, _>>()?
            }
        };
        if pads.len() != 2 * padded.len() {
            return Err(invalid!("{} pads of {} dimensions", pads.len(), padded.len()));
        }
        let mut before = vec![0i64; rank];
        let mut shape = x.shape().to_vec();
        for (k, &dim) in padded.iter().enumerate() {
            let (front, back) = (pads[k], pads[k + padded.len()]);
            let size = (x.shape()[dim] as i64).checked_add(front).and_then(|n| n.checked_add(back));
            let size = size.and_then(|size| usize::try_from(size).ok());
            shape[dim] = size.ok_or_else(|| invalid!("pads {pads:?} of {:?}", x.shape()))?;
            before[dim] = front;
            if self.mode != PadMode::Constant && x.shape()[dim] == 0 && shape[dim] > 0 {
                return Err(invalid!("nothing to pad {:?} with", x.shape()));
            }
        }
        let count = run.elements(&shape)?;
        run.spend(&[count, rank.max(1)])?;
        // For every dimension, where each index comes from.
        let sources: Vec<Vec<Option<usize>>> = (0..rank)
            .map(|k| {
                let dim = x.shape()[k] as i64;
                (0..shape[k] as i64).map(|to| source(self.mode, to - before[k], dim)).collect()
            })
            .collect();
        let value = self.fixed.as_ref().map(|(_, value)| *value);
        let fill = inputs.optional(2);
        fn fill_of<E: Element>(fill: Option<&Tensor>, like: &[E]) -> Result<E, OpError> {
            let _ = like;
            match fill.map(|fill| values::<E>(fill, "the value")).transpose()? {
                None => Ok(E::default()),
                Some([fill]) => Ok(*fill),
                Some(several) => Err(invalid!("{} values in place of one", several.len())),
            }
        }
        let data = match (x.data(), value) {
            (Data::F32(values), Some(fill)) => {
                padded_with(values, x.shape(), &shape, &sources, fill).into()
            }
            (Data::F64(values), Some(fill)) => {
                padded_with(values, x.shape(), &shape, &sources, f64::from(fill)).into()
            }
            (other, Some(_)) => return Err(unsupported!("data of type {}", other.data_type())),
            (data, None) => for_any!(data, values => {
                padded_with(values, x.shape(), &shape, &sources, fill_of(fill, values)?).into()
            }),
        };
        Ok(vec![Tensor::with(shape, data)])
    }
}

/// Where index `at` of a dimension comes from.
fn source(mode: PadMode, at: i64, dim: i64) -> Option<usize> {
    let inside = match mode {
        PadMode::Constant => at,
        PadMode::Edge => at.clamp(0, dim - 1),
        PadMode::Wrap => at.rem_euclid(dim),
        PadMode::Reflect if dim == 1 => 0,
        PadMode::Reflect => {
            let period = 2 * (dim - 1);
            let at = at.rem_euclid(period);
            if at < dim { at } else { period - at }
        }
    };
    usize::try_from(inside).ok().filter(|&at| at < dim as usize)
}

fn padded_with<E: Element>(
    x: &[E],
    x_shape: &[usize],
    shape: &[usize],
    sources: &[Vec<Option<usize>>],
    fill: E,
) -> Vec<E> {
    let count: usize = shape.iter().product();
    let mut y = Vec::with_capacity(count);
    let Some((last, outer)) = sources.split_last() else { return x.to_vec() };
    if count == 0 {
        return y;
    }
    let steps = strides(x_shape);
    let rows: usize = shape[..outer.len()].iter().product();
    for row in 0..rows {
        let mut left = row;
        let mut at = Some(0);
        for k in (0..outer.len()).rev() {
            let index = outer[k][left % shape[k]];
            left /= shape[k];
            at = at.zip(index).map(|(at, index)| at + index * steps[k] as usize);
        }
        match at {
            None => y.extend(std::iter::repeat_n(fill, last.len())),
            Some(at) => {
                y.extend(last.iter().map(|index| index.map_or(fill, |index| x[at + index])))
            }
        }
    }
    y
}

/// Elements along an axis: outer × dim × inner.
pub(super) fn split_around(x: &Tensor, given: i64) -> Result<(usize, usize, usize), OpError> {
    Ok(around(x.shape(), axis(given, x.rank())?))
}
