//! Matrices of a transformer.

use cim_chip::ChipError;
use cim_data::DataError;
use cim_graph::{Limits, tensors};
use ndarray::{Array2, ArrayView2};

use super::spec::ForeignSpec;
use crate::error::StudyError;

const WEIGHTS: &str = "model.safetensors";

/// The constant products of a transformer in safetensors, without what is done between them.
pub struct Transformer {
    /// Names and weights, inputs × outputs.
    pub products: Vec<(String, Array2<f32>)>,
    /// Numbers in all of the file.
    pub numbers: usize,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}

impl Transformer {
    /// Reads all matrices but tables that are looked up, or says which file is missing.
    pub fn find(spec: &ForeignSpec) -> Result<Result<Self, String>, StudyError> {
        let Some(path) = spec.find(&[WEIGHTS]) else {
            let name = "the transformer all-MiniLM-L6-v2";
            return Ok(Err(spec.left_out(name, WEIGHTS)));
        };
        let read = |reason| DataError::Read { path: path.clone(), reason };
        let bytes = cim_data::whole(&path).map_err(read)?;
        let tensors = tensors(&bytes, Limits::default()).map_err(ChipError::from)?;
        let numbers = tensors.values().map(|tensor| tensor.len()).sum();
        let products: Vec<(String, Array2<f32>)> = tensors
            .iter()
            .filter(|(name, _)| !name.contains("embedding"))
            .filter_map(|(name, tensor)| match *tensor.shape() {
                [outputs, inputs] if 1 < outputs && 1 < inputs => {
                    let weights = ArrayView2::from_shape((outputs, inputs), tensor.as_f32()?);
                    let weights = weights.expect("a shape of its own").t().to_owned();
                    Some((name.clone(), weights.as_standard_layout().into_owned()))
                }
                _ => None,
            })
            .collect();
        if products.is_empty() {
            return Err(StudyError::Refused {
                what: format!("{} has no matrix", path.display()),
                help: "give the safetensors file of a transformer".to_owned(),
            });
        }
        Ok(Ok(Self { products, numbers, sha256: cim_data::sha256(&bytes) }))
    }
}
