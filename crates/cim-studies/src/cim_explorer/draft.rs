//! A network on the arrays of a mapping, before cells are drawn and converters chosen.

use cim_adc::Placed;
use cim_core::{Amps, Stream, Tally};
use cim_nn::Network;
use cim_tile::full_scale::by_policy;
use cim_tile::{Blueprint, Calibration, LayerDesign, Parts};
use ndarray::{Array2, ArrayView2};

use super::networks::FewNumbers;
use super::placing::{Thresholds, placed};
use super::points::Point;
use super::range::Steps;
use super::spec::Spec;
use crate::error::StudyError;

/// What all points share whose weights lie on the same arrays in the same way.
pub struct Draft<'a> {
    /// The network.
    pub network: &'a FewNumbers,
    /// Its products.
    pub layers: Vec<Layer>,
    spec: &'a Spec,
    /// Parts under the mapping, over the whole window of the device.
    parts: Parts,
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
        let all = spec.parts(point.low_bit, point.rows)?;
        let parts = point.parts(&all);
        let dac = parts.check()?;
        let (mut layers, mut rest_j) = (Vec::new(), 0.0);
        for (product, drive) in network.network.products().zip(&network.drives) {
            let (weights, per_sample) = (product.weights, product.per_sample);
            let shape = parts.full_scale_shape(weights.nrows(), weights.ncols());
            let full_scale = Array2::from_elem(shape, Amps(1.0));
            let calibration = Calibration::new(drive.view(), 1.0, &dac);
            let law = parts.device.current_voltage();
            let drive_gain = calibration.drive_gain(law, parts.read_voltage, parts.dac);
            let (weight_clip, input_limit) = (1.0, 1.0);
            let design = LayerDesign { weight_clip, input_limit, drive_gain, full_scale };
            let blueprint = Blueprint::of(&parts, &design, weights, &mut Tally::default())?;
            let whole = spec.energy.layer(&parts, &design, weights, &calibration)?;
            let columns = spec.energy.columns(&parts, &design, weights.dim())?;
            rest_j += (whole.total() - columns.total()) * per_sample as f64;
            layers.push(Layer { design, blueprint, calibration, per_sample });
        }
        Ok(Self { network, layers, spec, parts: all, rest_j })
    }

    /// The parts of a point whose weights lie in the same way.
    pub fn parts(&self, point: &Point) -> Parts {
        point.parts(&self.parts)
    }

    /// What the cells of a product hold on the chip of a point that is made at an address: tile by tile, row tiles
    /// outermost (rows × columns, S).
    ///
    /// They hold what their device and its effects leave, plus the normal error of the point.
    pub fn cells(
        &self,
        point: &Point,
        product: usize,
        at: Stream,
        tally: &mut Tally,
    ) -> Vec<Array2<f64>> {
        let device = &self.parts.device;
        let sigma_s = point.design.spread_of(device.window()).0;
        let of_tile = |(tile, target_s): (usize, ArrayView2<'_, f64>)| {
            let at = at.child("tile", tile as u64).child("program", 0);
            let mut held_s = device.program(target_s, at, tally);
            if 0.0 < sigma_s {
                let mut normals = at.child("spread", 0).normal_rows(held_s.ncols());
                for (row, mut held_s) in held_s.rows_mut().into_iter().enumerate() {
                    for (g_s, &normal) in held_s.iter_mut().zip(normals.row(row)) {
                        *g_s = (*g_s + sigma_s * f64::from(normal)).max(0.0);
                    }
                }
            }
            held_s
        };
        self.layers[product].blueprint.targets().enumerate().map(of_tile).collect()
    }

    /// Gives every converter of a point its range, or its thresholds.
    ///
    /// # Errors
    /// [`StudyError`] for converters that cannot be.
    pub fn converters(&self, point: &Point) -> Result<Converters, StudyError> {
        Ok(self.converters_each(&[*point])?.swap_remove(0))
    }

    /// As [`converters`](Self::converters) of points that differ in their resolution alone, for which currents are looked at
    /// once.
    ///
    /// # Errors
    /// As [`converters`](Self::converters).
    pub fn converters_each(&self, points: &[Point]) -> Result<Vec<Converters>, StudyError> {
        let none = || Converters { layers: Vec::new(), energy_j: self.rest_j };
        let mut all: Vec<Converters> = points.iter().map(|_| none()).collect();
        let parts: Vec<Parts> = points.iter().map(|point| self.parts(point)).collect();
        for (idx, layer) in self.layers.iter().enumerate() {
            let weights = weights_of(&self.network.network, idx);
            let found = self.of_layer(&parts, points, (idx, layer), weights)?;
            for ((own, parts), found) in all.iter_mut().zip(&parts).zip(found) {
                let columns = self.spec.energy.columns(parts, &found.design, weights.dim())?;
                own.energy_j += columns.total() * layer.per_sample as f64;
                own.layers.push(found);
            }
        }
        Ok(all)
    }

    fn of_layer(
        &self,
        parts: &[Parts],
        points: &[Point],
        (idx, layer): (usize, &Layer),
        weights: ArrayView2<'_, f32>,
    ) -> Result<Vec<LayerConverters>, StudyError> {
        let Layer { design, calibration, .. } = layer;
        let Some(first) = parts.first() else { return Ok(Vec::new()) };
        let amps = design.amps_per_weight(first);
        let with = |full_scale| LayerDesign { full_scale, ..design.clone() };
        match points[0].design.range.steps() {
            Steps::Equal(policy) => {
                let unused = design.full_scale.view();
                let of = |parts: &Parts| {
                    let found = by_policy(policy, parts, weights, 1.0, amps, calibration, unused)?;
                    Ok(LayerConverters { design: with(found), placed: None })
                };
                parts.iter().map(of).collect()
            }
            Steps::Placed { shared_by, errors } => {
                let margins = self.network.margins[idx].view();
                let codes: Vec<usize> = parts.iter().map(|parts| 1 << parts.adc_bits).collect();
                let thresholds = Thresholds { shared_by, errors };
                let all = placed(first, weights, amps, calibration, margins, thresholds, &codes)?;
                let of = |adcs: Vec<Placed>| {
                    let ends = adcs.iter().map(cim_adc::Adc::full_scale).collect();
                    let shape = design.full_scale.dim();
                    let ends =
                        Array2::from_shape_vec(shape, ends).expect("one for each full scale");
                    LayerConverters { design: with(ends), placed: Some(adcs) }
                };
                Ok(all.into_iter().map(of).collect())
            }
        }
    }
}

/// Weights of a product (inputs × outputs).
fn weights_of(network: &Network, product: usize) -> ArrayView2<'_, f32> {
    network.layers()[product].weights.view()
}
