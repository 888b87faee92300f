//! Conversions between types.

use super::table::{Row, row};
use crate::data_type::DataType;
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Inputs, Operator, Run};
use crate::tensor::{Data, Tensor};

pub(super) const TABLE: &[Row] = &[
    row("Cast", 1, 1, |a| {
        // Says how 8-bit floats saturate, and these are not there.
        a.ignore("saturate");
        let to = a.int("to")?.ok_or_else(|| invalid!("no type to convert to"))?;
        Ok(Box::new(Cast { to: data_type(to)? }))
    }),
    row("CastLike", 2, 1, |a| {
        a.ignore("saturate");
        Ok(Box::new(CastLike))
    }),
];

/// A type by its number in ONNX.
pub(super) fn data_type(number: i64) -> Result<DataType, OpError> {
    crate::onnx::data_type(number).map_err(OpError::Unsupported)
}

struct Cast {
    to: DataType,
}

impl Operator for Cast {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.take_shared(0)?;
        run.spend(&[x.len()])?;
        if x.data_type() == self.to {
            return Ok(vec![x.into_owned()]);
        }
        Ok(vec![converted(&x, self.to)?])
    }
}

struct CastLike;

impl Operator for CastLike {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        run.spend(&[x.len()])?;
        Ok(vec![converted(x, inputs.get(1)?.data_type())?])
    }
}

/// A tensor of another type. Floating point is cut towards zero; integers wrap around.
pub(super) fn converted(x: &Tensor, to: DataType) -> Result<Tensor, OpError> {
    macro_rules! from_integers {
        ($values:ident) => {
            match to {
                DataType::F32 => $values.iter().map(|&v| v as f32).collect::<Vec<_>>().into(),
                DataType::F64 => $values.iter().map(|&v| v as f64).collect::<Vec<_>>().into(),
                DataType::I8 => $values.iter().map(|&v| v as i8).collect::<Vec<_>>().into(),
                DataType::I16 => $values.iter().map(|&v| v as i16).collect::<Vec<_>>().into(),
                DataType::I32 => $values.iter().map(|&v| v as i32).collect::<Vec<_>>().into(),
                DataType::I64 => $values.iter().map(|&v| v as i64).collect::<Vec<_>>().into(),
                DataType::U8 => $values.iter().map(|&v| v as u8).collect::<Vec<_>>().into(),
                DataType::U16 => $values.iter().map(|&v| v as u16).collect::<Vec<_>>().into(),
                DataType::U32 => $values.iter().map(|&v| v as u32).collect::<Vec<_>>().into(),
                DataType::U64 => $values.iter().map(|&v| v as u64).collect::<Vec<_>>().into(),
                DataType::Bool => $values.iter().map(|&v| v != 0).collect::<Vec<_>>().into(),
            }
        };
    }
    /// What has no integer that stands for it is refused: tools differ in what they make of it.
    macro_rules! from_floats {
        ($values:ident) => {{
            let is_integer = !matches!(to, DataType::F32 | DataType::F64 | DataType::Bool);
            if is_integer && $values.iter().any(|v| !v.is_finite() || v.abs() > 1.9e19) {
                return Err(unsupported!("a number that is not finite as {to}"));
            }
            // By way of 64 bits, so that what is out of range wraps as integers do.
            match to {
                DataType::F32 => $values.iter().map(|&v| v as f32).collect::<Vec<_>>().into(),
                DataType::F64 => $values.iter().map(|&v| v as f64).collect::<Vec<_>>().into(),
                DataType::I64 => $values.iter().map(|&v| v as i64).collect::<Vec<_>>().into(),
                DataType::U64 => {
                    let whole = |&v: &_| if v < 0.0 { v as i64 as u64 } else { v as u64 };
                    $values.iter().map(whole).collect::<Vec<_>>().into()
                }
                DataType::I8 => $values.iter().map(|&v| v as i64 as i8).collect::<Vec<_>>().into(),
                DataType::I16 => {
                    $values.iter().map(|&v| v as i64 as i16).collect::<Vec<_>>().into()
                }
                DataType::I32 => {
                    $values.iter().map(|&v| v as i64 as i32).collect::<Vec<_>>().into()
                }
                DataType::U8 => $values.iter().map(|&v| v as i64 as u8).collect::<Vec<_>>().into(),
                DataType::U16 => {
                    $values.iter().map(|&v| v as i64 as u16).collect::<Vec<_>>().into()
                }
                DataType::U32 => {
                    $values.iter().map(|&v| v as i64 as u32).collect::<Vec<_>>().into()
                }
                DataType::Bool => $values.iter().map(|&v| v != 0.0).collect::<Vec<_>>().into(),
            }
        }};
    }
    #[allow(trivial_numeric_casts, clippy::unnecessary_cast, reason = "one body for all types")]
    let data: Data = match x.data() {
        Data::F32(values) => from_floats!(values),
        Data::F64(values) => from_floats!(values),
        Data::I8(values) => from_integers!(values),
        Data::I16(values) => from_integers!(values),
        Data::I32(values) => from_integers!(values),
        Data::I64(values) => from_integers!(values),
        Data::U8(values) => from_integers!(values),
        Data::U16(values) => from_integers!(values),
        Data::U32(values) => from_integers!(values),
        Data::U64(values) => from_integers!(values),
        Data::Bool(values) => {
            let values: Vec<u8> = values.iter().map(|&v| u8::from(v)).collect();
            from_integers!(values)
        }
    };
    Ok(Tensor::with(x.shape().to_vec(), data))
}
