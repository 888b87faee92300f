//! A network on the arrays of a mapping, before cells are drawn and converters chosen.

use cim_adc::Placed;
use cim_core::{Amps, Tally};
use cim_nn::Network;
use cim_tile::full_scale::by_policy;
use cim_tile::{Blueprint, Calibration, LayerDesign, Parts};
use ndarray::{Array2, ArrayView2};

use super::networks::FewNumbers;
use super::placing::{Thresholds, placed};
use super::points::Point;
use super::range::{Range, Steps};
use super::spec::Spec;
use crate::error::StudyError;

/// What all points share whose weights lie on the same arrays in the same way.
pub struct Draft<'a> {
    /// The network.
    pub network: &'a FewNumbers,
    /// Its products.
    pub layers: Vec<Layer>,
    spec: &'a Spec,
    /// Energy of one inference that no output converter has a part in (J).
    rest_j: f64,
}

/// A product on its arrays.
pub struct Layer {
    /// How it uses the parts, full scales aside.
    pub design: LayerDesign,
    /// What its cells are to hold.
    pub blueprint: Blueprint,
    /// What drives it.
    pub calibration: Calibration,
    /// Vectors that one image drives it with.
    pub per_sample: usize,
}

/// Output converters of all products.
pub struct Converters {
    /// One for each product.
    pub layers: Vec<LayerConverters>,
    /// Energy of one inference with them (J).
    pub energy_j: f64,
}

/// Output converters of one product.
pub struct LayerConverters {
    /// Their full scales.
    pub design: LayerDesign,
    /// In their place, where thresholds are placed.
    pub placed: Option<Vec<Placed>>,
}

impl<'a> Draft<'a> {
    /// Maps a network as a point has it.
    ///
    /// # Errors
    /// [`StudyError`] for parts that cannot be.
    pub fn of(point: Point, network: &'a FewNumbers, spec: &'a Spec) -> Result<Self, StudyError> {
        let parts = point.parts(&spec.array)?;
        let dac = parts.check()?;
        let (mut layers, mut rest_j) = (Vec::new(), 0.0);
        for (product, drive) in network.network.products().zip(&network.drives) {
            let (weights, per_sample) = (product.weights, product.per_sample);
            let shape = parts.full_scale_shape(weights.nrows(), weights.ncols());
            let full_scale = Array2::from_elem(shape, Amps(1.0));
            let (weight_clip, input_limit, drive_gain) = (1.0, 1.0, 1.0);
            let design = LayerDesign { weight_clip, input_limit, drive_gain, full_scale };
            let calibration = Calibration::new(drive.view(), 1.0, &dac);
            let blueprint = Blueprint::of(&parts, &design, weights, &mut Tally::default())?;
            let all = spec.energy.layer(&parts, &design, weights, &calibration)?;
            let columns = spec.energy.columns(&parts, &design, weights.dim())?;
            rest_j += (all.total() - columns.total()) * per_sample as f64;
            layers.push(Layer { design, blueprint, calibration, per_sample });
        }
        Ok(Self { network, layers, spec, rest_j })
    }

    /// The parts of a point whose weights lie in the same way.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn parts(&self, point: &Point) -> Result<Parts, StudyError> {
        point.parts(&self.spec.array)
    }

    /// Gives every converter of a point its range, or its thresholds.
    ///
    /// # Errors
    /// [`StudyError`] for converters that cannot be.
    pub fn converters(&self, point: &Point) -> Result<Converters, StudyError> {
        let parts = self.parts(point)?;
        let mut energy_j = self.rest_j;
        let mut converters = Vec::new();
        for (idx, layer) in self.layers.iter().enumerate() {
            let weights = weights_of(&self.network.network, idx);
            let found = self.of_layer(&parts, point.design.range, (idx, layer), weights)?;
            let columns = self.spec.energy.columns(&parts, &found.design, weights.dim())?;
            energy_j += columns.total() * layer.per_sample as f64;
            converters.push(found);
        }
        Ok(Converters { layers: converters, energy_j })
    }

    fn of_layer(
        &self,
        parts: &Parts,
        range: Range,
        (idx, layer): (usize, &Layer),
        weights: ArrayView2<'_, f32>,
    ) -> Result<LayerConverters, StudyError> {
        let Layer { design, calibration, .. } = layer;
        let amps = design.amps_per_weight(parts);
        let with = |full_scale| LayerDesign { full_scale, ..design.clone() };
        match range.steps() {
            Steps::Equal(policy) => {
                let unused = design.full_scale.view();
                let found = by_policy(policy, parts, weights, 1.0, amps, calibration, unused)?;
                Ok(LayerConverters { design: with(found), placed: None })
            }
            Steps::Placed { shared_by, errors } => {
                let margins = self.network.margins[idx].view();
                let thresholds = Thresholds { codes: 1 << parts.adc_bits, shared_by, errors };
                let adcs = placed(parts, weights, amps, calibration, margins, thresholds)?;
                let ends = adcs.iter().map(cim_adc::Adc::full_scale).collect();
                let shape = design.full_scale.dim();
                let ends = Array2::from_shape_vec(shape, ends).expect("one for each full scale");
                Ok(LayerConverters { design: with(ends), placed: Some(adcs) })
            }
        }
    }
}

/// Weights of a product (inputs × outputs).
fn weights_of(network: &Network, product: usize) -> ArrayView2<'_, f32> {
    network.layers()[product].weights.view()
}
