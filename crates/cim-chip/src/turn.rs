//! Designs with one knob turned by hand: what heuristics and ablations are made of.

use cim_adc::FullScale;
use cim_adc::range::percentile_of_magnitude;
use cim_core::Volts;
use cim_device::Window;
use cim_tile::full_scale;
use ndarray::{Array2, ArrayView2};

use crate::design::{ChipDesign, worst_case};
use crate::error::ChipError;
use crate::inputs::LayerInputs;
use crate::mapped::Mapped;

impl ChipDesign {
    /// The same design read at another voltage, with the best linear gain of the cells' law at it.
    /// Ranges of the outputs stay as they are, in output units: full scales (A) follow.
    ///
    /// # Errors
    /// [`ChipError::Sign`] for inputs that converters cannot carry, [`ChipError::Tile`] for parts that
    /// cannot be.
    pub fn at_read_voltage(self, inputs: &LayerInputs, volts: Volts) -> Result<Self, ChipError> {
        let ranges = self.ranges();
        let mut design = self;
        design.parts.read_voltage = volts;
        for (idx, layer) in design.layers.iter_mut().enumerate() {
            let calibration = inputs.calibration(idx, layer.input_limit, &design.parts)?;
            let law = design.parts.device.current_voltage();
            layer.drive_gain = calibration.drive_gain(law, volts, design.parts.dac);
        }
        Ok(design.with_full_scales(&ranges))
    }

    /// The same design in another window of the cells; ranges of the outputs stay, as in
    /// [`at_read_voltage`](Self::at_read_voltage).
    #[must_use]
    pub fn within(mut self, window: Window) -> Self {
        let ranges = self.ranges();
        self.parts.window = window;
        self.with_full_scales(&ranges)
    }

    /// The same design with weight clips and input ranges at percentiles of the magnitudes of each
    /// product's weights and inputs; 100 is the largest, and so is what a percentile of zeros leaves.
    /// Full scales stay.
    #[must_use]
    pub fn clipped_at(
        mut self,
        network: &impl Mapped,
        inputs: &LayerInputs,
        weight_percentile: f64,
        input_percentile: f64,
    ) -> Self {
        let limits = inputs.limits();
        for (idx, product) in network.products().into_iter().enumerate() {
            let own = &mut self.layers[idx];
            let largest = product.weights.iter().fold(f32::MIN_POSITIVE, |m, w| m.max(w.abs()));
            own.weight_clip = percentile(product.weights, weight_percentile).unwrap_or(largest);
            own.input_limit =
                percentile(inputs.layer(idx), input_percentile).unwrap_or(limits[idx]);
        }
        self
    }

    /// The same design with full scales by `policy` on the drives of `inputs`.
    ///
    /// # Errors
    /// As [`by_policy`](Self::by_policy).
    pub fn with_policy(
        mut self,
        network: &impl Mapped,
        inputs: &LayerInputs,
        policy: FullScale,
    ) -> Result<Self, ChipError> {
        for (idx, product) in network.products().into_iter().enumerate() {
            let (own, parts) = (&mut self.layers[idx], self.parts.of_layer(idx));
            if policy == FullScale::WorstCase {
                worst_case(&parts, own, product.weights);
                continue;
            }
            let calibration = inputs.calibration(idx, own.input_limit, &parts)?;
            own.full_scale = full_scale::by_policy(
                policy,
                &parts,
                product.weights,
                own.weight_clip,
                own.amps_per_weight(&parts),
                &calibration,
                Array2::from_elem((0, 0), cim_core::Amps::ZERO).view(),
            )?;
        }
        Ok(self)
    }

    /// Ranges of the outputs of every product's tiles, in output units.
    fn ranges(&self) -> Vec<Array2<f32>> {
        let ranges = self.layers.iter().enumerate();
        let ranges = ranges.map(|(idx, layer)| layer.output_ranges(&self.parts.of_layer(idx)));
        ranges.map(|ranges| ranges.mapv(|range| range as f32)).collect()
    }
}

/// A percentile of magnitudes, if it is below the largest and above zero.
fn percentile(values: ArrayView2<'_, f32>, at: f64) -> Option<f32> {
    if 100.0 <= at {
        return None;
    }
    let values: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
    percentile_of_magnitude(&values, at).map(|found| found as f32).filter(|&found| found > 0.0)
}
