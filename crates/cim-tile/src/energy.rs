//! Joules of one inference on tiles, part by part, for batch 1.

use cim_adc::energy::{conversion, dac_conversion};
use cim_core::{Farads, Joules, Seconds, Volts};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::error::TileError;
use crate::grid::{LayerDesign, Parts};

/// Prices of operations, as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnergySpec {
    /// Technology node of the converters and the logic, in nanometres.
    pub node_nm: f64,
    /// Supply voltage.
    pub supply: Volts,
    /// Time for which rows are driven and columns are sensed.
    pub read_time: Seconds,
    /// Unit capacitor of the DACs.
    pub dac_unit: Farads,
    /// Adding one code to a partial sum.
    pub accumulate: Joules,
    /// Scaling, bias and activation of one output.
    pub activation: Joules,
    /// Moving one byte into or out of the activation buffer.
    pub buffer_byte: Joules,
}

/// Energy of one inference by part (J).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct EnergyParts {
    /// Dissipated in the cells, unused cells of driven rows included.
    pub array: f64,
    /// Class-A sense amplifiers, biased at the full scale.
    pub sense: f64,
    /// ADC conversions.
    pub adc: f64,
    /// DAC conversions.
    pub dac: f64,
    /// Digital accumulation, scaling and activation.
    pub digital: f64,
    /// Activation buffer.
    pub buffer: f64,
}

impl EnergyParts {
    /// Names and energies in a fixed order.
    pub fn parts(&self) -> [(&'static str, f64); 6] {
        [
            ("array", self.array),
            ("sense amplifiers", self.sense),
            ("ADC", self.adc),
            ("DAC", self.dac),
            ("digital", self.digital),
            ("buffer", self.buffer),
        ]
    }

    /// Sum over the parts (J).
    pub fn total(&self) -> f64 {
        self.parts().iter().map(|(_, joules)| joules).sum()
    }

    fn add(&mut self, other: Self) {
        self.array += other.array;
        self.sense += other.sense;
        self.adc += other.adc;
        self.dac += other.dac;
        self.digital += other.digital;
        self.buffer += other.buffer;
    }
}

impl EnergySpec {
    /// Energy of one inference of one layer, for the drives of `calibration`.
    ///
    /// Cells: `V² t Σ u² g` with the targets as conductances; the unused cells of a half-empty tile
    /// stay at the bottom of the window and conduct. Sense amplifiers: `V_dd · FS · t` each.
    ///
    /// # Errors
    /// [`TileError`] for a resolution, node or rate without an energy.
    pub fn layer(
        &self,
        parts: &Parts,
        design: &LayerDesign,
        weights: ArrayView2<'_, f32>,
        calibration: &Calibration,
    ) -> Result<EnergyParts, TileError> {
        let (inputs, outputs) = weights.dim();
        let (row_tiles, column_tiles) = parts.grid_shape(inputs, outputs);
        let square = calibration.mean_square();
        let (g_min, span, clip) =
            (parts.window.g_min.0, parts.window.span().0, f64::from(design.weight_clip));
        let cells_per_row = (2 * column_tiles * parts.outputs) as f64;
        let v2_t = parts.read_voltage.0.powi(2) * self.read_time.0;
        let array: f64 = weights
            .rows()
            .into_iter()
            .zip(&square)
            .map(|(w, u2)| {
                let raised: f64 = w.iter().map(|&w| (f64::from(w).abs() / clip).min(1.0)).sum();
                u2 * (cells_per_row * g_min + span * raised)
            })
            .sum::<f64>()
            * v2_t;
        let width = |col: usize| outputs.min((col + 1) * parts.outputs) - col * parts.outputs;
        let sense: f64 = design
            .full_scale
            .indexed_iter()
            .map(|((_, col), full_scale)| full_scale.0 * width(col) as f64)
            .sum::<f64>()
            * self.supply.0
            * self.read_time.0;
        let conversions = (row_tiles * outputs) as f64;
        let drives = (inputs * column_tiles) as f64;
        let rate = cim_core::Hertz(1.0 / self.read_time.0);
        Ok(EnergyParts {
            array,
            sense,
            adc: conversions * conversion(parts.adc_bits, rate, self.node_nm)?.0,
            dac: drives * dac_conversion(parts.dac.bits, self.dac_unit, self.supply).0,
            digital: conversions * self.accumulate.0 + outputs as f64 * self.activation.0,
            buffer: (inputs + outputs) as f64 * self.buffer_byte.0,
        })
    }

    /// Energy of one inference of several layers.
    pub fn sum(layers: impl IntoIterator<Item = EnergyParts>) -> EnergyParts {
        layers.into_iter().fold(EnergyParts::default(), |mut sum, layer| {
            sum.add(layer);
            sum
        })
    }
}
