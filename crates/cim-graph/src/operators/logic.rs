//! Comparisons and truth values.

use num_traits::PrimInt;

use super::arithmetic::Alignment;
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::broadcast::{common_shape, zip};
use crate::error::{OpError, invalid};
use crate::operator::{Inputs, Operator, Run, values};
use crate::strided::view_of;
use crate::tensor::{Data, Element, Tensor, for_any};

pub(super) const TABLE: &[Row] = &[
    row("And", 2, 1, |a| binary(a, Comparison::And)),
    row("BitwiseAnd", 2, 1, |_| Ok(Box::new(Bitwise::And))),
    row("BitwiseNot", 1, 1, |_| Ok(Box::new(BitwiseNot))),
    row("BitwiseOr", 2, 1, |_| Ok(Box::new(Bitwise::Or))),
    row("BitwiseXor", 2, 1, |_| Ok(Box::new(Bitwise::Xor))),
    row("Equal", 2, 1, |a| binary(a, Comparison::Equal)),
    row("Greater", 2, 1, |a| binary(a, Comparison::Greater)),
    row("GreaterOrEqual", 2, 1, |a| binary(a, Comparison::GreaterOrEqual)),
    row("IsInf", 1, 1, |a| {
        let (negative, positive) =
            (a.flag("detect_negative", true)?, a.flag("detect_positive", true)?);
        Ok(Box::new(Is { nan: false, negative, positive }))
    }),
    row("IsNaN", 1, 1, |_| Ok(Box::new(Is { nan: true, negative: false, positive: false }))),
    row("Less", 2, 1, |a| binary(a, Comparison::Less)),
    row("LessOrEqual", 2, 1, |a| binary(a, Comparison::LessOrEqual)),
    row("Not", 1, 1, |_| Ok(Box::new(Not))),
    row("Or", 2, 1, |a| binary(a, Comparison::Or)),
    row("Where", 3, 1, |_| Ok(Box::new(Where))),
    row("Xor", 2, 1, |a| binary(a, Comparison::Xor)),
];

#[derive(Clone, Copy)]
enum Comparison {
    And,
    Or,
    Xor,
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

struct Compare {
    comparison: Comparison,
    alignment: Alignment,
}

fn binary(
    attributes: &mut Attributes,
    comparison: Comparison,
) -> Result<Box<dyn Operator>, OpError> {
    Ok(Box::new(Compare { comparison, alignment: Alignment::of(attributes)? }))
}

impl Operator for Compare {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (a, b) = (inputs.get(0)?, inputs.get(1)?);
        let b_shape = self.alignment.place(a.shape(), b.shape())?;
        let shape = common_shape(a.shape(), &b_shape)?;
        run.spend(&[run.elements(&shape)?])?;
        let logical = matches!(self.comparison, Comparison::And | Comparison::Or | Comparison::Xor);
        if logical && !matches!(a.data(), Data::Bool(_)) {
            return Err(invalid!("{} in place of truth values", a.data_type()));
        }
        fn compared<E: Element>(
            comparison: Comparison,
            shape: &[usize],
            a: (&[E], &[usize]),
            b: (&[E], &[usize]),
        ) -> Vec<bool> {
            let is = |value: E| value != E::default();
            match comparison {
                Comparison::And => zip(shape, a, b, |a, b| is(a) && is(b)),
                Comparison::Or => zip(shape, a, b, |a, b| is(a) || is(b)),
                Comparison::Xor => zip(shape, a, b, |a, b| is(a) != is(b)),
                Comparison::Equal => zip(shape, a, b, |a, b| a == b),
                Comparison::Greater => zip(shape, a, b, |a, b| a > b),
                Comparison::GreaterOrEqual => zip(shape, a, b, |a, b| a >= b),
                Comparison::Less => zip(shape, a, b, |a, b| a < b),
                Comparison::LessOrEqual => zip(shape, a, b, |a, b| a <= b),
            }
        }
        let y = for_any!(a.data(), of_a => {
            let of_b = values(b, "input 1")?;
            compared(self.comparison, &shape, (of_a, a.shape()), (of_b, &b_shape))
        });
        Ok(vec![Tensor::of(shape, y)])
    }
}

