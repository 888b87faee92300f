//! The datapath of a design as training sees it.

use cim_nn::{LayerPath, Levels, Network, WeightNoise};
use ndarray::Array2;

use crate::design::ChipDesign;
use crate::error::ChipError;
use crate::inputs::LayerInputs;

impl ChipDesign {
    /// The datapath as training sees it: numbers in the units of weights and outputs.
    pub fn paths(
        &self,
        network: &Network,
        inputs: &LayerInputs,
    ) -> Result<Vec<LayerPath>, ChipError> {
        let errors = self.errors(network, inputs)?;
        let layers = network.layers().iter().zip(&self.layers).zip(&errors);
        Ok(layers
            .map(|((layer, design), errors)| {
                let amps = errors.amps_per_output;
                let full_scale = design.full_scale.mapv(|fs| (fs.0 / amps) as f32);
                let mut output_sigma = Array2::zeros(full_scale.dim());
                for tile in &errors.tiles {
                    let steady: f64 =
                        tile.columns.iter().map(|c| c.thermal + c.shot + c.read + c.input).sum();
                    output_sigma[tile.place] =
                        ((steady / tile.columns.len() as f64).sqrt() / amps) as f32;
                }
                let output = errors.output_variance();
                let relu_sigma = (output.sum() / output.len() as f64).sqrt() as f32;
                let (_, outputs) = layer.weights.dim();
                LayerPath {
                    weight_clip: design.weight_clip,
                    weight_noise: self.weight_noise(design.weight_clip),
                    input_limit: design.input_limit,
                    input_levels: Levels { top: ((1u32 << self.parts.dac.bits) - 1) as f32 },
                    tile_rows: self.parts.rows,
                    tile_cols: self.parts.outputs.min(outputs),
                    full_scale,
                    output_levels: Levels { top: (self.parts.adc_steps() / 2) as f32 },
                    output_sigma,
                    relu_sigma,
                }
            })
            .collect())
    }

    /// Programming error of a differential pair in weight units.
    fn weight_noise(&self, weight_clip: f32) -> WeightNoise {
        let law = self.parts.device.program_variance().posynomial;
        let (g_min, span) = (self.parts.window.g_min.0, self.parts.window.span().0);
        let per_siemens = f64::from(weight_clip) / span;
        let square = per_siemens * per_siemens;
        let bottom = 2.0 * (law.a0 + g_min * (law.a1 + g_min * law.a2)) + law.am / g_min;
        WeightNoise {
            c0: (bottom * square) as f32,
            c1: ((law.a1 + 2.0 * law.a2 * g_min) * per_siemens) as f32,
            c2: law.a2 as f32,
            cm: (law.am * per_siemens.powi(3)) as f32,
            w0: (g_min * per_siemens) as f32,
        }
    }
}
