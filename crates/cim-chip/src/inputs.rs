//! What drives the layers of a network on calibration data.

use cim_nn::network::first_images;
use cim_nn::{Dataset, Network};
use cim_tile::{Calibration, Parts};
use ndarray::{Array2, ArrayView2};

use crate::error::ChipError;

/// Inputs of every layer on calibration images, computed digitally.
pub struct LayerInputs(Vec<Array2<f32>>);

impl LayerInputs {
    /// Runs `images` (samples × inputs) through `network`.
    pub fn of(network: &Network, images: ArrayView2<'_, f32>) -> Self {
        let mut inputs = vec![images.to_owned()];
        let outputs = network.pre_activations(
            &network.exact(),
            images,
            0,
            &mut Default::default(),
            &mut Default::default(),
        );
        let hidden = outputs.len() - 1;
        inputs.extend(outputs.into_iter().take(hidden).map(|y| y.mapv_into(|v| v.max(0.0))));
        Self(inputs)
    }

    /// Runs the first `count` images of `data` through `network`; all, if there are fewer.
    pub fn of_first(network: &Network, data: &Dataset, count: usize) -> Self {
        Self::of(network, first_images(data, count).view())
    }

    /// Largest magnitude of the inputs of each layer; 1 where a layer is never driven.
    pub fn limits(&self) -> Vec<f32> {
        let largest = |x: &Array2<f32>| x.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        self.0.iter().map(largest).map(|m| if m > 0.0 { m } else { 1.0 }).collect()
    }

    /// Inputs of one layer, samples × inputs.
    pub fn layer(&self, layer: usize) -> ArrayView2<'_, f32> {
        self.0[layer].view()
    }

    /// Drives of one layer whose largest input is `limit`.
    pub fn calibration(
        &self,
        layer: usize,
        limit: f32,
        parts: &Parts,
    ) -> Result<Calibration, ChipError> {
        let dac = parts.check()?;
        Ok(Calibration::new(self.0[layer].view(), limit, &dac))
    }
}