struct Not;

impl Operator for Not {
    fn run(&self, inputs: Inputs<'_>, _run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let not = inputs.values::<bool>(0)?.iter().map(|&v| !v).collect();
        Ok(vec![Tensor::of(inputs.get(0)?.shape().to_vec(), not)])
    }
}

/// Numbers that are not, or are infinite.
struct Is {
    nan: bool,
    negative: bool,
    positive: bool,
}

impl Operator for Is {
    fn run(&self, inputs: Inputs<'_>, _run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        let is = |v: f64| {
            self.nan && v.is_nan()
                || self.negative && v == f64::NEG_INFINITY
                || self.positive && v == f64::INFINITY
        };
        let y = match x.data() {
            Data::F32(values) => values.iter().map(|&v| is(v.into())).collect(),
            Data::F64(values) => values.iter().map(|&v| is(v)).collect(),
            other => return Err(invalid!("data of type {}", other.data_type())),
        };
        Ok(vec![Tensor::of(x.shape().to_vec(), y)])
    }
}

/// The elements of one tensor or another.
struct Where;

impl Operator for Where {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (condition, x, y) = (inputs.get(0)?, inputs.get(1)?, inputs.get(2)?);
        let shape = common_shape(&common_shape(condition.shape(), x.shape())?, y.shape())?;
        let count = run.elements(&shape)?;
        run.spend(&[count])?;
        let is = values::<bool>(condition, "the condition")?;
        let stretch = |shape_of: &[usize]| crate::broadcast::stretched(shape_of, &shape);
        let is = view_of(is, 0, &shape, &stretch(condition.shape()), count);
        let data = for_any!(x.data(), of_x => {
            let of_y = values(y, "input 2")?;
            let pairs = zip(&shape, (of_x, x.shape()), (of_y, y.shape()), |x, y| (x, y));
            let chosen = pairs.into_iter().zip(is).map(|((x, y), is)| if is { x } else { y });
            Data::from(chosen.collect::<Vec<_>>())
        });
        Ok(vec![Tensor::with(shape, data)])
    }
}

enum Bitwise {
    And,
    Or,
    Xor,
}

macro_rules! for_integers {
    ($data:expr, $values:ident => $body:expr) => {
        match $data {
            Data::I8($values) => $body,
            Data::I16($values) => $body,
            Data::I32($values) => $body,
            Data::I64($values) => $body,
            Data::U8($values) => $body,
            Data::U16($values) => $body,
            Data::U32($values) => $body,
            Data::U64($values) => $body,
            other => return Err(invalid!("bits of {}", other.data_type())),
        }
    };
}

impl Operator for Bitwise {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (a, b) = (inputs.get(0)?, inputs.get(1)?);
        let shape = common_shape(a.shape(), b.shape())?;
        run.spend(&[run.elements(&shape)?])?;
        fn combined<I: Element + PrimInt>(
            how: &Bitwise,
            shape: &[usize],
            a: (&[I], &[usize]),
            b: (&[I], &[usize]),
        ) -> Data {
            I::wrap(match how {
                Bitwise::And => zip(shape, a, b, |a, b| a & b),
                Bitwise::Or => zip(shape, a, b, |a, b| a | b),
                Bitwise::Xor => zip(shape, a, b, |a, b| a ^ b),
            })
        }
        let data = for_integers!(a.data(), of_a => {
            let of_b = values(b, "input 1")?;
            combined(self, &shape, (of_a, a.shape()), (of_b, b.shape()))
        });
        Ok(vec![Tensor::with(shape, data)])
    }
}

struct BitwiseNot;

impl Operator for BitwiseNot {
    fn run(&self, inputs: Inputs<'_>, _run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        let data = for_integers!(x.data(), values => {
            Data::from(values.iter().map(|&v| !v).collect::<Vec<_>>())
        });
        Ok(vec![Tensor::with(x.shape().to_vec(), data)])
    }
}
