//! Arithmetic of two or more tensors, and limits.

use std::borrow::Cow;

use super::table::{ANY, Row, row};
use crate::attributes::Attributes;
use crate::broadcast::{common_shape, zip};
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Inputs, Operator, Run};
use crate::program::standardise;
use crate::tensor::{Data, Element, Tensor, for_numbers};

pub(super) const TABLE: &[Row] = &[
    row("Add", 2, 1, |a| binary(a, Arithmetic::Add)),
    row("BitShift", 2, 1, bit_shift),
    row("Clip", 3, 1, clip),
    row("Div", 2, 1, |a| binary(a, Arithmetic::Div)),
    row("Max", ANY, 1, |_| Ok(Box::new(Variadic { operation: Arithmetic::Max, is_mean: false }))),
    row("Mean", ANY, 1, |_| Ok(Box::new(Variadic { operation: Arithmetic::Add, is_mean: true }))),
    row("Min", ANY, 1, |_| Ok(Box::new(Variadic { operation: Arithmetic::Min, is_mean: false }))),
    row("Mod", 2, 1, |a| {
        let is_c = a.flag("fmod", false)?;
        binary(a, if is_c { Arithmetic::Remainder } else { Arithmetic::Modulo })
    }),
    row("Mul", 2, 1, |a| binary(a, Arithmetic::Mul)),
    row("PRelu", 2, 1, |_| Ok(Box::new(PRelu))),
    row("Pow", 2, 1, |a| {
        let alignment = Alignment::of(a)?;
        Ok(Box::new(Pow { alignment }))
    }),
    row("Sub", 2, 1, |a| binary(a, Arithmetic::Sub)),
    row("Sum", ANY, 1, |_| Ok(Box::new(Variadic { operation: Arithmetic::Add, is_mean: false }))),
];

/// How the dimensions of the second tensor are laid onto those of the first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Alignment {
    /// Last dimension on last dimension, both stretched.
    Last,
    /// The two shapes are the same (before opset 7).
    Same,
    /// First dimension on this one (before opset 7).
    From(i64),
}

impl Alignment {
    pub(super) fn of(attributes: &mut Attributes) -> Result<Self, OpError> {
        if attributes.opset >= 7 {
            return Ok(Self::Last);
        }
        attributes.ignore("consumed_inputs");
        let is_stretched = attributes.flag("broadcast", false)?;
        Ok(match (is_stretched, attributes.int("axis")?) {
            (false, _) => Self::Same,
            (true, None) => Self::Last,
            (true, Some(axis)) => Self::From(axis),
        })
    }

