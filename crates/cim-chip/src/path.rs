//! The datapath of a design as training sees it.

use cim_nn::{InputRange, LayerPath, Levels, WeightNoise, WeightValues};
use cim_tile::{Parts, StoredVariance, TileError};

use crate::design::ChipDesign;
use crate::error::ChipError;
use crate::inputs::LayerInputs;
use crate::mapped::Mapped;

impl ChipDesign {
    /// The datapath as training sees it, one for each product: numbers in the units of weights and
    /// outputs.
    ///
    /// # Errors
    /// As [`errors`](Self::errors).
    pub fn paths(
        &self,
        network: &impl Mapped,
        inputs: &LayerInputs,
    ) -> Result<Vec<LayerPath>, ChipError> {
        TileError::need_codes(self.parts.dac.polarity, "training through the hardware")?;
        let errors = self.errors(network, inputs)?;
        let input_range = if self.parts.dac.polarity.is_signed() {
            InputRange::Signed
        } else {
            InputRange::Unsigned
        };
        let input_top = self.parts.check()?.top_code() as f32;
        let products = network.products().into_iter().zip(&self.layers).zip(&errors).enumerate();
        Ok(products
            .map(|(idx, ((product, design), errors))| {
                let parts = self.parts.of_layer(idx);
                let (_, outputs) = product.weights.dim();
                LayerPath {
                    weight_clip: design.weight_clip,
                    weight_values: WeightValues::Any,
                    weight_noise: weight_noise(&parts, design.weight_clip),
                    input_limit: design.input_limit,
                    input_range,
                    input_levels: Levels { top: input_top },
                    tile_rows: self.parts.inputs(),
                    tile_cols: self.parts.outputs.min(outputs),
                    full_scale: design.output_ranges(&parts).mapv(|range| range as f32),
                    output_levels: Levels { top: design.output_top(&parts) as f32 },
                    output_sigma: errors.read_sigma().mapv(|sigma| sigma as f32),
                    relu_sigma: errors.output_sigma() as f32,
                    learns_bias: true,
                }
            })
            .collect())
    }
}

/// Programming error of a stored weight in weight units.
fn weight_noise(parts: &Parts, weight_clip: f32) -> WeightNoise {
    let law = StoredVariance::of(parts, weight_clip);
    WeightNoise {
        c0: law.c0 as f32,
        c1: law.c1 as f32,
        c2: law.c2 as f32,
        cm: law.cm as f32,
        w0: law.w0 as f32,
    }
}
