//! One design of one mapping, and how right its chips are.

use std::sync::Arc;

use cim_adc::FullScale;
use cim_core::{Amps, Siemens, Stream, Tally};
use cim_crossbar::{Ambient, Wires};
use cim_device::models::NoiseSpec;
use cim_device::{Conduction, Device, DeviceError, GaussianSpec, Window};
use cim_nn::{Dataset, accuracy};
use cim_tile::full_scale::by_policy;
use cim_tile::mapping::LowBit;
use cim_tile::{Blueprint, Calibration, FrontEnd, Grid, LayerDesign, Parts, Targets, TileError};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::networks::FewNumbers;
use super::spec::{ArraySpec, PointSpec, Spec};
use crate::error::StudyError;

/// A point of the design space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// How the network is mapped.
    pub low_bit: &'static LowBit,
    /// The design.
    pub design: PointSpec,
    /// Rows of an array.
    pub rows: usize,
}

/// How right the chips of a point were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Right {
    /// Accuracy, chip by chip.
    pub accuracies: Vec<f64>,
    /// What was counted, by all chips.
    pub adc_conversions: u64,
    /// Clips of output converters.
    pub adc_clips: u64,
    /// Cells of one chip.
    pub cells: u64,
    /// Images that all chips looked at.
    pub images: u64,
}

/// Test images dealt to chips: images × pixels, and their classes.
pub struct Hand {
    images: Array2<f32>,
    labels: Vec<u8>,
}

impl Hand {
    /// Every `of`-th image from `first` on.
    pub fn deal(test: &Dataset, of: usize) -> Vec<Self> {
        let one = |first: usize| {
            let indices: Vec<usize> = (first..test.len()).step_by(of).collect();
            let mut images = Array2::zeros((indices.len(), test.pixels()));
            test.batch_into(&indices, images.as_slice_mut().expect("standard layout"));
            Self { images, labels: indices.iter().map(|idx| test.labels()[*idx]).collect() }
        };
        (0..of).map(one).collect()
    }

    /// Images.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.labels.len()
    }
}

impl Spec {
    /// All points of the sweep, mappings outermost.
    pub fn points(&self) -> Vec<Point> {
        let sweep = &self.sweep;
        let mut points = Vec::new();
        for name in &sweep.mappings {
            let low_bit = LowBit::named(name).expect("checked before");
            for &rows in &sweep.rows {
                for &low in &sweep.low {
                    for &high in &sweep.high {
                        for &range in &sweep.ranges {
                            for &adc_bits in &sweep.adc_bits {
                                points.extend(sweep.spreads.iter().map(|&spread| {
                                    let design = PointSpec { low, high, adc_bits, spread, range };
                                    Point { low_bit, design, rows }
                                }));
                            }
                        }
                    }
                }
            }
        }
        points
    }

    /// The design of the first table, for every mapping of the sweep.
    pub fn default_points(&self) -> Vec<Point> {
        let of = |name: &String| {
            let low_bit = LowBit::named(name).expect("checked before");
            Point { low_bit, design: self.design, rows: self.array.rows }
        };
        self.sweep.mappings.iter().map(of).collect()
    }
}

impl Point {
    /// Its name among finished points.
    pub fn key(&self) -> String {
        let Self { low_bit, design, rows } = self;
        format!("{} {rows} {design:?}", low_bit.key)
    }

    /// The parts of its chips.
    fn parts(&self, array: &ArraySpec) -> Result<Parts, StudyError> {
        let PointSpec { low, high, adc_bits, spread, .. } = self.design;
        let window = Window::new(low, high).map_err(TileError::from)?;
        let mapping = self.low_bit.mapping.build().map_err(TileError::from)?;
        let held = (1..=array.columns).take_while(|held| mapping.columns(*held) <= array.columns);
        let outputs = held.last().unwrap_or(1);
        Ok(Parts {
            device: device(high, spread).map_err(TileError::from)?,
            mapping,
            window,
            read_voltage: array.read_voltage,
            dac: self.low_bit.dac(),
            adc_bits,
            adc_noise: Amps::ZERO,
            ambient: Ambient::SILENT,
            wires: Wires::NONE,
            front_end: FrontEnd::IDEAL,
            targets: Targets::Nominal,
            rows: self.rows,
            outputs,
        })
    }
}

