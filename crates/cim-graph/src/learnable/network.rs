//! A network as layers that can be learned.

use super::layer::{Norm, Parameters, Step};
use super::nest::nested;
use super::read::read;
use super::reader::Reader;
use super::written::{self, NormPlace, Origin, Place};
use crate::error::GraphError;
use crate::model::Model;

/// A network as layers whose gradients are known, with the places of their parameters in its file.
///
/// Of several outputs the first counts. Softmax behind the last layer is left out: what is learned are the
/// numbers in front of it. Every operator, attribute and shape that has no layer here is refused with its
/// node.
#[derive(Clone, Debug)]
pub struct Learnable {
    steps: Vec<Step>,
    parameters: Vec<Parameters>,
    norms: Vec<Norm>,
    places: Vec<Place>,
    norm_places: Vec<NormPlace>,
    origin: Origin,
}

impl Learnable {
    /// Reads the layers of a model for samples of these dimensions.
    pub(crate) fn of_model(
        model: Model,
        sample: &[usize],
        origin: Origin,
    ) -> Result<Self, GraphError> {
        let Model { opset, graph, folds } = model;
        let (mut reader, output) = read(graph, opset, sample)?;
        let steps = nested(&mut reader.values, output)?;
        let Reader { mut parameters, mut places, norms, norm_places, .. } = reader;
        if let Origin::Safetensors(bytes) = &origin {
            for (own, place) in parameters.iter_mut().zip(&mut places) {
                let fold =
                    folds.iter().find(|fold| place.weight == format!("{}.weight", fold.layer));
                place.fold = fold.cloned();
                let bias = place.bias.take();
                place.bias = match bias {
                    Some(bias) if written::has(bytes, &bias)? => Some(bias),
                    _ => None,
                };
                own.learns_bias = place.fold.is_some() || place.bias.is_some();
            }
        }
        Ok(Self { steps, parameters, norms, places, norm_places, origin })
    }

    /// The layers, first to last.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Weights and biases, in the order of the file's nodes.
    pub fn parameters(&self) -> &[Parameters] {
        &self.parameters
    }

    /// Batch normalisations that are layers, in the order of the file's nodes.
    pub fn norms(&self) -> &[Norm] {
        &self.norms
    }

    /// A safetensors file of `parameters` and `norms`, one for each of the network's: names and layouts are
    /// those of the file that was read, so that [`Files::with_weights`](crate::Files::with_weights) and
    /// PyTorch take it. Normalisations that were folded are taken out of the weights again; tensors of a
    /// safetensors file that no layer learns are kept byte by byte.
    ///
    /// # Errors
    /// [`GraphError::Malformed`] for other numbers of parameters than the network has.
    pub fn written(
        &self,
        parameters: &[Parameters],
        norms: &[Norm],
    ) -> Result<Vec<u8>, GraphError> {
        let fits = |(a, b): (&Parameters, &Parameters)| {
            a.shape == b.shape && a.weight.len() == b.weight.len() && a.bias.len() == b.bias.len()
        };
        let norm_fits = |(a, b): (&Norm, &Norm)| {
            let channels = a.scale.len();
            [&b.scale, &b.shift, &b.mean, &b.variance].into_iter().all(|own| own.len() == channels)
        };
        if parameters.len() != self.parameters.len()
            || norms.len() != self.norms.len()
            || !self.parameters.iter().zip(parameters).all(fits)
            || !self.norms.iter().zip(norms).all(norm_fits)
        {
            let what = "parameters of another network".to_owned();
            return Err(GraphError::Malformed { what });
        }
        let learned: Vec<_> = self.places.iter().zip(parameters).collect();
        let normed: Vec<_> = self.norm_places.iter().zip(norms).collect();
        match &self.origin {
            Origin::Onnx => written::initializers(&learned, &normed),
            Origin::Safetensors(bytes) => written::tensors(bytes, &learned),
        }
    }
}
