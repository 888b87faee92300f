//! Where the largest, the smallest, or any element is.

use std::cmp::Ordering;

use super::arithmetic::Number;
use super::movement::split_around;
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::error::{OpError, invalid};
use crate::operator::{Inputs, Operator, Run};
use crate::strided::{axis, strides};
use crate::tensor::{Element, Tensor, for_any, for_numbers};

pub(super) const TABLE: &[Row] = &[
    row("ArgMax", 1, 1, |a| best(a, true)),
    row("ArgMin", 1, 1, |a| best(a, false)),
    row("NonZero", 1, 1, |_| Ok(Box::new(NonZero))),
    row("TopK", 2, 2, top),
];

struct Best {
    axis: i64,
    is_largest: bool,
    keeps: bool,
    is_last: bool,
}

fn best(attributes: &mut Attributes, is_largest: bool) -> Result<Box<dyn Operator>, OpError> {
    Ok(Box::new(Best {
        axis: attributes.int_or("axis", 0)?,
        is_largest,
        keeps: attributes.flag("keepdims", true)?,
        is_last: attributes.flag("select_last_index", false)?,
    }))
}

impl Operator for Best {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        run.spend(&[x.len()])?;
        let at = axis(self.axis, x.rank())?;
        let (outer, dim, inner) = split_around(x, self.axis)?;
        if dim == 0 {
            return Err(invalid!("the best of no element"));
        }
        let better = |order: Option<Ordering>| match order {
            Some(Ordering::Equal) => self.is_last,
            Some(Ordering::Greater) => self.is_largest,
            Some(Ordering::Less) => !self.is_largest,
            None => false,
        };
        let mut y = Vec::with_capacity(outer * inner);
        for_numbers!(x.data(), x => {
            for k in 0..outer {
                for j in 0..inner {
                    let value = |d: usize| x[(k * dim + d) * inner + j];
                    let mut best = 0;
                    for d in 1..dim {
                        if better(value(d).partial_cmp(&value(best))) {
                            best = d;
                        }
                    }
                    y.push(best as i64);
                }
            }
        }, bool => return Err(invalid!("the best of truth values")));
        let mut shape = x.shape().to_vec();
        if self.keeps {
            shape[at] = 1;
        } else {
            shape.remove(at);
        }
        Ok(vec![Tensor::of(shape, y)])
    }
}

struct NonZero;

impl Operator for NonZero {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        run.spend(&[x.len(), x.rank().max(1)])?;
        fn places<E: Element>(values: &[E]) -> Vec<usize> {
            let is = |(at, value): (usize, &E)| (*value != E::default()).then_some(at);
            values.iter().enumerate().filter_map(is).collect()
        }
        let places = for_any!(x.data(), values => places(values));
        let steps = strides(x.shape());
        let mut y = Vec::with_capacity(places.len() * x.rank());
        for (&step, &dim) in steps.iter().zip(x.shape()) {
            y.extend(places.iter().map(|at| (at / step as usize % dim) as i64));
        }
        Ok(vec![Tensor::of(vec![x.rank(), places.len()], y)])
    }
}

/// The largest or smallest elements along an axis, and where they were.
struct Top {
    axis: i64,
    is_largest: bool,
    /// As an attribute, before opset 10.
    count: Option<i64>,
}

fn top(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    // Unsorted answers may be in any order, so also in this one.
    attributes.ignore("sorted");
    let count = if attributes.opset < 10 { attributes.int("k")? } else { None };
    let is_largest = attributes.flag("largest", true)?;
    Ok(Box::new(Top { axis: attributes.int_or("axis", -1)?, is_largest, count }))
}

impl Operator for Top {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        let at = axis(self.axis, x.rank())?;
        let (outer, dim, inner) = split_around(x, self.axis)?;
        let count = match self.count {
            Some(count) => count,
            None => match inputs.integers(1)?[..] {
                [count] => count,
                ref several => return Err(invalid!("{} counts in place of one", several.len())),
            },
        };
        let count = usize::try_from(count).ok().filter(|&count| count <= dim);
        let count = count.ok_or_else(|| invalid!("more than the {dim} elements there are"))?;
        run.spend(&[x.len(), (dim.max(2)).ilog2() as usize + 1])?;
        fn best<N: Number>(
            x: &[N],
            (outer, dim, inner): (usize, usize, usize),
            count: usize,
            is_largest: bool,
        ) -> (Vec<N>, Vec<i64>) {
            let mut chosen = vec![N::default(); outer * count * inner];
            let mut places = vec![0; chosen.len()];
            for k in 0..outer {
                for j in 0..inner {
                    let value = |d: usize| x[(k * dim + d) * inner + j];
                    let mut order: Vec<usize> = (0..dim).collect();
                    // Stable: of equal elements the first comes first.
                    order.sort_by(|&a, &b| {
                        let order = value(a).partial_cmp(&value(b)).unwrap_or(Ordering::Equal);
                        if is_largest { order.reverse() } else { order }
                    });
                    for (rank, &d) in order[..count].iter().enumerate() {
                        let to = (k * count + rank) * inner + j;
                        (chosen[to], places[to]) = (value(d), d as i64);
                    }
                }
            }
            (chosen, places)
        }
        let mut shape = x.shape().to_vec();
        shape[at] = count;
        for_numbers!(x.data(), x => {
            let (chosen, places) = best(x, (outer, dim, inner), count, self.is_largest);
            Ok(vec![Tensor::of(shape.clone(), chosen), Tensor::of(shape, places)])
        }, bool => Err(invalid!("the best of truth values")))
    }
}
