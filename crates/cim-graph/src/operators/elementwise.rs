//! Functions of one element: activations, roots, exponentials, rounding.

use num_traits::{Float, Signed, WrappingNeg};

use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::data_type::DataType;
use crate::error::{OpError, unsupported};
use crate::operator::{Inputs, Operator, Run};
use crate::tensor::{Data, Tensor};

pub(super) const TABLE: &[Row] = &[
    row("Abs", 1, 1, |_| of(Function::Abs)),
    row("Acos", 1, 1, |_| of(Function::Acos)),
    row("Acosh", 1, 1, |_| of(Function::Acosh)),
    row("Asin", 1, 1, |_| of(Function::Asin)),
    row("Asinh", 1, 1, |_| of(Function::Asinh)),
    row("Atan", 1, 1, |_| of(Function::Atan)),
    row("Atanh", 1, 1, |_| of(Function::Atanh)),
    row("Ceil", 1, 1, |_| of(Function::Ceil)),
    row("Celu", 1, 1, |a| of(Function::Celu(a.float_or("alpha", 1.0)?))),
    row("Cos", 1, 1, |_| of(Function::Cos)),
    row("Cosh", 1, 1, |_| of(Function::Cosh)),
    row("Elu", 1, 1, |a| of(Function::Elu(a.float_or("alpha", 1.0)?))),
    row("Erf", 1, 1, |_| of(Function::Erf)),
    row("Exp", 1, 1, |_| of(Function::Exp)),
    row("Floor", 1, 1, |_| of(Function::Floor)),
    row("Gelu", 1, 1, gelu),
    row("HardSigmoid", 1, 1, |a| {
        of(Function::HardSigmoid(a.float_or("alpha", 0.2)?, a.float_or("beta", 0.5)?))
    }),
    row("HardSwish", 1, 1, |_| of(Function::HardSwish)),
    row("LeakyRelu", 1, 1, |a| of(Function::LeakyRelu(a.float_or("alpha", 0.01)?))),
    row("Log", 1, 1, |_| of(Function::Log)),
    row("Mish", 1, 1, |_| of(Function::Mish)),
    row("Neg", 1, 1, |_| of(Function::Neg)),
    row("Reciprocal", 1, 1, |_| of(Function::Reciprocal)),
    row("Relu", 1, 1, |a| {
        a.ignore("consumed_inputs");
        of(Function::Relu)
    }),
    row("Round", 1, 1, |_| of(Function::Round)),
    row("Selu", 1, 1, |a| {
        let (alpha, gamma) = if a.opset < 6 { (1.6732, 1.0507) } else { (1.673_263_2, 1.050_701) };
        of(Function::Selu(a.float_or("alpha", alpha)?, a.float_or("gamma", gamma)?))
    }),
    row("Shrink", 1, 1, |a| {
        of(Function::Shrink(a.float_or("bias", 0.0)?, a.float_or("lambd", 0.5)?))
    }),
    row("Sigmoid", 1, 1, |_| of(Function::Sigmoid)),
    row("Sign", 1, 1, |_| of(Function::Sign)),
    row("Sin", 1, 1, |_| of(Function::Sin)),
    row("Sinh", 1, 1, |_| of(Function::Sinh)),
    row("Softplus", 1, 1, |_| of(Function::Softplus)),
    row("Softsign", 1, 1, |_| of(Function::Softsign)),
    row("Sqrt", 1, 1, |_| of(Function::Sqrt)),
    row("Tan", 1, 1, |_| of(Function::Tan)),
    row("Tanh", 1, 1, |_| of(Function::Tanh)),
    row("ThresholdedRelu", 1, 1, |a| of(Function::ThresholdedRelu(a.float_or("alpha", 1.0)?))),
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Function {
    Abs,
    Acos,
    Acosh,
    Asin,
    Asinh,
    Atan,
    Atanh,
    Ceil,
    Celu(f32),
    Cos,
    Cosh,
    Elu(f32),
    Erf,
    Exp,
    Floor,
    Gelu,
    GeluTanh,
    HardSigmoid(f32, f32),
    HardSwish,
    LeakyRelu(f32),
    Log,
    Mish,
    Neg,
    Reciprocal,
    Relu,
    Round,
    Selu(f32, f32),
    Shrink(f32, f32),
    Sigmoid,
    Sign,
    Sin,
    Sinh,
    Softplus,
    Softsign,
    Sqrt,
    Tan,
    Tanh,
    ThresholdedRelu(f32),
}

fn of(function: Function) -> Result<Box<dyn Operator>, OpError> {
    Ok(Box::new(function))
}

fn gelu(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    match attributes.text_or("approximate", "none")?.as_str() {
        "none" => of(Function::Gelu),
        "tanh" => of(Function::GeluTanh),
        other => Err(unsupported!("attribute approximate {other:?}")),
    }
}

/// Floating-point types with an error function.
pub(super) trait Real: Float {
    fn erf(self) -> Self;
    /// A constant.
    fn at(value: f64) -> Self;
}

impl Real for f32 {
    fn erf(self) -> Self {
        libm::erff(self)
    }
    fn at(value: f64) -> Self {
        value as f32
    }
}

impl Real for f64 {
    fn erf(self) -> Self {
        libm::erf(self)
    }
    fn at(value: f64) -> Self {
        value
    }
}

/// The logistic function, which does not overflow on either side.
pub(super) fn sigmoid<R: Real>(x: R) -> R {
    R::one() / (R::one() + (-x).exp())
}

/// Rounds to the nearest whole number, halves to even.
pub(super) fn round_half_even<R: Real>(x: R) -> R {
    let rounded = x.round();
    if (x - x.trunc()).abs() == R::at(0.5) {
        R::at(2.0) * (x / R::at(2.0)).round()
    } else {
        rounded
    }
}

impl Function {
    /// Applies the function to every element.
    pub(super) fn apply<R: Real>(self, values: &mut [R]) {
        fn each<R: Real>(values: &mut [R], f: impl Fn(R) -> R) {
            values.iter_mut().for_each(|v| *v = f(*v));
        }
        let (zero, one, half) = (R::zero(), R::one(), R::at(0.5));
        let at = |value: f32| R::at(f64::from(value));
        let softplus = |x: R| if x > zero { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() };
        match self {
            Self::Abs => each(values, R::abs),
            Self::Acos => each(values, R::acos),
            Self::Acosh => each(values, R::acosh),
            Self::Asin => each(values, R::asin),
            Self::Asinh => each(values, R::asinh),
            Self::Atan => each(values, R::atan),
            Self::Atanh => each(values, R::atanh),
            Self::Ceil => each(values, R::ceil),
            Self::Celu(alpha) => {
                let alpha = at(alpha);
                each(values, |x| x.max(zero) + (alpha * (x / alpha).exp_m1()).min(zero));
            }
            Self::Cos => each(values, R::cos),
            Self::Cosh => each(values, R::cosh),
            Self::Elu(alpha) => {
                let alpha = at(alpha);
                each(values, |x| if x < zero { alpha * x.exp_m1() } else { x });
            }
            Self::Erf => each(values, R::erf),
            Self::Exp => each(values, R::exp),
            Self::Floor => each(values, R::floor),
            Self::Gelu => {
                let root = R::at(std::f64::consts::FRAC_1_SQRT_2);
                each(values, |x| half * x * (one + (x * root).erf()));
            }
            Self::GeluTanh => {
                let (root, cube) = (R::at((2.0 / std::f64::consts::PI).sqrt()), R::at(0.044715));
                each(values, |x| half * x * (one + (root * (x + cube * x * x * x)).tanh()));
            }
            Self::HardSigmoid(alpha, beta) => {
                let (alpha, beta) = (at(alpha), at(beta));
                each(values, |x| (alpha * x + beta).max(zero).min(one));
            }
            Self::HardSwish => {
                let (sixth, half) = (R::at(1.0 / 6.0), R::at(0.5));
                each(values, |x| x * (sixth * x + half).max(zero).min(one));
            }
            Self::LeakyRelu(alpha) => {
                let alpha = at(alpha);
                each(values, |x| if x < zero { alpha * x } else { x });
            }
            Self::Log => each(values, R::ln),
            Self::Mish => each(values, |x| x * softplus(x).tanh()),
            Self::Neg => each(values, |x| -x),
            Self::Reciprocal => each(values, |x| one / x),
            // Written so that what is not a number stays so.
            Self::Relu => each(values, |x| if x < zero { zero } else { x }),
            Self::Round => each(values, round_half_even),
            Self::Selu(alpha, gamma) => {
                let (alpha, gamma) = (at(alpha), at(gamma));
                each(values, |x| gamma * if x > zero { x } else { alpha * x.exp_m1() });
            }
            Self::Shrink(bias, lambda) => {
                let (bias, lambda) = (at(bias), at(lambda));
                each(values, |x| match x {
                    x if x < -lambda => x + bias,
                    x if x > lambda => x - bias,
                    _ => zero,
                });
            }
            Self::Sigmoid => each(values, sigmoid),
            Self::Sign => each(values, |x| if x == zero { zero } else { x.signum() }),
            Self::Sin => each(values, R::sin),
            Self::Sinh => each(values, R::sinh),
            Self::Softplus => each(values, softplus),
            Self::Softsign => each(values, |x| x / (one + x.abs())),
            Self::Sqrt => each(values, R::sqrt),
            Self::Tan => each(values, R::tan),
            Self::Tanh => each(values, R::tanh),
            Self::ThresholdedRelu(alpha) => {
                let alpha = at(alpha);
                each(values, |x| if x > alpha { x } else { zero });
            }
        }
    }

    /// The few functions that integers have.
    fn apply_to_integers(self, data: &mut Data) -> Result<(), OpError> {
        fn each<T: Signed + WrappingNeg + PartialOrd + Copy>(
            function: Function,
            values: &mut [T],
        ) -> Result<(), OpError> {
            let (zero, one) = (T::zero(), T::one());
            let f = match function {
                Function::Abs => |v: T| if v < T::zero() { v.wrapping_neg() } else { v },
                Function::Neg => |v: T| v.wrapping_neg(),
                Function::Relu => |v: T| if v < T::zero() { T::zero() } else { v },
                Function::Sign => {
                    let sign = |v: T| if v < zero { zero - one } else { one };
                    values.iter_mut().filter(|v| **v != zero).for_each(|v| *v = sign(*v));
                    return Ok(());
                }
                other => return Err(unsupported!("{other:?} of integers")),
            };
            values.iter_mut().for_each(|v| *v = f(*v));
            Ok(())
        }
        match (self, data) {
            (_, Data::I8(values)) => each(self, values),
            (_, Data::I16(values)) => each(self, values),
            (_, Data::I32(values)) => each(self, values),
            (_, Data::I64(values)) => each(self, values),
            (Self::Abs | Self::Relu, Data::U8(_) | Data::U16(_) | Data::U32(_) | Data::U64(_)) => {
                Ok(())
            }
            (Self::Sign, Data::U8(values)) => {
                values.iter_mut().for_each(|v| *v = u8::from(*v > 0));
                Ok(())
            }
            (_, other) => Err(unsupported!("data of type {}", other.data_type())),
        }
    }
}

impl Operator for Function {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let mut x = inputs.take(0)?;
        run.spend(&[x.len()])?;
        match x.data_mut() {
            Data::F32(values) => self.apply(values),
            Data::F64(values) => self.apply(values),
            other => self.apply_to_integers(other)?,
        }
        Ok(vec![x])
    }

    fn takes_any_layout(&self) -> bool {
        true
    }
}

/// Type of a tensor's data where only floating point is known.
pub(super) fn only_floats(data_type: DataType) -> Result<(), OpError> {
    match data_type {
        DataType::F32 | DataType::F64 => Ok(()),
        other => Err(unsupported!("data of type {other}")),
    }
}