    /// The shape of the second tensor, with the dimensions of 1 that put it in its place.
    pub(super) fn place(self, a: &[usize], b: &[usize]) -> Result<Vec<usize>, OpError> {
        match self {
            Self::Last => Ok(b.to_vec()),
            // Old exporters leave the flag away where one number stands for all.
            Self::Same if a == b || b.iter().product::<usize>() == 1 => Ok(b.to_vec()),
            Self::Same => Err(invalid!("shapes {a:?} and {b:?} differ")),
            Self::From(axis) => {
                let axis = crate::strided::axis(axis, a.len())?;
                if axis + b.len() > a.len() {
                    return Err(invalid!("shape {b:?} does not fit {a:?} from axis {axis}"));
                }
                let mut shape = b.to_vec();
                shape.resize(a.len() - axis, 1);
                Ok(shape)
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
    /// With the sign of the divisor.
    Modulo,
    /// With the sign of the dividend.
    Remainder,
    Max,
    Min,
}

struct Binary {
    operation: Arithmetic,
    alignment: Alignment,
}

fn binary(
    attributes: &mut Attributes,
    operation: Arithmetic,
) -> Result<Box<dyn Operator>, OpError> {
    Ok(Box::new(Binary { operation, alignment: Alignment::of(attributes)? }))
}

impl Operator for Binary {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (a, b) = (inputs.take_shared(0)?, inputs.take_shared(1)?);
        compute(self.operation, self.alignment, a, b, run).map(|y| vec![y])
    }

    fn takes_any_layout(&self) -> bool {
        true
    }
}

fn compute<'a>(
    operation: Arithmetic,
    alignment: Alignment,
    mut a: Cow<'a, Tensor>,
    mut b: Cow<'a, Tensor>,
    run: &mut Run<'_>,
) -> Result<Tensor, OpError> {
    if a.shape() == b.shape() && matches!((a.data(), b.data()), (Data::F32(_), Data::F32(_))) {
        if a.layout() != b.layout() {
            standardise(&mut a);
            standardise(&mut b);
        }
        // Sums and products of the same do not mind which of the two is written over.
        if matches!(operation, Arithmetic::Add | Arithmetic::Mul) && matches!(b, Cow::Owned(_)) {
            std::mem::swap(&mut a, &mut b);
        }
        run.spend(&[a.len()])?;
        let mut y = a.into_owned();
        if let (Data::F32(y), Data::F32(b)) = (y.data_mut(), b.data()) {
            in_place(operation, y, b);
        }
        run.recycle(b);
        return Ok(y);
    }
    standardise(&mut a);
    standardise(&mut b);
    let b_shape = alignment.place(a.shape(), b.shape())?;
    let shape = common_shape(a.shape(), &b_shape)?;
    run.spend(&[run.elements(&shape)?])?;
    let data = of_any_type(operation, &shape, (a.data(), a.shape()), (b.data(), &b_shape))?;
    Ok(Tensor::with(shape, data))
}

fn in_place(operation: Arithmetic, y: &mut [f32], b: &[f32]) {
    let pairs = y.iter_mut().zip(b);
    match operation {
        Arithmetic::Add => pairs.for_each(|(y, b)| *y += b),
        Arithmetic::Sub => pairs.for_each(|(y, b)| *y -= b),
        Arithmetic::Mul => pairs.for_each(|(y, b)| *y *= b),
        Arithmetic::Div => pairs.for_each(|(y, b)| *y /= b),
        Arithmetic::Modulo => pairs.for_each(|(y, b)| *y = y.modulo(*b).unwrap_or(f32::NAN)),
        Arithmetic::Remainder => pairs.for_each(|(y, b)| *y %= b),
        Arithmetic::Max => pairs.for_each(|(y, b)| *y = y.larger(*b)),
        Arithmetic::Min => pairs.for_each(|(y, b)| *y = y.smaller(*b)),
    }
}

/// Arithmetic that all types of numbers have; integers wrap around.
pub(super) trait Number: Element {
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// `None` where an integer is divided by 0.
    fn over(self, other: Self) -> Option<Self>;
    fn modulo(self, other: Self) -> Option<Self>;
    fn remainder(self, other: Self) -> Option<Self>;
    fn larger(self, other: Self) -> Self;
    fn smaller(self, other: Self) -> Self;
    fn to_f64(self) -> f64;
    /// Rounded towards zero, and wrapped or saturated as conversions are.
    fn from_f64(value: f64) -> Self;
}

macro_rules! integers {
    ($($native:ty),*) => { $(
        #[allow(clippy::cast_lossless, reason = "one body for all types")]
        impl Number for $native {
            fn plus(self, other: Self) -> Self { self.wrapping_add(other) }
            fn minus(self, other: Self) -> Self { self.wrapping_sub(other) }
            fn times(self, other: Self) -> Self { self.wrapping_mul(other) }
            fn over(self, other: Self) -> Option<Self> {
                (other != 0).then(|| self.wrapping_div(other))
            }
            fn modulo(self, other: Self) -> Option<Self> {
                let rest = self.remainder(other)?;
                #[allow(unused_comparisons, reason = "one body for all types")]
                let differs = rest != 0 && (rest < 0) != (other < 0);
                Some(if differs { rest + other } else { rest })
            }
            fn remainder(self, other: Self) -> Option<Self> {
                (other != 0).then(|| self.wrapping_rem(other))
            }
            fn larger(self, other: Self) -> Self { self.max(other) }
            fn smaller(self, other: Self) -> Self { self.min(other) }
            fn to_f64(self) -> f64 { self as f64 }
            fn from_f64(value: f64) -> Self { value as Self }
        }
    )* };
}
integers!(i8, i16, i32, i64, u8, u16, u32, u64);

macro_rules! reals {
    ($($native:ty),*) => { $(
        #[allow(clippy::cast_lossless, trivial_numeric_casts, reason = "one body for all types")]
        impl Number for $native {
            fn plus(self, other: Self) -> Self { self + other }
            fn minus(self, other: Self) -> Self { self - other }
            fn times(self, other: Self) -> Self { self * other }
            fn over(self, other: Self) -> Option<Self> { Some(self / other) }
            fn modulo(self, other: Self) -> Option<Self> {
                let rest = self % other;
                Some(if rest != 0.0 && (rest < 0.0) != (other < 0.0) { rest + other } else { rest })
            }
            fn remainder(self, other: Self) -> Option<Self> { Some(self % other) }
            // What is not a number stays so.
            fn larger(self, other: Self) -> Self {
                if self > other || self.is_nan() { self } else { other }
            }
            fn smaller(self, other: Self) -> Self {
                if self < other || self.is_nan() { self } else { other }
            }
            fn to_f64(self) -> f64 { self as f64 }
            fn from_f64(value: f64) -> Self { value as Self }
        }
    )* };
}
reals!(f32, f64);

fn of_any_type(
    operation: Arithmetic,
    shape: &[usize],
    (a, a_shape): (&Data, &[usize]),
    (b, b_shape): (&Data, &[usize]),
) -> Result<Data, OpError> {
    fn typed<N: Number>(
        operation: Arithmetic,
        shape: &[usize],
        a: (&[N], &[usize]),
        b: (&[N], &[usize]),
    ) -> Result<Data, OpError> {
        let divides =
            matches!(operation, Arithmetic::Div | Arithmetic::Modulo | Arithmetic::Remainder);
        // Where a floating-point divisor is zero the quotient is defined, and `over` is there.
        let zero = N::default();
        if divides && zero.over(zero).is_none() && b.0.contains(&zero) {
            return Err(invalid!("an integer is divided by 0"));
        }
        Ok(N::wrap(match operation {
            Arithmetic::Add => zip(shape, a, b, N::plus),
            Arithmetic::Sub => zip(shape, a, b, N::minus),
            Arithmetic::Mul => zip(shape, a, b, N::times),
            Arithmetic::Div => zip(shape, a, b, |a, b| a.over(b).unwrap_or(zero)),
            Arithmetic::Modulo => zip(shape, a, b, |a, b| a.modulo(b).unwrap_or(zero)),
            Arithmetic::Remainder => zip(shape, a, b, |a, b| a.remainder(b).unwrap_or(zero)),
            Arithmetic::Max => zip(shape, a, b, N::larger),
            Arithmetic::Min => zip(shape, a, b, N::smaller),
        }))
    }
    let types = (a.data_type(), b.data_type());
    for_numbers!(a, values => {
        let b = Element::of(b).ok_or_else(|| invalid!("{} and {} do not go together", types.0, types.1))?;
        typed(operation, shape, (values, a_shape), (b, b_shape))
    }, bool => Err(invalid!("arithmetic of truth values")))
}

/// A fold over any number of tensors.
struct Variadic {
    operation: Arithmetic,
    is_mean: bool,
}

impl Operator for Variadic {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let count = inputs.len();
        let mut y = inputs.take_shared(0)?;
        for index in 1..count {
            let next = inputs.take_shared(index)?;
            y = Cow::Owned(compute(self.operation, Alignment::Last, y, next, run)?);
        }
        if self.is_mean {
            let n = Cow::Owned(match y.data() {
                Data::F32(_) => Tensor::scalar(count as f32),
                Data::F64(_) => Tensor::scalar(count as f64),
                other => return Err(unsupported!("data of type {}", other.data_type())),
            });
            y = Cow::Owned(compute(Arithmetic::Div, Alignment::Last, y, n, run)?);
        }
        Ok(vec![y.into_owned()])
    }