/// Cells that hold what was asked for with a spread that is the same everywhere, and nothing below zero.
fn device(high: Siemens, spread: Siemens) -> Result<Arc<dyn Device>, DeviceError> {
    let spec = GaussianSpec {
        g_off: Siemens::ZERO,
        g_on: high,
        programming: NoiseSpec { constant: spread, ..NoiseSpec::NONE },
        read: NoiseSpec::NONE,
        current_voltage: Conduction::Ohmic,
    };
    Ok(Arc::new(spec.build()?))
}

/// Chips of one mapping with one range of converters, before their cells are drawn: what points that differ
/// in nothing but the spread and the resolution share.
pub struct Designed {
    /// The point for which it was made.
    pub point: Point,
    layers: Vec<(LayerDesign, Blueprint)>,
}

impl Designed {
    /// Whether a point can use it.
    pub fn suits(&self, point: &Point) -> bool {
        Self::same(&self.point, point)
    }

    /// Whether one serves two points.
    pub fn same(a: &Point, b: &Point) -> bool {
        // The range of least error knows the resolution, others do not.
        let finest = |range: FullScale, bits: u32| match range {
            FullScale::MseOptimal => bits,
            _ => 0,
        };
        let of = |point: &Point| {
            let PointSpec { low, high, range, adc_bits, .. } = point.design;
            (point.low_bit.key, point.rows, low, high, range, finest(range, adc_bits))
        };
        of(a) == of(b)
    }

    /// Maps a network and gives every converter its range.
    ///
    /// # Errors
    /// [`StudyError`] for parts that cannot be.
    pub fn of(point: Point, network: &FewNumbers, array: &ArraySpec) -> Result<Self, StudyError> {
        let parts = point.parts(array)?;
        let dac = parts.check()?;
        let mut layers = Vec::new();
        for (layer, drive) in network.network.layers().iter().zip(&network.drives) {
            let weights = layer.weights.view();
            let shape = parts.full_scale_shape(weights.nrows(), weights.ncols());
            let full_scale = Array2::from_elem(shape, Amps(1.0));
            let (weight_clip, input_limit, drive_gain) = (1.0, 1.0, 1.0);
            let mut design = LayerDesign { weight_clip, input_limit, drive_gain, full_scale };
            let calibration = Calibration::new(drive.view(), 1.0, &dac);
            let amps = design.amps_per_weight(&parts);
            design.full_scale = by_policy(
                point.design.range,
                &parts,
                weights,
                1.0,
                amps,
                &calibration,
                design.full_scale.view(),
            )?;
            let blueprint = Blueprint::of(&parts, &design, weights, &mut Tally::default())?;
            layers.push((design, blueprint));
        }
        Ok(Self { point, layers })
    }

    /// Makes a chip for every hand of images at a point that it [suits](Self::suits); chip `k` of every point
    /// draws from the same addresses.
    ///
    /// # Errors
    /// [`StudyError`] for parts that cannot be.
    pub fn measure(
        &self,
        point: &Point,
        network: &FewNumbers,
        array: &ArraySpec,
        hands: &[&Hand],
        root: Stream,
    ) -> Result<Right, StudyError> {
        let parts = point.parts(array)?;
        let mut tally = Tally::default();
        let mut accuracies = Vec::with_capacity(hands.len());
        for (chip, hand) in hands.iter().enumerate() {
            let at = root.child("evaluate", 0).child("chip", chip as u64);
            let mut grids = Vec::with_capacity(self.layers.len());
            for (layer, (design, blueprint)) in self.layers.iter().enumerate() {
                let at = at.child("layer", layer as u64);
                grids.push(Grid::from_blueprint(&parts, design, blueprint, at, &mut tally)?);
            }
            let (logits, counted) = network.network.outputs_on(&grids, hand.images.view());
            tally += counted;
            accuracies.push(accuracy(logits.view(), &hand.labels));
        }
        Ok(Right {
            accuracies,
            adc_conversions: tally.adc_conversions,
            adc_clips: tally.adc_clips,
            cells: tally.cells_programmed / hands.len() as u64,
            images: hands.iter().map(|hand| hand.labels.len() as u64).sum(),
        })
    }
}
