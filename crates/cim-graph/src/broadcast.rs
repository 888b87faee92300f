//! Operations on two tensors whose dimensions of 1 stand for as many as the other has.

use crate::error::{OpError, invalid};
use crate::strided::strides;

/// The shape that both are stretched to.
pub(crate) fn common_shape(a: &[usize], b: &[usize]) -> Result<Vec<usize>, OpError> {
    let rank = a.len().max(b.len());
    let dim =
        |shape: &[usize], k: usize| (k + shape.len()).checked_sub(rank).map_or(1, |k| shape[k]);
    (0..rank)
        .map(|k| match (dim(a, k), dim(b, k)) {
            (m, n) if m == n => Ok(m),
            (1, n) | (n, 1) => Ok(n),
            _ => Err(invalid!("shapes {a:?} and {b:?} do not go together")),
        })
        .collect()
}

/// Strides with which `shape` is stretched to `to`: 0 where a dimension is repeated.
pub(crate) fn stretched(shape: &[usize], to: &[usize]) -> Vec<isize> {
    let own = strides(shape);
    let missing = to.len() - shape.len();
    let stride = |k: usize| match k.checked_sub(missing) {
        Some(dim) if shape[dim] != 1 => own[dim],
        _ => 0,
    };
    (0..to.len()).map(stride).collect()
}

/// Dimensions that neither operand interrupts, merged: fewer and longer loops.
fn merged(shape: &[usize], a: &[isize], b: &[isize]) -> (Vec<usize>, Vec<isize>, Vec<isize>) {
    let (mut dims, mut a_out, mut b_out): (Vec<usize>, Vec<isize>, Vec<isize>) = Default::default();
    for k in 0..shape.len() {
        if shape[k] == 1 {
            continue;
        }
        if let Some(last) = dims.len().checked_sub(1) {
            let n = shape[k] as isize;
            if a_out[last] == a[k] * n && b_out[last] == b[k] * n {
                dims[last] *= shape[k];
                (a_out[last], b_out[last]) = (a[k], b[k]);
                continue;
            }
        }
        dims.push(shape[k]);
        a_out.push(a[k]);
        b_out.push(b[k]);
    }
    (dims, a_out, b_out)
}

/// Calls `f` for every pair of elements, in the order of `shape`, the common shape of both.
pub(crate) fn zip<A: Copy, B: Copy, O>(
    shape: &[usize],
    (a, a_shape): (&[A], &[usize]),
    (b, b_shape): (&[B], &[usize]),
    f: impl Fn(A, B) -> O,
) -> Vec<O> {
    let count: usize = shape.iter().product();
    let mut out = Vec::with_capacity(count);
    if count == 0 {
        return out;
    }
    let (dims, a_strides, b_strides) =
        merged(shape, &stretched(a_shape, shape), &stretched(b_shape, shape));
    let Some((&inner, outer)) = dims.split_last() else {
        out.push(f(a[0], b[0]));
        return out;
    };
    let (a_step, b_step) = (a_strides[outer.len()], b_strides[outer.len()]);
    let mut index = vec![0; outer.len()];
    let (mut a_at, mut b_at) = (0isize, 0isize);
    loop {
        let (a_row, b_row) = (&a[a_at as usize..], &b[b_at as usize..]);
        match (a_step, b_step) {
            (1, 1) => {
                out.extend(a_row[..inner].iter().zip(&b_row[..inner]).map(|(&a, &b)| f(a, b)));
            }
            (1, 0) => out.extend(a_row[..inner].iter().map(|&a| f(a, b_row[0]))),
            (0, 1) => out.extend(b_row[..inner].iter().map(|&b| f(a_row[0], b))),
            _ => out.extend(
                (0..inner as isize)
                    .map(|k| f(a_row[(k * a_step) as usize], b_row[(k * b_step) as usize])),
            ),
        }
        let mut dim = outer.len();
        loop {
            let Some(next) = dim.checked_sub(1) else { return out };
            dim = next;
            index[dim] += 1;
            a_at += a_strides[dim];
            b_at += b_strides[dim];
            if index[dim] < outer[dim] {
                break;
            }
            a_at -= a_strides[dim] * outer[dim] as isize;
            b_at -= b_strides[dim] * outer[dim] as isize;
            index[dim] = 0;
        }
    }
}
