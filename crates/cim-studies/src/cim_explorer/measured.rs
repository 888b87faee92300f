//! What the study found.

use cim_report::Estimate;
use cim_tile::mapping::Numbers;

use super::points::{Point, Right};
use crate::shared::estimates::estimate;

/// A point and how right its chips were.
pub struct Finished {
    /// The point.
    pub point: Point,
    /// Its chips.
    pub right: Right,
}

/// Everything that is reported.
pub struct Measured {
    /// Accuracy of the binary and of the ternary network as numbers.
    pub digital: [f64; 2],
    /// Every mapping at the design.
    pub default: Vec<Finished>,
    /// The sweep.
    pub sweep: Vec<Finished>,
    /// Points measured in a second, on all threads.
    pub points_per_second: f64,
    /// Threads.
    pub threads: usize,
    /// Points that an earlier run had finished.
    pub taken_up: usize,
}

impl Finished {
    /// Accuracy, mean over chips.
    pub fn accuracy(&self) -> Estimate {
        estimate(&self.right.accuracies)
    }

    /// Whether its columns are sensed in pairs.
    pub fn is_differential(&self) -> bool {
        let mapping = self.point.low_bit.mapping.build();
        mapping
            .is_ok_and(|mapping| mapping.layout(1).senses.iter().all(|sense| sense.minus.is_some()))
    }

    /// Conversions for one image.
    pub fn conversions(&self) -> f64 {
        self.right.adc_conversions as f64 / self.right.images as f64
    }

    /// Whether two points differ in nothing but their mappings.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.point.design == other.point.design && self.point.rows == other.point.rows
    }
}

impl Measured {
    /// Accuracy of the network that a mapping carries, as numbers.
    pub fn digital_of(&self, numbers: Numbers) -> f64 {
        match numbers {
            Numbers::Binary => self.digital[0],
            Numbers::Ternary => self.digital[1],
        }
    }

    /// What a point loses against the digital network.
    pub fn lost(&self, finished: &Finished) -> f64 {
        self.digital_of(finished.point.low_bit.numbers) - finished.accuracy().mean
    }

    /// Points of one kind of network for every setting of all else: each list holds all mappings there.
    pub fn settings(&self, numbers: Numbers) -> Vec<Vec<&Finished>> {
        let mut settings: Vec<Vec<&Finished>> = Vec::new();
        let own = |finished: &&Finished| finished.point.low_bit.numbers == numbers;
        for finished in self.sweep.iter().filter(own) {
            match settings.iter_mut().find(|setting| setting[0].is_beside(finished)) {
                Some(setting) => setting.push(finished),
                None => settings.push(vec![finished]),
            }
        }
        settings
    }
}
