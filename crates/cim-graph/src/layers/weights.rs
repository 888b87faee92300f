//! Tensors of a safetensors file by name; what nobody takes is noticed.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors};

use crate::error::GraphError;
use crate::limits::Limits;
use crate::sniff;
use crate::tensor::Tensor;

/// Tensors of a safetensors file in single precision, by name, without what is done with them; those of
/// whole numbers, which are no weights, are left out.
///
/// # Errors
/// [`GraphError`]: the file is something else or damaged, or exceeds `limits`.
pub fn tensors(bytes: &[u8], limits: Limits) -> Result<BTreeMap<String, Tensor>, GraphError> {
    sniff::refuse_others(bytes, "safetensors")?;
    let is_known = |data_type| matches!(data_type, Dtype::F32 | Dtype::BF16 | Dtype::F16);
    Ok(Weights::chosen(bytes, &limits, |_, data_type| is_known(data_type))?.left)
}

/// All tensors of a safetensors file, in single precision, by name; counters that inference does not need are
/// left out.
///
/// # Errors
/// As [`tensors`], and for a tensor of another type than floating point of 16 or 32 bits.
pub(crate) fn all_tensors(
    bytes: &[u8],
    limits: Limits,
) -> Result<BTreeMap<String, Tensor>, GraphError> {
    sniff::refuse_others(bytes, "safetensors")?;
    Ok(Weights::read(bytes, &limits)?.left)
}

pub(super) struct Weights {
    left: BTreeMap<String, Tensor>,
}

impl Weights {
    /// All but counters that inference does not need.
    pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Self, GraphError> {
        Self::chosen(bytes, limits, |name, _| !name.ends_with("num_batches_tracked"))
    }

    fn chosen(
        bytes: &[u8],
        limits: &Limits,
        is_wanted: impl Fn(&str, Dtype) -> bool,
    ) -> Result<Self, GraphError> {
        let what =
            |e: safetensors::SafeTensorError| GraphError::Safetensors { what: e.to_string() };
        let file = SafeTensors::deserialize(bytes).map_err(what)?;
        let mut left = BTreeMap::new();
        for (name, view) in file.iter() {
            if !is_wanted(name, view.dtype()) {
                continue;
            }
            let malformed =
                |what: String| GraphError::Malformed { what: format!("tensor {name}: {what}") };
            let shape = view.shape().to_vec();
            let count = limits.elements_of(&shape).map_err(|_| {
                malformed(format!(
                    "the shape {shape:?} is beyond the limit of {} elements",
                    limits.elements
                ))
            })?;
            let values = widened(view.dtype(), view.data());
            let values = values.ok_or_else(|| GraphError::Unsupported {
                what: format!("tensor {name}: data of type {:?}", view.dtype()),
            })?;
            if values.len() != count {
                return Err(malformed(format!("{} values in a shape of {count}", values.len())));
            }
            if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                return Err(malformed(format!("element {at} is {}", values[at])));
            }
            left.insert(name.to_owned(), Tensor::of(shape, values));
        }
        Ok(Self { left })
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Tensor> {
        self.left.remove(name)
    }

    /// Names of what is left, but for those that are `unused` anyway.
    pub(super) fn finish(self, unused: &[String]) -> Result<(), GraphError> {
        match self.left.keys().find(|name| !unused.contains(name)) {
            None => Ok(()),
            Some(name) => Err(GraphError::Malformed {
                what: format!(
                    "tensor {name} is used by no layer; list it in `unused` if none should"
                ),
            }),
        }
    }
}

/// Numbers of a file in single precision, where that holds them.
pub(crate) fn widened(data_type: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    let halves = || bytes.as_chunks::<2>().0.iter().map(|&half| u16::from_le_bytes(half));
    match data_type {
        Dtype::F32 => Some(
            bytes.as_chunks::<4>().0.iter().map(|&single| f32::from_le_bytes(single)).collect(),
        ),
        Dtype::BF16 => Some(halves().map(|half| f32::from_bits(u32::from(half) << 16)).collect()),
        Dtype::F16 => Some(halves().map(half_precision).collect()),
        _ => None,
    }
}

/// A number of half precision: one bit of sign, five of exponent, ten of fraction.
fn half_precision(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0f32 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2.0f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2.0f32.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::half_precision;

    #[test]
    fn half_precision_is_that_of_ieee_754() {
        // Patterns from table 3.5 and the annex of the standard.
        let known: [(u16, f32); 7] = [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x3555, 0.333_251_95),
            (0x7c00, f32::INFINITY),
        ];
        for (bits, value) in known {
            assert_eq!(half_precision(bits), value);
        }
        assert!(half_precision(0x7e00).is_nan());
    }
}
