//! What was learned, as a safetensors file with the names and layouts of the one that was read.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use super::fold::Moments;
use super::layer::{Norm, Parameters};
use crate::error::GraphError;
use crate::layers::widened;
use crate::model::Fold;

/// What weights were read from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// Initializers.
    Onnx,
    /// This file.
    Safetensors(Vec<u8>),
}

/// Where the parameters of one layer stand.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub weight: String,
    /// Whether an initializer is inputs × outputs.
    is_transposed: bool,
    pub bias: Option<String>,
    /// The normalisation that was folded into them.
    pub fold: Option<Fold>,
}

/// Where the parameters of a batch normalisation stand.
#[derive(Clone, Debug)]
pub(super) struct NormPlace {
    pub scale: String,
    pub shift: String,
    pub mean: String,
    pub variance: String,
}

impl Place {
    pub(super) fn of(weight: String, is_transposed: bool) -> Self {
        Self { weight, is_transposed, bias: None, fold: None }
    }
}

/// Tensors to be: shape and numbers by name.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn safetensors(error: safetensors::SafeTensorError) -> GraphError {
    GraphError::Safetensors { what: error.to_string() }
}

/// Whether a safetensors file has a tensor of this name.
pub(super) fn has(bytes: &[u8], name: &str) -> Result<bool, GraphError> {
    Ok(SafeTensors::deserialize(bytes).map_err(safetensors)?.tensor(name).is_ok())
}

/// Initializers with what was learned.
pub(super) fn initializers(
    learned: &[(&Place, &Parameters)],
    norms: &[(&NormPlace, &Norm)],
) -> Result<Vec<u8>, GraphError> {
    let mut tensors = Tensors::new();
    for (place, own) in learned {
        let (shape, weight) = match (place.is_transposed, &own.shape[..]) {
            (true, &[outputs, inputs]) => {
                let mut by_inputs = vec![0.0; own.weight.len()];
                crate::tensor::transpose(&own.weight, outputs, inputs, &mut by_inputs);
                (vec![inputs, outputs], by_inputs)
            }
            _ => (own.shape.clone(), own.weight.clone()),
        };
        tensors.insert(place.weight.clone(), (shape, weight));
        if let Some(bias) = &place.bias {
            tensors.insert(bias.clone(), (vec![own.bias.len()], own.bias.clone()));
        }
    }
    for (place, own) in norms {
        for (name, values) in [
            (&place.scale, &own.scale),
            (&place.shift, &own.shift),
            (&place.mean, &own.mean),
            (&place.variance, &own.variance),
        ] {
            tensors.insert(name.clone(), (vec![values.len()], values.clone()));
        }
    }
    encoded(None, &tensors)
}

/// A file with all its tensors, of which some were learned.
pub(super) fn tensors(
    bytes: &[u8],
    learned: &[(&Place, &Parameters)],
) -> Result<Vec<u8>, GraphError> {
    let file = SafeTensors::deserialize(bytes).map_err(safetensors)?;
    let numbers = |name: &str| {
        let view = file.tensor(name).ok()?;
        widened(view.dtype(), view.data())
    };
    let mut tensors = Tensors::new();
    for (place, own) in learned {
        let mut weight = own.weight.clone();
        match (&place.fold, &place.bias) {
            (Some(Fold { norm, epsilon, .. }), bias) => {
                let of = |part: &str| {
                    let name = format!("{norm}.{part}");
                    let values = numbers(&name);
                    values
                        .ok_or_else(|| GraphError::Malformed { what: format!("no tensor {name}") })
                };
                let mut moments = Moments {
                    scale: of("weight")?,
                    shift: of("bias")?,
                    mean: of("running_mean")?,
                    variance: of("running_var")?,
                    epsilon: *epsilon,
                };
                let before = bias.as_deref().and_then(numbers);
                let before = before.unwrap_or_else(|| vec![0.0; own.bias.len()]);
                moments.unfold(&mut weight, &own.bias, &before);
                let Moments { scale, shift, .. } = moments;
                tensors.insert(format!("{norm}.weight"), (vec![scale.len()], scale));
                tensors.insert(format!("{norm}.bias"), (vec![shift.len()], shift));
            }
            (None, Some(bias)) => {
                tensors.insert(bias.clone(), (vec![own.bias.len()], own.bias.clone()));
            }
            (None, None) => {}
        }
        tensors.insert(place.weight.clone(), (own.shape.clone(), weight));
    }
    encoded(Some(&file), &tensors)
}

/// `tensors`, and those of `others` that have other names.
fn encoded(others: Option<&SafeTensors<'_>>, tensors: &Tensors) -> Result<Vec<u8>, GraphError> {
    let bytes: BTreeMap<&str, (&[usize], Vec<u8>)> = tensors
        .iter()
        .map(|(name, (shape, values))| {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            (name.as_str(), (&shape[..], bytes))
        })
        .collect();
    let mut views = BTreeMap::new();
    for (name, view) in others.into_iter().flat_map(|file| file.iter()) {
        views.insert(name.to_owned(), view);
    }
    for (name, (shape, bytes)) in &bytes {
        let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes).map_err(safetensors)?;
        views.insert((*name).to_owned(), view);
    }
    serialize(views, None).map_err(safetensors)
}
