//! Elements kept, dropped, reversed or spread by rule.

use super::arithmetic::Number;
use super::movement::split_around;
use super::table::{Row, row};
use crate::error::{OpError, invalid};
use crate::operator::{Inputs, Operator, Run};
use crate::strided::{around, axis};
use crate::tensor::{Element, Tensor, for_any, for_numbers};

pub(super) const TABLE: &[Row] = &[
    row("Compress", 2, 1, |a| Ok(Box::new(Compress { axis: a.int("axis")? }))),
    row("OneHot", 3, 1, |a| Ok(Box::new(OneHot { axis: a.int_or("axis", -1)? }))),
    row("ReverseSequence", 2, 1, |a| {
        let (batch, time) = (a.int_or("batch_axis", 1)?, a.int_or("time_axis", 0)?);
        match (batch, time) {
            (0, 1) | (1, 0) => Ok(Box::new(ReverseSequence { time: time as usize })),
            _ => Err(invalid!("batch_axis {batch} and time_axis {time}")),
        }
    }),
    row("Trilu", 2, 1, |a| Ok(Box::new(Trilu { is_upper: a.flag("upper", true)? }))),
];

struct Compress {
    axis: Option<i64>,
}

impl Operator for Compress {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (x, keeps) = (inputs.get(0)?, inputs.values::<bool>(1)?);
        run.spend(&[x.len()])?;
        let (outer, dim, inner) = match self.axis {
            Some(axis) => split_around(x, axis)?,
            None => (1, x.len(), 1),
        };
        if keeps.len() > dim {
            return Err(invalid!("{} conditions for {dim} elements", keeps.len()));
        }
        let kept: Vec<usize> = (0..keeps.len()).filter(|&d| keeps[d]).collect();
        let shape = match self.axis {
            Some(given) => {
                let mut shape = x.shape().to_vec();
                shape[axis(given, x.rank())?] = kept.len();
                shape
            }
            None => vec![kept.len()],
        };
        let starts = (0..outer).flat_map(|k| kept.iter().map(move |d| (k * dim + d) * inner));
        let data = for_any!(x.data(), x => {
            starts.flat_map(|at| x[at..at + inner].iter().copied()).collect::<Vec<_>>().into()
        });
        Ok(vec![Tensor::with(shape, data)])
    }
}

struct OneHot {
    axis: i64,
}

impl Operator for OneHot {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (indices, off_on) = (inputs.get(0)?, inputs.get(2)?);
        fn whole<N: Number>(values: &[N]) -> Vec<i64> {
            values.iter().map(|v| v.to_f64() as i64).collect()
        }
        let of = |x: &Tensor| for_numbers!(x.data(), v => Ok(whole(v)), bool => Err(invalid!("truth values as indices")));
        let depth = match of(inputs.get(1)?)?[..] {
            [depth] => usize::try_from(depth).map_err(|_| invalid!("a depth of {depth}"))?,
            ref several => return Err(invalid!("{} depths in place of one", several.len())),
        };
        let at = axis(self.axis, indices.rank() + 1)?;
        let mut shape = indices.shape().to_vec();
        shape.insert(at, depth);
        let count = run.elements(&shape)?;
        run.spend(&[count])?;
        let (outer, _, inner) = around(&shape, at);
        let hot = of(indices)?;
        fn spread<E: Element>(
            off_on: &[E],
            hot: &[i64],
            (outer, depth, inner): (usize, usize, usize),
        ) -> Result<Vec<E>, OpError> {
            let &[off, on] = off_on else {
                return Err(invalid!("{} values in place of off and on", off_on.len()));
            };
            let mut y = vec![off; outer * depth * inner];
            for k in 0..outer {
                for j in 0..inner {
                    let index = hot[k * inner + j];
                    let index = if index < 0 { index.saturating_add(depth as i64) } else { index };
                    // What is outside has no place that is on.
                    if let Some(d) = usize::try_from(index).ok().filter(|&d| d < depth) {
                        y[(k * depth + d) * inner + j] = on;
                    }
                }
            }
            Ok(y)
        }
        let data =
            for_any!(off_on.data(), values => spread(values, &hot, (outer, depth, inner))?.into());
        Ok(vec![Tensor::with(shape, data)])
    }
}

struct ReverseSequence {
    time: usize,
}

impl Operator for ReverseSequence {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (x, lengths) = (inputs.get(0)?, inputs.integers(1)?);
        if x.rank() < 2 || lengths.len() != x.shape()[1 - self.time] {
            return Err(invalid!("{} lengths for {:?}", lengths.len(), x.shape()));
        }
        run.spend(&[x.len()])?;
        let (rows, cols) = (x.shape()[0], x.shape()[1]);
        let (_, _, inner) = around(x.shape(), 1);
        let steps = x.shape()[self.time];
        let lengths: Option<Vec<usize>> = lengths
            .iter()
            .map(|&len| usize::try_from(len).ok().filter(|&len| len <= steps))
            .collect();
        let lengths = lengths.ok_or_else(|| invalid!("a length beyond {steps} steps"))?;
        let from = |row: usize, col: usize| {
            let (t, b) = if self.time == 0 { (row, col) } else { (col, row) };
            let t = if t < lengths[b] { lengths[b] - 1 - t } else { t };
            let (row, col) = if self.time == 0 { (t, b) } else { (b, t) };
            (row * cols + col) * inner
        };
        let starts = (0..rows).flat_map(|row| (0..cols).map(move |col| (row, col)));
        let data = for_any!(x.data(), x => {
            let runs = starts.map(|(row, col)| from(row, col));
            runs.flat_map(|at| x[at..at + inner].iter().copied()).collect::<Vec<_>>().into()
        });
        Ok(vec![Tensor::with(x.shape().to_vec(), data)])
    }
}

struct Trilu {
    is_upper: bool,
}

impl Operator for Trilu {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let diagonal = match inputs.optional(1) {
            None => 0,
            Some(_) => match inputs.integers(1)?[..] {
                [diagonal] => diagonal,
                ref several => return Err(invalid!("{} diagonals in place of one", several.len())),
            },
        };
        let mut x = inputs.take(0)?;
        run.spend(&[x.len()])?;
        let &[.., rows, cols] = x.shape() else {
            return Err(invalid!("{} dimensions in place of 2", x.rank()));
        };
        let is_dropped = |at: usize| {
            let (row, col) = ((at / cols % rows) as i64, (at % cols) as i64);
            let above = col - row;
            if self.is_upper { above < diagonal } else { above > diagonal }
        };
        fn clear<E: Element>(values: &mut [E], is_dropped: impl Fn(usize) -> bool) {
            let dropped = values.iter_mut().enumerate().filter(|(at, _)| is_dropped(*at));
            dropped.for_each(|(_, value)| *value = E::default());
        }
        for_any!(x.data_mut(), values => clear(values, is_dropped));
        Ok(vec![x])
    }
}
