//! Elements picked out by index.

use super::movement::split_around;
use super::table::{Row, row};
use crate::error::{OpError, invalid};
use crate::operator::{Inputs, Operator, Run};
use crate::strided::{axis, strides};
use crate::tensor::{Element, Tensor, for_any};

pub(super) const TABLE: &[Row] = &[
    row("Gather", 2, 1, |a| Ok(Box::new(Gather { axis: a.int_or("axis", 0)? }))),
    row("GatherElements", 2, 1, |a| Ok(Box::new(GatherElements { axis: a.int_or("axis", 0)? }))),
    row("GatherND", 2, 1, |a| {
        let batch = a.int_or("batch_dims", 0)?;
        let batch = usize::try_from(batch).map_err(|_| invalid!("batch_dims {batch}"))?;
        Ok(Box::new(GatherNd { batch }))
    }),
];

/// Indices counted from the front, all within a dimension.
pub(super) fn within(indices: &[i64], dim: usize) -> Result<Vec<usize>, OpError> {
    let from_front = |&index: &i64| {
        let at = if index < 0 { index.saturating_add(dim as i64) } else { index };
        let at = usize::try_from(at).ok().filter(|&at| at < dim);
        at.ok_or_else(|| invalid!("index {index} of {dim} elements"))
    };
    indices.iter().map(from_front).collect()
}

struct Gather {
    axis: i64,
}

impl Operator for Gather {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        let at = axis(self.axis, x.rank())?;
        let (outer, dim, inner) = split_around(x, self.axis)?;
        let indices = within(&inputs.integers(1)?, dim)?;
        let mut shape = x.shape()[..at].to_vec();
        shape.extend(inputs.get(1)?.shape());
        shape.extend(&x.shape()[at + 1..]);
        let count = run.elements(&shape)?;
        run.spend(&[count])?;
        fn picked<E: Element>(
            x: &[E],
            (outer, dim, inner): (usize, usize, usize),
            indices: &[usize],
            count: usize,
        ) -> Vec<E> {
            let mut y = Vec::with_capacity(count);
            for k in 0..outer {
                for index in indices {
                    let from = (k * dim + index) * inner;
                    y.extend_from_slice(&x[from..from + inner]);
                }
            }
            y
        }
        let data = for_any!(x.data(), x => picked(x, (outer, dim, inner), &indices, count).into());
        Ok(vec![Tensor::with(shape, data)])
    }
}

struct GatherElements {
    axis: i64,
}

/// Where in `x` each index along an axis points, the other indices being those of the index.
pub(super) fn targets(
    x: &Tensor,
    at: usize,
    indices: &Tensor,
    flat: &[i64],
) -> Result<Vec<usize>, OpError> {
    let fits = |k: usize| k == at || indices.shape()[k] <= x.shape()[k];
    if indices.rank() != x.rank() || !(0..x.rank()).all(fits) {
        return Err(invalid!("indices of shape {:?} into {:?}", indices.shape(), x.shape()));
    }
    let along = within(flat, x.shape()[at])?;
    let steps = strides(x.shape());
    let target = |(position, along): (usize, usize)| {
        let (mut left, mut to) = (position, 0);
        for k in (0..x.rank()).rev() {
            let dim = indices.shape()[k];
            let index = if k == at { along } else { left % dim };
            to += index * steps[k] as usize;
            left /= dim;
        }
        to
    };
    Ok(along.into_iter().enumerate().map(target).collect())
}

impl Operator for GatherElements {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (x, indices) = (inputs.get(0)?, inputs.get(1)?);
        run.spend(&[indices.len(), x.rank()])?;
        let from = targets(x, axis(self.axis, x.rank())?, indices, &inputs.integers(1)?)?;
        let data = for_any!(x.data(), x => from.iter().map(|&at| x[at]).collect::<Vec<_>>().into());
        Ok(vec![Tensor::with(indices.shape().to_vec(), data)])
    }
}

struct GatherNd {
    batch: usize,
}

impl Operator for GatherNd {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (x, indices) = (inputs.get(0)?, inputs.get(1)?);
        let flat = inputs.integers(1)?;
        let Some((&depth, index_shape)) = indices.shape().split_last() else {
            return Err(invalid!("a single index"));
        };
        let batch = self.batch;
        let is_batch = batch <= index_shape.len()
            && batch + depth <= x.rank()
            && x.shape()[..batch] == index_shape[..batch];
        if !is_batch || depth == 0 {
            return Err(invalid!("indices of shape {:?} into {:?}", indices.shape(), x.shape()));
        }
        let mut shape = index_shape.to_vec();
        shape.extend(&x.shape()[batch + depth..]);
        let count = run.elements(&shape)?;
        run.spend(&[count])?;
        let batches: usize = x.shape()[..batch].iter().product();
        let per_batch = flat.len().checked_div(batches * depth).unwrap_or(0);
        let steps = strides(x.shape());
        let slice: usize = x.shape()[batch + depth..].iter().product();
        let of_batch: usize = x.shape()[batch..].iter().product();
        let mut from = Vec::with_capacity(flat.len() / depth);
        for (k, index) in flat.chunks_exact(depth).enumerate() {
            let mut at = k.checked_div(per_batch).unwrap_or(0) * of_batch;
            for (d, &index) in index.iter().enumerate() {
                at += within(&[index], x.shape()[batch + d])?[0] * steps[batch + d] as usize;
            }
            from.push(at);
        }
        let data = for_any!(x.data(), x => {
            from.iter().flat_map(|&at| x[at..at + slice].iter().copied()).collect::<Vec<_>>().into()
        });
        Ok(vec![Tensor::with(shape, data)])
    }
}