    fn takes_any_layout(&self) -> bool {
        true
    }
}

/// A power; the exponent may have a type of its own.
struct Pow {
    alignment: Alignment,
}

impl Operator for Pow {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (a, b) = (inputs.get(0)?, inputs.get(1)?);
        let b_shape = self.alignment.place(a.shape(), b.shape())?;
        let shape = common_shape(a.shape(), &b_shape)?;
        run.spend(&[run.elements(&shape)?])?;
        if let (Data::F32(base), Some(&[exponent])) = (a.data(), b.as_f32())
            && exponent == 2.0
            && shape == a.shape()
        {
            return Ok(vec![Tensor::of(shape, base.iter().map(|x| x * x).collect())]);
        }
        fn power<N: Number>(base: N, exponent: f64) -> N {
            N::from_f64(base.to_f64().powf(exponent))
        }
        /// Exact where both are integers.
        fn whole(base: i64, exponent: i64) -> i64 {
            match u32::try_from(exponent) {
                Ok(exponent) => base.wrapping_pow(exponent),
                Err(_) => (base as f64).powf(exponent as f64) as i64,
            }
        }
        let exponents: Vec<f64> = for_numbers!(b.data(), values => {
            values.iter().map(|&v| v.to_f64()).collect()
        }, bool => return Err(invalid!("a truth value as exponent")));
        let data = match (a.data(), b.data()) {
            (Data::I64(base), Data::I64(exponents)) => {
                Data::I64(zip(&shape, (base, a.shape()), (exponents, &b_shape), whole))
            }
            (base, _) => for_numbers!(base, base => {
                Data::from(zip(&shape, (base, a.shape()), (&exponents, &b_shape), power))
            }, bool => return Err(invalid!("a power of a truth value"))),
        };
        Ok(vec![Tensor::with(shape, data)])
    }
}

/// A slope below zero, of its own for every channel.
struct PRelu;

