//! Designs: how a network is put on a chip.

use cim_adc::{FullScale, Polarity};
use cim_core::Amps;
use cim_nn::{InputRange, LayerPath, Levels, Network, WeightNoise};
use cim_tile::{Calibration, EnergyParts, EnergySpec, LayerDesign, LayerErrors, Parts, full_scale};
use ndarray::{Array2, ArrayView2};

use crate::error::CliError;

/// A network on a chip: parts and one design per layer.
#[derive(Clone)]
pub struct ChipDesign {
    pub parts: Parts,
    pub layers: Vec<LayerDesign>,
}

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

    /// Largest input of each layer; 1 where a layer is never driven.
    pub fn limits(&self) -> Vec<f32> {
        let largest = |x: &Array2<f32>| x.iter().copied().fold(0.0f32, f32::max);
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
    ) -> Result<Calibration, CliError> {
        let dac = parts.check()?;
        Ok(Calibration::new(self.0[layer].view(), limit, &dac))
    }
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
    ) -> Result<Self, CliError> {
        let mut design = Self::naive(parts, network, &inputs.limits());
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
    ) -> Result<Vec<LayerErrors>, CliError> {
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
    ) -> Result<EnergyParts, CliError> {
        let mut layers = Vec::new();
        for (idx, (layer, design)) in network.layers().iter().zip(&self.layers).enumerate() {
            let calibration = inputs.calibration(idx, design.input_limit, &self.parts)?;
            layers.push(spec.layer(&self.parts, design, layer.weights.view(), &calibration)?);
        }
        Ok(EnergySpec::sum(layers))
    }

    /// The datapath as training sees it: numbers in the units of weights and outputs.
    pub fn paths(
        &self,
        network: &Network,
        inputs: &LayerInputs,
    ) -> Result<Vec<LayerPath>, CliError> {
        let errors = self.errors(network, inputs)?;
        let layers = network.layers().iter().zip(&self.layers).zip(&errors);
        let bits = self.parts.dac.bits;
        let (input_range, codes) = match self.parts.dac.polarity {
            Polarity::Unipolar => (InputRange::Unsigned, 1u32 << bits),
            Polarity::Bipolar => (InputRange::Signed, 1u32 << (bits - 1)),
        };
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
                    input_range,
                    input_levels: Levels { top: (codes - 1) as f32 },
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

    /// The same design with the full scales of `paths`.
    pub fn with_full_scales(mut self, full_scale: &[Array2<f32>]) -> Self {
        for (layer, full_scale) in self.layers.iter_mut().zip(full_scale) {
            let amps = layer.amps_per_output(&self.parts);
            layer.full_scale = full_scale.mapv(|fs| Amps(f64::from(fs) * amps));
        }
        self
    }
}

/// Full scales for the largest current that the weights can draw.
pub fn worst_case(parts: &Parts, design: &mut LayerDesign, weights: ArrayView2<'_, f32>) {
    let amps = parts.read_voltage.0 * design.drive_gain * parts.window.span().0
        / f64::from(design.weight_clip);
    design.full_scale = full_scale::worst_case(parts, weights, design.weight_clip, amps);
}
