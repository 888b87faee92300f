//! Points of the design space, and how right their chips were.

use cim_chip::sections::Wires;
use cim_core::Ohms;
use cim_tile::Parts;
use cim_tile::mapping::LowBit;
use serde::{Deserialize, Serialize};

use super::design::{Design, IDEAL_BITS};
use super::range::Range;
use super::spec::Spec;

/// A point of the design space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// How the network is mapped.
    pub low_bit: &'static LowBit,
    /// The design.
    pub design: Design,
    /// Rows of an array.
    pub rows: usize,
}

/// How right the chips of a point were, and what they take.
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
    /// Energy of one inference (J).
    pub energy_j: f64,
}

impl Spec {
    /// All points of the sweep, mappings outermost.
    pub fn points(&self) -> Vec<Point> {
        let sweep = &self.sweep;
        let mut points = Vec::new();
        let mut of_arrays = |low_bit, rows, low, high| {
            for &pitch in &sweep.wires {
                let wires = Wires { row: pitch, column: pitch, ..self.wires };
                for &range in &sweep.ranges {
                    for &adc_bits in &sweep.adc_bits {
                        points.extend(sweep.spreads.iter().map(|&spread| {
                            let design = Design { low, high, adc_bits, spread, wires, range };
                            Point { low_bit, design, rows }
                        }));
                    }
                }
            }
        };
        for name in &sweep.mappings {
            let low_bit = LowBit::named(name).expect("checked before");
            for &rows in &sweep.rows {
                for &low in &sweep.low {
                    sweep.high.iter().for_each(|&high| of_arrays(low_bit, rows, low, high));
                }
            }
        }
        points
    }

    /// The design of the first table, for every mapping of the sweep.
    pub fn default_points(&self) -> Vec<Point> {
        self.points_of(self.design())
    }

    /// The design on wires of a cell pitch, for every mapping of the sweep.
    pub fn wired_points(&self, pitch: Ohms) -> Vec<Point> {
        let wires = Wires { row: pitch, column: pitch, ..self.wires };
        self.points_of(Design { wires, ..self.design() })
    }

    fn points_of(&self, design: Design) -> Vec<Point> {
        let of = |name: &String| {
            let low_bit = LowBit::named(name).expect("checked before");
            Point { low_bit, design, rows: self.tile.rows }
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

    /// The same chips with converters that are as good as none.
    pub fn with_ideal_converters(self) -> Self {
        let design = Design { adc_bits: IDEAL_BITS, range: Range::WorstCase, ..self.design };
        Self { design, ..self }
    }

    /// Whether weights lie on the same arrays in the same way.
    pub fn is_drafted_as(&self, other: &Self) -> bool {
        let of =
            |point: &Self| (point.low_bit.key, point.rows, point.design.low, point.design.high);
        of(self) == of(other)
    }

    /// Whether cells and wires are the same, so that points differ in nothing but converters.
    pub fn shares_chips(&self, other: &Self) -> bool {
        let of = |point: &Self| (point.design.spread, point.design.wires);
        self.is_drafted_as(other) && of(self) == of(other)
    }

    /// Whether points differ in nothing but cells, wires and resolution.
    pub fn shares_range(&self, other: &Self) -> bool {
        self.is_drafted_as(other) && self.design.range == other.design.range
    }

    /// Whether points differ in nothing but cells and wires.
    pub fn shares_converters(&self, other: &Self) -> bool {
        let of = |point: &Self| (point.design.range, point.design.adc_bits);
        self.is_drafted_as(other) && of(self) == of(other)
    }

    /// The parts of its chips, of those of all points under its mapping.
    pub fn parts(&self, all: &Parts) -> Parts {
        let Design { adc_bits, wires, .. } = self.design;
        let window = self.design.states(all.device.window());
        Parts { window, adc_bits, wires, rows: self.rows, ..all.clone() }
    }
}
