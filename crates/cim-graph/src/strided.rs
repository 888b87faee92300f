//! Tensors looked at with other strides: transposed, sliced, reversed, repeated.

use crate::error::{OpError, invalid};
use crate::tensor::{Tensor, for_any};

/// Strides of a dense tensor, in elements.
pub(crate) fn strides(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1; shape.len()];
    for dim in (1..shape.len()).rev() {
        strides[dim - 1] = strides[dim] * shape[dim] as isize;
    }
    strides
}

/// Copies what a view shows of `source`; `count` is the number of elements of `shape`.
///
/// Every element of the view must lie within the source.
pub(crate) fn view_of<T: Copy>(
    source: &[T],
    offset: isize,
    shape: &[usize],
    strides: &[isize],
    count: usize,
) -> Vec<T> {
    let mut out = Vec::with_capacity(count);
    if count == 0 {
        return out;
    }
    let Some((&inner, outer)) = shape.split_last() else {
        out.push(source[offset as usize]);
        return out;
    };
    let step = strides[shape.len() - 1];
    let mut index = vec![0; outer.len()];
    let mut at = offset;
    loop {
        if step == 1 {
            out.extend_from_slice(&source[at as usize..at as usize + inner]);
        } else {
            out.extend((0..inner as isize).map(|k| source[(at + k * step) as usize]));
        }
        // The next row: an odometer over the outer dimensions.
        let mut dim = outer.len();
        loop {
            let Some(next) = dim.checked_sub(1) else { return out };
            dim = next;
            index[dim] += 1;
            at += strides[dim];
            if index[dim] < outer[dim] {
                break;
            }
            at -= strides[dim] * outer[dim] as isize;
            index[dim] = 0;
        }
    }
}

/// A tensor of what a view shows of another.
pub(crate) fn view(x: &Tensor, offset: isize, shape: Vec<usize>, strides: &[isize]) -> Tensor {
    let count = shape.iter().product();
    let data = for_any!(x.data(), values => view_of(values, offset, &shape, strides, count).into());
    Tensor::with(shape, data)
}

/// Reorders dimensions: dimension `k` of the result is `order[k]` of `x`.
pub(crate) fn permuted(x: &Tensor, order: &[usize]) -> Tensor {
    let of_x = strides(x.shape());
    let shape = order.iter().map(|&dim| x.shape()[dim]).collect();
    let strides: Vec<isize> = order.iter().map(|&dim| of_x[dim]).collect();
    view(x, 0, shape, &strides)
}

/// A dimension counted from the front, of one that may count from the back.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize, OpError> {
    let from_front = if axis < 0 { axis + rank as i64 } else { axis };
    usize::try_from(from_front)
        .ok()
        .filter(|&axis| axis < rank)
        .ok_or_else(|| invalid!("axis {axis} of {rank} dimensions"))
}

/// Dimensions counted from the front, each at most once, in ascending order.
pub(crate) fn axes(given: &[i64], rank: usize) -> Result<Vec<usize>, OpError> {
    let mut axes = given.iter().map(|&a| axis(a, rank)).collect::<Result<Vec<_>, _>>()?;
    axes.sort_unstable();
    if axes.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(invalid!("axes {given:?} name a dimension twice"));
    }
    Ok(axes)
}

/// Product of the dimensions before, at and after an axis.
pub(crate) fn around(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    let outer = shape[..axis].iter().product();
    let inner = shape[axis + 1..].iter().product();
    (outer, shape[axis], inner)
}
