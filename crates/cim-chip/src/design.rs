//! Designs: how a network is put on a chip.

use cim_adc::FullScale;
use cim_core::Amps;
use cim_nn::Network;
use cim_tile::{EnergyParts, EnergySpec, LayerDesign, LayerErrors, Parts, full_scale};
use ndarray::{Array2, ArrayView2};

use crate::error::ChipError;
use crate::inputs::LayerInputs;

/// A network on a chip: parts and one design per layer.
#[derive(Clone)]
pub struct ChipDesign {
    /// What every tile is made of.
    pub parts: Parts,
    /// How each layer uses them, first layer first.
    pub layers: Vec<LayerDesign>,
}

impl ChipDesign {
    /// The naive mapping: the device's whole window, the largest weight at its top, the nominal read
    /// voltage, and full scales for the largest current that the weights can draw.
    pub fn naive(parts: Parts, network: &Network, limits: &[f32]) -> Self {
        let mut layers = Vec::new();
        for (layer, &input_limit) in network.layers().iter().zip(limits) {
            let weight_clip =
                layer.weights.iter().fold(0.0f32, |m, w| m.max(w.abs())).max(f32::MIN_POSITIVE);
            let mut design = LayerDesign {
                weight_clip,
                input_limit,
                drive_gain: parts.device.current_voltage().effective_v(parts.read_voltage.0)
                    / parts.read_voltage.0,
                full_scale: Array2::from_elem((0, 0), Amps::ZERO),
            };
            worst_case(&parts, &mut design, layer.weights.view());
            layers.push(design);
        }
        Self { parts, layers }
    }

    /// The naive mapping, but with full scales by `policy` on the drives of `inputs`.
    pub fn by_policy(
        parts: Parts,
        network: &Network,
        inputs: &LayerInputs,
        policy: FullScale,
    ) -> Result<Self, ChipError> {
        let mut design = Self::naive(parts, network, &inputs.limits());
        if policy == FullScale::WorstCase {
            return Ok(design);
        }
        for (idx, layer) in network.layers().iter().enumerate() {
            let own = &mut design.layers[idx];
            let calibration = inputs.calibration(idx, own.input_limit, &design.parts)?;
            let amps = own.amps_per_output(&design.parts) * f64::from(own.input_limit);
            let none = Array2::from_elem((0, 0), Amps::ZERO);
            own.full_scale = full_scale::by_policy(
                policy,
                &design.parts,
                layer.weights.view(),
                own.weight_clip,
                amps,
                &calibration,
                none.view(),
            )?;
        }
        Ok(design)
    }

    /// Errors of every layer in closed form.
    pub fn errors(
        &self,
        network: &Network,
        inputs: &LayerInputs,
    ) -> Result<Vec<LayerErrors>, ChipError> {
        let layers = network.layers().iter().zip(&self.layers).enumerate();
        layers
            .map(|(idx, (layer, design))| {
                let calibration = inputs.calibration(idx, design.input_limit, &self.parts)?;
                Ok(LayerErrors::of(&self.parts, design, layer.weights.view(), &calibration)?)
            })
            .collect()
    }

    /// Energy of one inference.
    pub fn energy(
        &self,
        network: &Network,
        inputs: &LayerInputs,
        spec: &EnergySpec,
    ) -> Result<EnergyParts, ChipError> {
        let mut layers = Vec::new();
        for (idx, (layer, design)) in network.layers().iter().zip(&self.layers).enumerate() {
            let calibration = inputs.calibration(idx, design.input_limit, &self.parts)?;
            layers.push(spec.layer(&self.parts, design, layer.weights.view(), &calibration)?);
        }
        Ok(EnergySpec::sum(layers))
    }

    /// The same design with the full scales of `paths`.
    pub fn with_full_scales(mut self, full_scale: &[Array2<f32>]) -> Self {
        let parts = &self.parts;
        let layers = self.layers.into_iter().zip(full_scale);
        self.layers = layers.map(|(layer, fs)| layer.with_output_ranges(parts, fs)).collect();
        self
    }
}

/// Full scales for the largest current that the weights can draw.
pub fn worst_case(parts: &Parts, design: &mut LayerDesign, weights: ArrayView2<'_, f32>) {
    let amps = design.amps_per_weight(parts);
    design.full_scale = full_scale::worst_case(parts, weights, design.weight_clip, amps);
}
