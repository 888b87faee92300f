//! Softmax and what is built on it.

use super::elementwise::Real;
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::error::{OpError, unsupported};
use crate::operator::{Inputs, Operator, Run};
use crate::strided::{around, axis};
use crate::tensor::{Data, Tensor};

pub(super) const TABLE: &[Row] = &[
    row("Hardmax", 1, 1, |a| softmax(a, Kind::Hardmax)),
    row("LogSoftmax", 1, 1, |a| softmax(a, Kind::LogSoftmax)),
    row("Softmax", 1, 1, |a| softmax(a, Kind::Softmax)),
];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Softmax,
    LogSoftmax,
    Hardmax,
}

struct Softmax {
    kind: Kind,
    axis: i64,
    /// Before opset 13: over all dimensions from the axis on.
    is_flat: bool,
}

fn softmax(attributes: &mut Attributes, kind: Kind) -> Result<Box<dyn Operator>, OpError> {
    let is_flat = attributes.opset < 13;
    let axis = attributes.int_or("axis", if is_flat { 1 } else { -1 })?;
    Ok(Box::new(Softmax { kind, axis, is_flat }))
}

impl Operator for Softmax {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let mut x = inputs.take(0)?;
        run.spend(&[x.len()])?;
        let rank = x.rank();
        let (outer, dim, inner) = match self.axis {
            end if self.is_flat && end == rank as i64 => (x.len(), 1, 1),
            given if self.is_flat => {
                let at = axis(given, rank)?;
                (x.shape()[..at].iter().product(), x.shape()[at..].iter().product(), 1)
            }
            given => around(x.shape(), axis(given, rank)?),
        };
        match x.data_mut() {
            Data::F32(values) => along(self.kind, values, outer, dim, inner),
            Data::F64(values) => along(self.kind, values, outer, dim, inner),
            other => return Err(unsupported!("data of type {}", other.data_type())),
        }
        Ok(vec![x])
    }
}

fn along<R: Real>(kind: Kind, x: &mut [R], outer: usize, dim: usize, inner: usize) {
    if inner == 1 {
        if dim > 0 {
            x.chunks_exact_mut(dim).for_each(|row| one(kind, row));
        }
        return;
    }
    let mut row = vec![R::zero(); dim];
    for k in 0..outer {
        for j in 0..inner {
            let at = |d: usize| (k * dim + d) * inner + j;
            row.iter_mut().enumerate().for_each(|(d, v)| *v = x[at(d)]);
            one(kind, &mut row);
            row.iter().enumerate().for_each(|(d, v)| x[at(d)] = *v);
        }
    }
}

/// Logarithm of the softmax of one vector.
pub(super) fn one_log_softmax<R: Real>(row: &mut [R]) {
    one(Kind::LogSoftmax, row);
}

fn one<R: Real>(kind: Kind, row: &mut [R]) {
    let largest = row.iter().copied().fold(R::neg_infinity(), R::max);
    match kind {
        Kind::Softmax => {
            row.iter_mut().for_each(|v| *v = (*v - largest).exp());
            let sum = row.iter().fold(R::zero(), |sum, &v| sum + v);
            let scale = R::one() / sum;
            row.iter_mut().for_each(|v| *v = *v * scale);
        }
        Kind::LogSoftmax => {
            let sum = row.iter().fold(R::zero(), |sum, &v| sum + (v - largest).exp());
            let shift = largest + sum.ln();
            row.iter_mut().for_each(|v| *v = *v - shift);
        }
        Kind::Hardmax => {
            let first = row.iter().position(|&v| v == largest);
            row.fill(R::zero());
            if let Some(first) = first {
                row[first] = R::one();
            }
        }
    }
}