impl Operator for PRelu {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (x, slope) = (inputs.get(0)?, inputs.get(1)?);
        // Before opset 7 one slope per channel is laid onto the second dimension.
        let mut slope_shape = slope.shape().to_vec();
        if let [channels] = slope_shape[..]
            && x.rank() > 2
            && channels == x.shape()[1]
            && channels != x.shape()[x.rank() - 1]
        {
            slope_shape = vec![1; x.rank() - 1];
            slope_shape[0] = channels;
        }
        let shape = common_shape(x.shape(), &slope_shape)?;
        if shape != x.shape() {
            return Err(invalid!("slopes of shape {slope_shape:?} for {:?}", x.shape()));
        }
        run.spend(&[x.len()])?;
        fn leak<N: Number>(x: N, slope: N) -> N {
            if x < N::default() { x.times(slope) } else { x }
        }
        let data = for_numbers!(x.data(), values => {
            let slopes = crate::operator::values(slope, "the slope")?;
            Data::from(zip(&shape, (values, x.shape()), (slopes, &slope_shape), leak))
        }, bool => return Err(invalid!("truth values")));
        Ok(vec![Tensor::with(shape, data)])
    }
}

/// Limits as attributes or as inputs.
struct Clip {
    bounds: Option<(f32, f32)>,
}

fn clip(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    attributes.ignore("consumed_inputs");
    let bounds = if attributes.opset < 11 {
        let (min, max) = (attributes.float("min")?, attributes.float("max")?);
        Some((min.unwrap_or(f32::MIN), max.unwrap_or(f32::MAX)))
    } else {
        None
    };
    Ok(Box::new(Clip { bounds }))
}

impl Operator for Clip {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let mut x = inputs.take(0)?;
        run.spend(&[x.len()])?;
        fn clamp<N: Number>(values: &mut [N], min: Option<N>, max: Option<N>) {
            // First the lower, then the upper limit: the upper wins where they cross.
            if let Some(min) = min {
                values.iter_mut().for_each(|v| *v = v.larger(min));
            }
            if let Some(max) = max {
                values.iter_mut().for_each(|v| *v = v.smaller(max));
            }
        }
        if let Some((min, max)) = self.bounds {
            match x.data_mut() {
                Data::F32(values) => clamp(values, Some(min), Some(max)),
                Data::F64(values) => clamp(values, Some(min.into()), Some(max.into())),
                other => return Err(unsupported!("data of type {}", other.data_type())),
            }
            return Ok(vec![x]);
        }
        fn bound<N: Number>(inputs: &Inputs<'_>, index: usize) -> Result<Option<N>, OpError> {
            let Some(tensor) = inputs.optional(index) else { return Ok(None) };
            match crate::operator::values::<N>(tensor, "a limit")? {
                [bound] => Ok(Some(*bound)),
                several => Err(invalid!("{} limits in place of one", several.len())),
            }
        }
        for_numbers!(x.data_mut(), values => {
            clamp(values, bound(&inputs, 1)?, bound(&inputs, 2)?);
        }, bool => return Err(invalid!("limits of truth values")));
        Ok(vec![x])
    }

    fn takes_any_layout(&self) -> bool {
        true
    }
}

struct BitShift {
    is_left: bool,
}

fn bit_shift(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    match attributes.text_or("direction", "")?.as_str() {
        "LEFT" => Ok(Box::new(BitShift { is_left: true })),
        "RIGHT" => Ok(Box::new(BitShift { is_left: false })),
        other => Err(invalid!("direction {other:?}")),
    }
}

impl Operator for BitShift {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (a, b) = (inputs.get(0)?, inputs.get(1)?);
        let shape = common_shape(a.shape(), b.shape())?;
        run.spend(&[run.elements(&shape)?])?;
        macro_rules! shifted {
            ($x:ident, $by:ident) => {
                Data::from(zip(&shape, ($x, a.shape()), ($by, b.shape()), |x, by| {
                    let by = u32::try_from(by).unwrap_or(u32::MAX);
                    let y = if self.is_left { x.checked_shl(by) } else { x.checked_shr(by) };
                    y.unwrap_or(0)
                }))
            };
        }
        let data = match (a.data(), b.data()) {
            (Data::U8(x), Data::U8(by)) => shifted!(x, by),
            (Data::U16(x), Data::U16(by)) => shifted!(x, by),
            (Data::U32(x), Data::U32(by)) => shifted!(x, by),
            (Data::U64(x), Data::U64(by)) => shifted!(x, by),
            (x, by) => {
                return Err(invalid!("{} shifted by {}", x.data_type(), by.data_type()));
            }
        };
        Ok(vec![Tensor::with(shape, data)])
    }
}
