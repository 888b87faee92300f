//! Elements written over or combined by index.

use super::arithmetic::Number;
use super::gather::{targets, within};
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Inputs, Operator, Run, values};
use crate::strided::{axis, strides};
use crate::tensor::{Data, Element, Tensor, for_any, for_numbers};

pub(super) const TABLE: &[Row] = &[
    row("Scatter", 3, 1, scatter_elements),
    row("ScatterElements", 3, 1, scatter_elements),
    row("ScatterND", 3, 1, |a| Ok(Box::new(ScatterNd { reduction: reduction(a)? }))),
];

#[derive(Clone, Copy, PartialEq)]
enum Reduction {
    None,
    Add,
    Mul,
    Max,
    Min,
}

fn reduction(attributes: &mut Attributes) -> Result<Reduction, OpError> {
    match attributes.text_or("reduction", "none")?.as_str() {
        "none" => Ok(Reduction::None),
        "add" => Ok(Reduction::Add),
        "mul" => Ok(Reduction::Mul),
        "max" if attributes.opset >= 18 => Ok(Reduction::Max),
        "min" if attributes.opset >= 18 => Ok(Reduction::Min),
        other => Err(unsupported!("reduction {other:?}")),
    }
}

struct ScatterElements {
    axis: i64,
    reduction: Reduction,
}

fn scatter_elements(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    let axis = attributes.int_or("axis", 0)?;
    Ok(Box::new(ScatterElements { axis, reduction: reduction(attributes)? }))
}

/// Writes runs of `len` updates at their places, in order.
fn write(
    x: &mut Data,
    updates: &Tensor,
    places: &[usize],
    len: usize,
    reduction: Reduction,
) -> Result<(), OpError> {
    fn set<E: Element>(x: &mut [E], from: &[E], places: &[usize], len: usize) {
        for (from, &at) in from.chunks_exact(len.max(1)).zip(places) {
            x[at..at + len].copy_from_slice(&from[..len]);
        }
    }
    fn combine<N: Number>(x: &mut [N], from: &[N], places: &[usize], len: usize, f: fn(N, N) -> N) {
        for (from, &at) in from.chunks_exact(len.max(1)).zip(places) {
            for (x, &from) in x[at..at + len].iter_mut().zip(from) {
                *x = f(*x, from);
            }
        }
    }
    if reduction == Reduction::None {
        for_any!(x, x => set(x, values(updates, "the updates")?, places, len));
        return Ok(());
    }
    for_numbers!(x, x => {
        let from = values(updates, "the updates")?;
        match reduction {
            Reduction::None => {}
            Reduction::Add => combine(x, from, places, len, Number::plus),
            Reduction::Mul => combine(x, from, places, len, Number::times),
            Reduction::Max => combine(x, from, places, len, Number::larger),
            Reduction::Min => combine(x, from, places, len, Number::smaller),
        }
    }, bool => return Err(unsupported!("arithmetic of truth values")));
    Ok(())
}

impl Operator for ScatterElements {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let mut y = inputs.take(0)?;
        let (indices, updates) = (inputs.get(1)?, inputs.get(2)?);
        if indices.shape() != updates.shape() {
            return Err(invalid!(
                "{:?} updates for {:?} indices",
                updates.shape(),
                indices.shape()
            ));
        }
        run.spend(&[indices.len(), y.rank()])?;
        let places = targets(&y, axis(self.axis, y.rank())?, indices, &inputs.integers(1)?)?;
        write(y.data_mut(), updates, &places, 1, self.reduction)?;
        Ok(vec![y])
    }
}

struct ScatterNd {
    reduction: Reduction,
}

impl Operator for ScatterNd {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let mut y = inputs.take(0)?;
        let (indices, updates) = (inputs.get(1)?, inputs.get(2)?);
        let Some((&depth, index_shape)) = indices.shape().split_last() else {
            return Err(invalid!("a single index"));
        };
        if depth == 0 || depth > y.rank() {
            return Err(invalid!("indices of shape {:?} into {:?}", indices.shape(), y.shape()));
        }
        let mut shape = index_shape.to_vec();
        shape.extend(&y.shape()[depth..]);
        if updates.shape() != shape {
            return Err(invalid!("{:?} updates in place of {shape:?}", updates.shape()));
        }
        run.spend(&[updates.len()])?;
        let steps = strides(y.shape());
        let len = y.shape()[depth..].iter().product();
        let mut places = Vec::new();
        for index in inputs.integers(1)?.chunks_exact(depth) {
            let mut at = 0;
            for (k, &index) in index.iter().enumerate() {
                at += within(&[index], y.shape()[k])?[0] * steps[k] as usize;
            }
            places.push(at);
        }
        write(y.data_mut(), updates, &places, len, self.reduction)?;
        Ok(vec![y])
    }
}
