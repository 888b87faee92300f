//! Designs with one knob turned by hand: what heuristics and ablations are made of.

use cim_adc::FullScale;
use cim_core::Volts;
use cim_device::Window;
use cim_nn::Network;
use cim_tile::full_scale;
use ndarray::Array2;

use crate::design::{ChipDesign, worst_case};
use crate::error::ChipError;
use crate::inputs::LayerInputs;

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
            layer.drive_gain = calibration.drive_gain(law, volts);
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

    /// The same design with full scales by `policy` on the drives of `inputs`.
    ///
    /// # Errors
    /// As [`by_policy`](Self::by_policy).
    pub fn with_policy(
        mut self,
        network: &Network,
        inputs: &LayerInputs,
        policy: FullScale,
    ) -> Result<Self, ChipError> {
        for (idx, product) in network.products().enumerate() {
            let own = &mut self.layers[idx];
            if policy == FullScale::WorstCase {
                worst_case(&self.parts, own, product.weights);
                continue;
            }
            let calibration = inputs.calibration(idx, own.input_limit, &self.parts)?;
            own.full_scale = full_scale::by_policy(
                policy,
                &self.parts,
                product.weights,
                own.weight_clip,
                own.amps_per_weight(&self.parts),
                &calibration,
                Array2::from_elem((0, 0), cim_core::Amps::ZERO).view(),
            )?;
        }
        Ok(self)
    }

    /// Ranges of the outputs of every product's tiles, in output units.
    fn ranges(&self) -> Vec<Array2<f32>> {
        let ranges = self.layers.iter().map(|layer| layer.output_ranges(&self.parts));
        ranges.map(|ranges| ranges.mapv(|range| range as f32)).collect()
    }
}
