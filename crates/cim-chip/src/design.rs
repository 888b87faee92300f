//! Designs: how a network is put on a chip.

use cim_adc::FullScale;
use cim_core::Amps;
use cim_tile::{
    EnergyParts, EnergySpec, LayerDesign, LayerErrors, Mapping, MappingError, Parts, TileError,
    full_scale,
};
use ndarray::{Array2, ArrayView2};

use crate::error::ChipError;
use crate::inputs::LayerInputs;
use crate::mapped::Mapped;

/// A network on a chip: parts and one design for each of its products, which
/// [`Mapped::products`] names. Batch norms in front of the mapping are
/// [folded](cim_nn::Network::folded) by whoever asks for it, before anything else: what stays is digital.
#[derive(Clone)]
pub struct ChipDesign {
    /// What every tile is made of; the mapping of a product is that of [`Parts::of_layer`].
    pub parts: Parts,
    /// How each product uses them, in the order of the network.
    pub layers: Vec<LayerDesign>,
}

impl ChipDesign {
    /// The naive mapping: the device's whole window, the largest weight at its top, the nominal read
    /// voltage, and full scales for the largest current that the weights can draw.
    pub fn naive(parts: Parts, network: &impl Mapped, limits: &[f32]) -> Self {
        let mut layers = Vec::new();
        for (idx, (product, &input_limit)) in network.products().into_iter().zip(limits).enumerate()
        {
            let weight_clip =
                product.weights.iter().fold(0.0f32, |m, w| m.max(w.abs())).max(f32::MIN_POSITIVE);
            let mut design = LayerDesign {
                weight_clip,
                input_limit,
                drive_gain: parts.device.current_voltage().effective_v(parts.read_voltage.0)
                    / parts.read_voltage.0,
                full_scale: Array2::from_elem((0, 0), Amps::ZERO),
            };
            worst_case(&parts.of_layer(idx), &mut design, product.weights);
            layers.push(design);
        }
        Self { parts, layers }
    }

    /// The naive mapping, but with full scales by `policy` on the drives of `inputs`.
    ///
    /// # Errors
    /// [`ChipError::Sign`] for inputs that converters cannot carry, [`ChipError::Tile`] for parts or
    /// weights that cannot be.
    pub fn by_policy(
        parts: Parts,
        network: &impl Mapped,
        inputs: &LayerInputs,
        policy: FullScale,
    ) -> Result<Self, ChipError> {
        check_layers(parts.mapping.as_ref(), network.products().len())?;
        let design = Self::naive(parts, network, &inputs.limits());
        for (idx, own) in design.layers.iter().enumerate() {
            inputs.calibration(idx, own.input_limit, &design.parts)?;
        }
        design.with_policy(network, inputs, policy)
    }

    /// Errors of every product in closed form, at each vector of `inputs`.
    ///
    /// # Errors
    /// As [`by_policy`](Self::by_policy).
    pub fn errors(
        &self,
        network: &impl Mapped,
        inputs: &LayerInputs,
    ) -> Result<Vec<LayerErrors>, ChipError> {
        let products = network.products().into_iter().zip(&self.layers).enumerate();
        products
            .map(|(idx, (product, design))| {
                let calibration = inputs.calibration(idx, design.input_limit, &self.parts)?;
                let parts = self.parts.of_layer(idx);
                Ok(LayerErrors::of(&parts, design, product.weights, &calibration)?)
            })
            .collect()
    }

    /// The same errors as the network gets them: behind the factors of outputs, where a product
    /// [is scaled](crate::Scaled).
    ///
    /// # Errors
    /// As [`by_policy`](Self::by_policy).
    pub fn errors_of_outputs(
        &self,
        network: &impl Mapped,
        inputs: &LayerInputs,
    ) -> Result<Vec<LayerErrors>, ChipError> {
        let each = self.errors(network, inputs)?.into_iter().enumerate();
        let behind = |(idx, errors): (usize, LayerErrors)| match network.output_factors(idx) {
            Some(factors) => errors.behind(factors),
            None => errors,
        };
        Ok(each.map(behind).collect())
    }

    /// Energy of one inference: of each product as often as one sample drives it.
    ///
    /// # Errors
    /// As [`by_policy`](Self::by_policy); [`ChipError::Tile`] for converters without a price.
    pub fn energy(
        &self,
        network: &impl Mapped,
        inputs: &LayerInputs,
        spec: &EnergySpec,
    ) -> Result<EnergyParts, ChipError> {
        Ok(EnergySpec::sum(self.energies(network, inputs, spec)?))
    }

    /// Energy of one inference, product by product.
    ///
    /// # Errors
    /// As [`energy`](Self::energy).
    pub fn energies(
        &self,
        network: &impl Mapped,
        inputs: &LayerInputs,
        spec: &EnergySpec,
    ) -> Result<Vec<EnergyParts>, ChipError> {
        let products = network.products().into_iter().zip(&self.layers).enumerate();
        products
            .map(|(idx, (product, design))| {
                let calibration = inputs.calibration(idx, design.input_limit, &self.parts)?;
                let parts = self.parts.of_layer(idx);
                let mut once = spec.layer(&parts, design, product.weights, &calibration)?;
                // A factor of an output is a part of its price as it is.
                let inputs = product.weights.nrows() as f64;
                if network.scaling(idx).scales_rows() {
                    once.digital += inputs * spec.activation.0;
                }
                Ok(once.times(product.per_sample))
            })
            .collect()
    }

    /// The same design with the full scales of `paths`.
    pub fn with_full_scales(mut self, full_scale: &[Array2<f32>]) -> Self {
        let parts = &self.parts;
        let layers = self.layers.into_iter().zip(full_scale).enumerate();
        let with = |(idx, (layer, full_scale)): (usize, (LayerDesign, &Array2<f32>))| {
            layer.with_output_ranges(&parts.of_layer(idx), full_scale)
        };
        self.layers = layers.map(with).collect();
        self
    }
}

/// Full scales for the largest current that the weights can draw.
pub fn worst_case(parts: &Parts, design: &mut LayerDesign, weights: ArrayView2<'_, f32>) {
    let amps = design.amps_per_weight(parts);
    design.full_scale = full_scale::worst_case(parts, weights, design.weight_clip, amps);
}

/// Checks that no more layers are mapped in a way of their own than a network has products.
///
/// # Errors
/// [`ChipError::Tile`] otherwise: they are of another network.
pub fn check_layers(mapping: &dyn Mapping, products: usize) -> Result<(), ChipError> {
    let layers = (0..).take_while(|&layer| mapping.of_layer(layer).is_some()).count();
    if layers <= products {
        return Ok(());
    }
    Err(TileError::from(MappingError::Layers { layers, most: products }).into())
}
