//! Operators that look at or change a shape and leave the elements where they are.

use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Inputs, Operator, Run};
use crate::strided::{axes, axis};
use crate::tensor::Tensor;

pub(super) const TABLE: &[Row] = &[
    row("Dropout", 3, 2, dropout),
    row("Flatten", 1, 1, |a| Ok(Box::new(Flatten { axis: a.int_or("axis", 1)? }))),
    row("Identity", 1, 1, |_| Ok(Box::new(Identity))),
    row("Reshape", 2, 1, reshape),
    row("Shape", 1, 1, |a| {
        Ok(Box::new(Shape { start: a.int_or("start", 0)?, end: a.int("end")? }))
    }),
    row("Size", 1, 1, |_| Ok(Box::new(Size))),
    row("Squeeze", 2, 1, |a| squeeze(a, false)),
    row("Unsqueeze", 2, 1, |a| squeeze(a, true)),
];

struct Identity;

impl Operator for Identity {
    fn run(&self, mut inputs: Inputs<'_>, _run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        Ok(vec![inputs.take(0)?])
    }

    fn takes_any_layout(&self) -> bool {
        true
    }
}

/// Nothing at all in inference; its mask keeps everything.
struct Dropout {
    wants_mask: bool,
}

fn dropout(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    attributes.ignore("seed");
    attributes.ignore("ratio");
    if attributes.opset < 7 && !attributes.flag("is_test", false)? {
        return Err(unsupported!("dropout while training"));
    }
    // The mask of older versions has the type of the data.
    if attributes.outputs > 1 && attributes.opset < 10 {
        return Err(unsupported!("the mask of opset {}", attributes.opset));
    }
    Ok(Box::new(Dropout { wants_mask: attributes.outputs > 1 }))
}

impl Operator for Dropout {
    fn run(&self, mut inputs: Inputs<'_>, _run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        if inputs.optional(2).is_some() && inputs.values::<bool>(2)?.contains(&true) {
            return Err(unsupported!("dropout while training"));
        }
        let x = inputs.take(0)?;
        let mask = self.wants_mask.then(|| Tensor::of(x.shape().to_vec(), vec![true; x.len()]));
        Ok([Some(x), mask].into_iter().flatten().collect())
    }
}

struct Flatten {
    axis: i64,
}

impl Operator for Flatten {
    fn run(&self, mut inputs: Inputs<'_>, _run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.take(0)?;
        let rank = x.rank();
        let at = if self.axis == rank as i64 { rank } else { axis(self.axis, rank)? };
        let outer = x.shape()[..at].iter().product();
        let inner = x.shape()[at..].iter().product();
        Ok(vec![x.reshaped(vec![outer, inner])])
    }
}

struct Reshape {
    /// As an attribute, before opset 5.
    shape: Option<Vec<i64>>,
    allows_zero: bool,
}

fn reshape(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    attributes.ignore("consumed_inputs");
    let shape = if attributes.opset < 5 { attributes.ints("shape")? } else { None };
    Ok(Box::new(Reshape { shape, allows_zero: attributes.flag("allowzero", false)? }))
}

impl Operator for Reshape {
    fn run(&self, mut inputs: Inputs<'_>, _run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let wanted = match &self.shape {
            Some(shape) => shape.clone(),
            None => inputs.integers(1)?,
        };
        let x = inputs.take(0)?;
        let mut shape = Vec::with_capacity(wanted.len());
        let mut open = None;
        for (k, &dim) in wanted.iter().enumerate() {
            shape.push(match dim {
                -1 if open.is_none() => {
                    open = Some(k);
                    1
                }
                0 if !self.allows_zero => {
                    *x.shape().get(k).ok_or_else(|| invalid!("no dimension {k} to keep"))?
                }
                dim => usize::try_from(dim).map_err(|_| invalid!("shape {wanted:?}"))?,
            });
        }
        let count = shape.iter().try_fold(1usize, |n, &dim| n.checked_mul(dim));
        let count = count.ok_or_else(|| invalid!("shape {wanted:?}"))?;
        if let Some(k) = open {
            shape[k] = x.len().checked_div(count).unwrap_or(0);
        }
        if shape.iter().product::<usize>() != x.len() {
            return Err(invalid!("shape {:?} cannot become {wanted:?}", x.shape()));
        }
        Ok(vec![x.reshaped(shape)])
    }
}

struct Shape {
    start: i64,
    end: Option<i64>,
}

impl Operator for Shape {
    fn run(&self, inputs: Inputs<'_>, _run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let shape = inputs.get(0)?.shape();
        let rank = shape.len() as i64;
        let clamp =
            |at: i64| if at < 0 { at.saturating_add(rank) } else { at }.clamp(0, rank) as usize;
        let (start, end) = (clamp(self.start), clamp(self.end.unwrap_or(rank)));
        let dims: Vec<i64> = shape[start..end.max(start)].iter().map(|&dim| dim as i64).collect();
        Ok(vec![Tensor::of(vec![dims.len()], dims)])
    }

    fn takes_any_layout(&self) -> bool {
        true
    }
}

struct Size;

impl Operator for Size {
    fn run(&self, inputs: Inputs<'_>, _run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        Ok(vec![Tensor::scalar(inputs.get(0)?.len() as i64)])
    }

    fn takes_any_layout(&self) -> bool {
        true
    }
}

struct Squeeze {
    /// As an attribute, before opset 13.
    axes: Option<Vec<i64>>,
    inserts: bool,
}

fn squeeze(attributes: &mut Attributes, inserts: bool) -> Result<Box<dyn Operator>, OpError> {
    let axes = if attributes.opset < 13 { attributes.ints("axes")? } else { None };
    Ok(Box::new(Squeeze { axes, inserts }))
}

impl Operator for Squeeze {
    fn run(&self, mut inputs: Inputs<'_>, _run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let wanted = match (&self.axes, inputs.optional(1)) {
            (Some(axes), _) => Some(axes.clone()),
            (None, Some(_)) => Some(inputs.integers(1)?),
            (None, None) => None,
        };
        let x = inputs.take(0)?;
        let shape = if self.inserts {
            let wanted = wanted.ok_or_else(|| invalid!("no axes"))?;
            let rank = x.rank() + wanted.len();
            let inserted = axes(&wanted, rank)?;
            let mut left = x.shape().iter().copied();
            let dim = |k| if inserted.binary_search(&k).is_ok() { Some(1) } else { left.next() };
            (0..rank).filter_map(dim).collect()
        } else {
            let removed = match wanted {
                Some(wanted) => axes(&wanted, x.rank())?,
                None => (0..x.rank()).filter(|&k| x.shape()[k] == 1).collect(),
            };
            if let Some(&k) = removed.iter().find(|&&k| x.shape()[k] != 1) {
                return Err(invalid!("dimension {k} of {:?} is not 1", x.shape()));
            }
            let kept = |k: &usize| removed.binary_search(k).is_err();
            (0..x.rank()).filter(kept).map(|k| x.shape()[k]).collect()
        };
        Ok(vec![x.reshaped(shape)])
    }
}
