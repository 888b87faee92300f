//! Tensors as files hold them, checked against their shape before they are made.

use super::messages::TensorMessage;
use crate::data_type::DataType;
use crate::error::GraphError;
use crate::limits::Limits;
use crate::tensor::{Data, Tensor};

/// The type of an element by its number in the file.
pub(crate) fn data_type(number: i64) -> Result<DataType, String> {
    Ok(match number {
        1 => DataType::F32,
        2 => DataType::U8,
        3 => DataType::I8,
        4 => DataType::U16,
        5 => DataType::I16,
        6 => DataType::I32,
        7 => DataType::I64,
        9 => DataType::Bool,
        11 => DataType::F64,
        12 => DataType::U32,
        13 => DataType::U64,
        other => return Err(format!("data of type {}", unsupported_name(other))),
    })
}

fn unsupported_name(number: i64) -> String {
    let name = match number {
        0 => "undefined",
        8 => "string",
        10 => "float16",
        14 => "complex64",
        15 => "complex128",
        16 => "bfloat16",
        17 => "float8e4m3fn",
        18 => "float8e4m3fnuz",
        19 => "float8e5m2",
        20 => "float8e5m2fnuz",
        21 => "uint4",
        22 => "int4",
        23 => "float4e2m1",
        _ => return format!("number {number}"),
    };
    name.to_owned()
}

/// A tensor of a message.
///
/// # Errors
/// [`GraphError`] for a type that is not there, data in another file, or data that does not fill
/// the dimensions.
pub(super) fn tensor_of_message(
    message: &TensorMessage<'_>,
    limits: &Limits,
) -> Result<Tensor, GraphError> {
    let name = if message.name.is_empty() { "without a name" } else { message.name };
    let unsupported =
        |what: String| GraphError::Unsupported { what: format!("tensor {name}: {what}") };
    let malformed = |what: String| GraphError::Malformed { what: format!("tensor {name}: {what}") };
    if let Some(place) = message.external {
        return Err(unsupported(format!(
            "data outside the file (in {place:?}; save the network with save_as_external_data=False)"
        )));
    }
    if message.is_segment {
        return Err(unsupported("data in segments".to_owned()));
    }
    let data_type = data_type(message.data_type).map_err(unsupported)?;
    let shape = shape_of(&message.dims).map_err(malformed)?;
    let count = limits.elements_of(&shape).map_err(|_| {
        malformed(format!(
            "the shape {shape:?} is beyond the limit of {} elements",
            limits.elements
        ))
    })?;
    let data = elements(message, data_type, count).map_err(malformed)?;
    Ok(Tensor::with(shape, data))
}

fn shape_of(dims: &[i64]) -> Result<Vec<usize>, String> {
    dims.iter()
        .map(|&dim| usize::try_from(dim).map_err(|_| format!("a dimension of {dim}")))
        .collect()
}

fn elements(
    message: &TensorMessage<'_>,
    data_type: DataType,
    count: usize,
) -> Result<Data, String> {
    if let Some(bytes) = message.raw {
        return raw_elements(bytes, data_type, count);
    }
    /// Integers that must fit the type.
    fn fitted<T: TryFrom<i64>>(values: &[i64], count: usize) -> Result<Vec<T>, String> {
        fills(values.len(), count)?;
        let fit = |&v: &i64| T::try_from(v).map_err(|_| format!("{v} does not fit the type"));
        values.iter().map(fit).collect()
    }
    Ok(match data_type {
        DataType::F32 => {
            fills(message.floats.len(), count)?;
            Data::F32(message.floats.clone())
        }
        DataType::F64 => {
            fills(message.doubles.len(), count)?;
            Data::F64(message.doubles.clone())
        }
        DataType::I64 => Data::I64(fitted(&message.int64s, count)?),
        DataType::U64 => {
            fills(message.uint64s.len(), count)?;
            Data::U64(message.uint64s.iter().map(|&v| v as u64).collect())
        }
        DataType::U32 => Data::U32(fitted(&message.uint64s, count)?),
        DataType::I32 => Data::I32(fitted(&message.int32s, count)?),
        DataType::I16 => Data::I16(fitted(&message.int32s, count)?),
        DataType::I8 => Data::I8(fitted(&message.int32s, count)?),
        DataType::U16 => Data::U16(fitted(&message.int32s, count)?),
        DataType::U8 => Data::U8(fitted(&message.int32s, count)?),
        DataType::Bool => {
            fills(message.int32s.len(), count)?;
            Data::Bool(message.int32s.iter().map(|&v| v != 0).collect())
        }
    })
}

/// Elements as bytes, the least significant first.
fn raw_elements(bytes: &[u8], data_type: DataType, count: usize) -> Result<Data, String> {
    macro_rules! numbers {
        ($variant:ident, $native:ty) => {{
            let (chunks, rest) = bytes.as_chunks::<{ size_of::<$native>() }>();
            if !rest.is_empty() {
                return Err(format!("{} bytes are not whole elements", bytes.len()));
            }
            fills(chunks.len(), count)?;
            Data::$variant(chunks.iter().map(|&chunk| <$native>::from_le_bytes(chunk)).collect())
        }};
    }
    Ok(match data_type {
        DataType::F32 => numbers!(F32, f32),
        DataType::F64 => numbers!(F64, f64),
        DataType::I8 => numbers!(I8, i8),
        DataType::I16 => numbers!(I16, i16),
        DataType::I32 => numbers!(I32, i32),
        DataType::I64 => numbers!(I64, i64),
        DataType::U8 => numbers!(U8, u8),
        DataType::U16 => numbers!(U16, u16),
        DataType::U32 => numbers!(U32, u32),
        DataType::U64 => numbers!(U64, u64),
        DataType::Bool => {
            fills(bytes.len(), count)?;
            Data::Bool(bytes.iter().map(|&byte| byte != 0).collect())
        }
    })
}

fn fills(given: usize, wanted: usize) -> Result<(), String> {
    if given == wanted { Ok(()) } else { Err(format!("{given} elements in a shape of {wanted}")) }
}
