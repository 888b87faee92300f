//! Sums, means, extremes and norms along dimensions.

use super::arithmetic::Number;
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::data_type::DataType;
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Inputs, Operator, Run};
use crate::strided::{around, axes, axis, permuted};
use crate::tensor::{Tensor, for_numbers};

pub(super) const TABLE: &[Row] = &[
    row("CumSum", 2, 1, |a| {
        let (is_exclusive, is_reverse) = (a.flag("exclusive", false)?, a.flag("reverse", false)?);
        Ok(Box::new(CumSum { is_exclusive, is_reverse }))
    }),
    row("ReduceL1", 2, 1, |a| reduce(a, Kind::L1)),
    row("ReduceL2", 2, 1, |a| reduce(a, Kind::L2)),
    row("ReduceLogSum", 2, 1, |a| reduce(a, Kind::LogSum)),
    row("ReduceLogSumExp", 2, 1, |a| reduce(a, Kind::LogSumExp)),
    row("ReduceMax", 2, 1, |a| reduce(a, Kind::Max)),
    row("ReduceMean", 2, 1, |a| reduce(a, Kind::Mean)),
    row("ReduceMin", 2, 1, |a| reduce(a, Kind::Min)),
    row("ReduceProd", 2, 1, |a| reduce(a, Kind::Prod)),
    row("ReduceSum", 2, 1, |a| reduce(a, Kind::Sum)),
    row("ReduceSumSquare", 2, 1, |a| reduce(a, Kind::SumSquare)),
];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    L1,
    L2,
    LogSum,
    LogSumExp,
    Max,
    Mean,
    Min,
    Prod,
    Sum,
    SumSquare,
}

struct Reduce {
    kind: Kind,
    /// As an attribute, in older versions.
    axes: Option<Vec<i64>>,
    keeps: bool,
    nothing_means_nothing: bool,
}

fn reduce(attributes: &mut Attributes, kind: Kind) -> Result<Box<dyn Operator>, OpError> {
    let as_input = attributes.opset >= if kind == Kind::Sum { 13 } else { 18 };
    if !as_input && attributes.inputs > 1 {
        return Err(unsupported!("axes as an input in opset {}", attributes.opset));
    }
    Ok(Box::new(Reduce {
        kind,
        axes: if as_input { None } else { attributes.ints("axes")? },
        keeps: attributes.flag("keepdims", true)?,
        nothing_means_nothing: as_input && attributes.flag("noop_with_empty_axes", false)?,
    }))
}

impl Operator for Reduce {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let given = match (&self.axes, inputs.optional(1)) {
            (Some(axes), _) => axes.clone(),
            (None, Some(_)) => inputs.integers(1)?,
            (None, None) => Vec::new(),
        };
        let x = inputs.take_shared(0)?;
        run.spend(&[x.len()])?;
        if given.is_empty() && self.nothing_means_nothing {
            return match self.kind {
                Kind::L1 | Kind::L2 | Kind::LogSum | Kind::LogSumExp | Kind::SumSquare => {
                    Err(unsupported!("noop_with_empty_axes"))
                }
                _ => Ok(vec![x.into_owned()]),
            };
        }
        let over = match given.is_empty() {
            true => (0..x.rank()).collect(),
            false => axes(&given, x.rank())?,
        };
        let is_kept = |k: &usize| !over.contains(k);
        let mut order: Vec<usize> = (0..x.rank()).filter(is_kept).collect();
        let shape = if self.keeps {
            (0..x.rank()).map(|k| if is_kept(&k) { x.shape()[k] } else { 1 }).collect()
        } else {
            order.iter().map(|&k| x.shape()[k]).collect::<Vec<_>>()
        };
        order.extend(&over);
        let len: usize = over.iter().map(|&k| x.shape()[k]).product();
        let count: usize = shape.iter().product();
        let in_order = order.is_sorted();
        let permuted = if in_order { None } else { Some(permuted(&x, &order)) };
        let x = permuted.as_ref().unwrap_or(&x);
        if len == 0 && matches!(self.kind, Kind::Max | Kind::Min | Kind::Mean) {
            return Err(unsupported!("the extreme or mean of no element"));
        }
        let kind = self.kind;
        let is_integer = !matches!(x.data_type(), DataType::F32 | DataType::F64);
        if is_integer && matches!(kind, Kind::L2 | Kind::LogSum | Kind::LogSumExp | Kind::Mean) {
            return Err(unsupported!("data of type {}", x.data_type()));
        }
        let data = for_numbers!(x.data(), x => {
            let rows = (0..count).map(|k| reduced(kind, &x[k * len..][..len], is_integer));
            rows.collect::<Vec<_>>().into()
        }, bool => return Err(unsupported!("data of type bool")));
        Ok(vec![Tensor::with(shape, data)])
    }
}

