//! Joules of one inference on tiles, part by part, for batch 1.

use cim_adc::energy::{conversion, dac_conversion};
use cim_core::{Farads, Joules, Seconds, Volts};
use ndarray::{ArrayView2, s};
use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::error::TileError;
use crate::front_end::Drivers;
use crate::grid::{LayerDesign, Parts};
use crate::rows;

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
    /// Dissipated in the drivers of rows, between the supply and what the cells take.
    pub drivers: f64,
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
    /// Power at rest of drivers and amplifiers, and leakage of tiles, during reads.
    pub idle: f64,
}

impl EnergyParts {
    /// Names and energies in a fixed order.
    pub fn parts(&self) -> [(&'static str, f64); 8] {
        [
            ("array", self.array),
            ("row drivers", self.drivers),
            ("sense amplifiers", self.sense),
            ("ADC", self.adc),
            ("DAC", self.dac),
            ("digital", self.digital),
            ("buffer", self.buffer),
            ("static", self.idle),
        ]
    }

    /// Sum over the parts (J).
    pub fn total(&self) -> f64 {
        self.parts().iter().map(|(_, joules)| joules).sum()
    }

    /// Energy of so many of the same, such as the positions of a convolution.
    #[must_use]
    pub fn times(self, count: usize) -> Self {
        let count = count as f64;
        Self {
            array: count * self.array,
            drivers: count * self.drivers,
            sense: count * self.sense,
            adc: count * self.adc,
            dac: count * self.dac,
            digital: count * self.digital,
            buffer: count * self.buffer,
            idle: count * self.idle,
        }
    }

    fn add(&mut self, other: Self) {
        self.array += other.array;
        self.drivers += other.drivers;
        self.sense += other.sense;
        self.adc += other.adc;
        self.dac += other.dac;
        self.digital += other.digital;
        self.buffer += other.buffer;
        self.idle += other.idle;
    }
}

impl EnergySpec {
    /// Energy of one product of a vector with the weights of a layer, for the drives of `calibration`.
    ///
    /// Cells: `V² t Σ u² g` with the targets as conductances; the unused cells of a half-empty tile
    /// stay at the bottom of the window and conduct. Sense amplifiers: `V_dd · FS · t` for every
    /// sensed current and phase. Row drivers that are fed by the supply take `V_dd V t Σ |u| g`, of
    /// which the cells dissipate their part; what is at rest (drivers of the driven rows, amplifiers
    /// of the sensed columns) and what leaks (whole tiles) counts for the reads of the layer's own
    /// product, as if its tiles had no supply in between. In each phase every row has its DAC conversion and every sensed
    /// current its ADC conversion; a row conducts in the phase that drives it.
    ///
    /// # Errors
    /// [`TileError`] for a resolution, node or rate without an energy, or full scales of another
    /// shape.
    pub fn layer(
        &self,
        parts: &Parts,
        design: &LayerDesign,
        weights: ArrayView2<'_, f32>,
        calibration: &Calibration,
    ) -> Result<EnergyParts, TileError> {
        let (inputs, outputs) = weights.dim();
        let (row_tiles, column_tiles) = parts.grid_shape(inputs, outputs);
        let phases = parts.dac.phases();
        let square = calibration.mean_square_in(&phases);
        let (g_min, span, clip) =
            (parts.window.g_min.0, parts.window.span().0, f64::from(design.weight_clip));
        let cells_per_row = (parts.mapping.columns(parts.outputs) * column_tiles) as f64;
        let v2_t = parts.read_voltage.0.powi(2) * self.read_time.0;
        // How far the cells of each row are raised, in windows.
        let rows_driven = inputs * parts.dac.polarity.rows_per_input();
        let mut raised = vec![0.0; rows_driven];
        let mut amplifiers = 0;
        for place in (0..row_tiles).flat_map(|row| (0..column_tiles).map(move |col| (row, col))) {
            let (block_inputs, cols) = parts.block(place, weights.dim());
            let block = weights.slice(s![block_inputs.clone(), cols]);
            let block = block.mapv(|w| f64::from(w) / clip);
            let block = rows::weights(parts.dac.polarity, block.view());
            let cells = parts.mapping.raised(block.view(), 1.0);
            let rows = rows::of_inputs(parts.dac.polarity, block_inputs);
            for (sum, cells) in raised[rows].iter_mut().zip(cells.rows()) {
                cells.iter().for_each(|cell| *sum += cell);
            }
            amplifiers += cells.ncols();
        }
        let array: f64 = raised
            .iter()
            .zip(&square)
            .map(|(raised, u2)| u2 * (cells_per_row * g_min + span * raised))
            .sum::<f64>()
            * v2_t;
        let front_end = &parts.front_end;
        let drawn_as: f64 = raised
            .iter()
            .zip(&calibration.mean_magnitude_in(&phases))
            .map(|(raised, u)| u * (cells_per_row * g_min + span * raised))
            .sum::<f64>()
            * parts.read_voltage.0
            * self.read_time.0;
        let drivers = match front_end.drivers {
            Drivers::Lossless => 0.0,
            Drivers::Supply => drawn_as * self.supply.0.max(parts.read_voltage.0) - array,
        };
        let at_rest = front_end.driver_power.0 * (rows_driven * column_tiles) as f64
            + front_end.amplifier_power.0 * amplifiers as f64
            + front_end.leakage.0 * (row_tiles * column_tiles) as f64;
        let drives = (rows_driven * column_tiles * phases.len()) as f64;
        let columns = self.columns(parts, design, weights.dim())?;
        Ok(EnergyParts {
            array,
            drivers,
            dac: drives * dac_conversion(parts.dac.driven_bits(), self.dac_unit, self.supply).0,
            digital: columns.digital + outputs as f64 * self.activation.0,
            buffer: (inputs + outputs) as f64 * self.buffer_byte.0,
            idle: at_rest * phases.len() as f64 * self.read_time.0,
            ..columns
        })
    }

    /// The part of [`layer`](Self::layer) that depends on converters, for a matrix of a shape: sense
    /// amplifiers, conversions, and adding up their codes.
    ///
    /// # Errors
    /// As [`layer`](Self::layer).
    pub fn columns(
        &self,
        parts: &Parts,
        design: &LayerDesign,
        (inputs, outputs): (usize, usize),
    ) -> Result<EnergyParts, TileError> {
        design.full_scales_of_tiles(parts, (inputs, outputs))?;
        let phases = parts.dac.phases().len();
        let (row_tiles, column_tiles) = parts.grid_shape(inputs, outputs);
        let (mut sense, mut conversions) = (0.0, 0);
        let groups = parts.mapping.full_scale_groups();
        for place in (0..row_tiles).flat_map(|row| (0..column_tiles).map(move |col| (row, col))) {
            let (_, cols) = parts.block(place, (inputs, outputs));
            let plan = parts.mapping.layout(cols.len());
            for group in 0..groups {
                let full_scale = design.full_scale[[place.0, place.1 * groups + group]];
                sense += full_scale.0 * plan.senses_of_group(group).len() as f64;
            }
            conversions += plan.senses.len() * phases;
        }
        let conversions = conversions as f64;
        let rate = cim_core::Hertz(1.0 / self.read_time.0);
        Ok(EnergyParts {
            sense: sense * phases as f64 * self.supply.0 * self.read_time.0,
            adc: conversions * conversion(parts.adc_bits, rate, self.node_nm)?.0,
            digital: conversions * self.accumulate.0,
            ..EnergyParts::default()
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
