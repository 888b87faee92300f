//! Operators that make tensors from attributes or sizes.

use super::arithmetic::Number;
use super::movement::sizes;
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::data_type::DataType;
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Inputs, Operator, Run};
use crate::tensor::{Data, Tensor, for_any};

pub(super) const TABLE: &[Row] = &[
    row("Constant", 0, 1, constant),
    row("ConstantOfShape", 1, 1, constant_of_shape),
    row("EyeLike", 1, 1, eye_like),
    row("Range", 3, 1, |_| Ok(Box::new(Range))),
];

struct Constant(Tensor);

fn constant(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    let tensor = if let Some(tensor) = attributes.tensor("value")? {
        tensor
    } else if let Some(value) = attributes.float("value_float")? {
        Tensor::scalar(value)
    } else if let Some(value) = attributes.int("value_int")? {
        Tensor::scalar(value)
    } else if let Some(values) = attributes.floats("value_floats")? {
        Tensor::of(vec![values.len()], values)
    } else if let Some(values) = attributes.ints("value_ints")? {
        Tensor::of(vec![values.len()], values)
    } else {
        // Texts and sparse tensors are left over, and refused by name.
        Tensor::scalar(0.0f32)
    };
    Ok(Box::new(Constant(tensor)))
}

impl Operator for Constant {
    fn run(&self, _inputs: Inputs<'_>, _run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        Ok(vec![self.0.clone()])
    }
}

struct ConstantOfShape(Tensor);

fn constant_of_shape(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    let value = attributes.tensor("value")?.unwrap_or_else(|| Tensor::scalar(0.0f32));
    if value.len() != 1 {
        return Err(invalid!("{} values in place of one", value.len()));
    }
    Ok(Box::new(ConstantOfShape(value)))
}

impl Operator for ConstantOfShape {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let shape = sizes(&inputs.integers(0)?)?;
        let count = run.elements(&shape)?;
        run.spend(&[count])?;
        let data = for_any!(self.0.data(), values => vec![values[0]; count].into());
        Ok(vec![Tensor::with(shape, data)])
    }
}

struct EyeLike {
    data_type: Option<DataType>,
    diagonal: i64,
}

fn eye_like(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    let data_type = attributes.int("dtype")?.map(super::cast::data_type).transpose()?;
    Ok(Box::new(EyeLike { data_type, diagonal: attributes.int_or("k", 0)? }))
}

impl Operator for EyeLike {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let like = inputs.get(0)?;
        let [rows, cols] = like.shape()[..] else {
            return Err(invalid!("{} dimensions in place of 2", like.rank()));
        };
        run.spend(&[like.len()])?;
        let mut eye = vec![0.0f32; like.len()];
        for row in 0..rows {
            let col =
                (row as i64).checked_add(self.diagonal).and_then(|col| usize::try_from(col).ok());
            if let Some(col) = col.filter(|&col| col < cols) {
                eye[row * cols + col] = 1.0;
            }
        }
        let eye = Tensor::of(vec![rows, cols], eye);
        super::cast::converted(&eye, self.data_type.unwrap_or(like.data_type())).map(|y| vec![y])
    }
}

struct Range;

impl Operator for Range {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        fn one<N: Number>(inputs: &Inputs<'_>, index: usize) -> Result<N, OpError> {
            match inputs.values::<N>(index)? {
                [value] => Ok(*value),
                several => Err(invalid!("{} values in place of one", several.len())),
            }
        }
        fn range<N: Number>(inputs: &Inputs<'_>, run: &mut Run<'_>) -> Result<Tensor, OpError> {
            let (start, end, step) =
                (one::<N>(inputs, 0)?, one::<N>(inputs, 1)?, one::<N>(inputs, 2)?);
            if step == N::default() {
                return Err(invalid!("a step of 0"));
            }
            let count = ((end.to_f64() - start.to_f64()) / step.to_f64()).ceil().max(0.0);
            let count = run.elements(&[if count < 1e18 { count as usize } else { usize::MAX }])?;
            run.spend(&[count])?;
            let value = |k: usize| start.plus(N::from_f64(k as f64).times(step));
            Ok(Tensor::of(vec![count], (0..count).map(value).collect()))
        }
        Ok(vec![match inputs.get(0)?.data() {
            Data::F32(_) => range::<f32>(&inputs, run)?,
            Data::F64(_) => range::<f64>(&inputs, run)?,
            Data::I16(_) => range::<i16>(&inputs, run)?,
            Data::I32(_) => range::<i32>(&inputs, run)?,
            Data::I64(_) => range::<i64>(&inputs, run)?,
            other => return Err(unsupported!("data of type {}", other.data_type())),
        }])
    }
}