fn reduced<N: Number>(kind: Kind, row: &[N], is_integer: bool) -> N {
    if is_integer {
        let (zero, one) = (N::default(), N::from_f64(1.0));
        let magnitude = |v: N| if v < zero { zero.minus(v) } else { v };
        return match kind {
            Kind::L1 => row.iter().fold(zero, |sum, &v| sum.plus(magnitude(v))),
            Kind::SumSquare => row.iter().fold(zero, |sum, &v| sum.plus(v.times(v))),
            Kind::Prod => row.iter().fold(one, |product, &v| product.times(v)),
            Kind::Max => row[1..].iter().fold(row[0], |best, &v| best.larger(v)),
            Kind::Min => row[1..].iter().fold(row[0], |best, &v| best.smaller(v)),
            _ => row.iter().fold(zero, |sum, &v| sum.plus(v)),
        };
    }
    // Sums of many small numbers are taken with twice the digits.
    let values = || row.iter().map(|v| v.to_f64());
    N::from_f64(match kind {
        Kind::L1 => values().map(f64::abs).sum(),
        Kind::L2 => values().map(|v| v * v).sum::<f64>().sqrt(),
        Kind::LogSum => values().sum::<f64>().ln(),
        Kind::LogSumExp => {
            let largest = values().fold(f64::NEG_INFINITY, f64::max);
            let shift = if largest.is_finite() { largest } else { 0.0 };
            values().map(|v| (v - shift).exp()).sum::<f64>().ln() + shift
        }
        Kind::Max => return row[1..].iter().fold(row[0], |best, &v| best.larger(v)),
        Kind::Mean => values().sum::<f64>() / row.len() as f64,
        Kind::Min => return row[1..].iter().fold(row[0], |best, &v| best.smaller(v)),
        Kind::Prod => values().product(),
        Kind::Sum => values().sum(),
        Kind::SumSquare => values().map(|v| v * v).sum(),
    })
}

/// Sums of `x` over some dimensions, which keep a size of 1.
pub(super) fn sums(x: &[f32], shape: &[usize], over: &[usize]) -> Vec<f32> {
    let mut order: Vec<usize> = (0..shape.len()).filter(|k| !over.contains(k)).collect();
    order.extend(over);
    let x = permuted(&Tensor::of(shape.to_vec(), x.to_vec()), &order);
    let len: usize = over.iter().map(|&k| shape[k]).product();
    let values = x.as_f32().unwrap_or_default();
    values.chunks_exact(len.max(1)).map(|row| reduced(Kind::Sum, row, false)).collect()
}

struct CumSum {
    is_exclusive: bool,
    is_reverse: bool,
}

impl Operator for CumSum {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let along = match inputs.integers(1)?[..] {
            [along] => along,
            ref several => return Err(invalid!("{} axes in place of one", several.len())),
        };
        let mut x = inputs.take(0)?;
        run.spend(&[x.len()])?;
        let (outer, dim, inner) = around(x.shape(), axis(along, x.rank())?);
        fn cumulate<N: Number>(
            x: &mut [N],
            (outer, dim, inner): (usize, usize, usize),
            (is_exclusive, is_reverse): (bool, bool),
        ) {
            for k in 0..outer {
                for j in 0..inner {
                    let mut sum = N::default();
                    for d in 0..dim {
                        let d = if is_reverse { dim - 1 - d } else { d };
                        let v = &mut x[(k * dim + d) * inner + j];
                        let next = sum.plus(*v);
                        *v = if is_exclusive { sum } else { next };
                        sum = next;
                    }
                }
            }
        }
        let how = (self.is_exclusive, self.is_reverse);
        for_numbers!(x.data_mut(), x => cumulate(x, (outer, dim, inner), how),
            bool => return Err(invalid!("sums of truth values")));
        Ok(vec![x])
    }
}
