//! What was measured.

use cim_core::Ohms;
use cim_report::Estimate;

use super::methods::{ORDERS, REMEDIES};
use crate::shared::subject::over_images;

/// Factors of arrays of one network.
pub struct Factors {
    /// Name in figures.
    pub key: &'static str,
    /// Name for readers.
    pub name: String,
    /// Mean share of cells that are active.
    pub density: f64,
    /// Of every array, by placement: what wires take of all currents, and of all products.
    pub taken: [Vec<[f64; 2]>; ORDERS.len()],
    /// The first of these as expected to first order.
    pub predicted: [Vec<f64>; ORDERS.len()],
}

impl Factors {
    /// Mean over arrays.
    pub fn mean(&self, order: usize, kind: usize) -> f64 {
        let taken = &self.taken[order];
        taken.iter().map(|taken| taken[kind]).sum::<f64>() / taken.len().max(1) as f64
    }

    /// The placement that wires take least of products from: chosen on weights alone, before any image is seen.
    pub fn chosen(&self) -> usize {
        let taken = |&order: &usize| self.mean(order, 1);
        let least = (0..ORDERS.len()).min_by(|a, b| taken(a).total_cmp(&taken(b)));
        least.expect("there are placements")
    }

    /// By how much a placement lowers the mean, and the interval of that over arrays.
    pub fn lowered(&self, order: usize, kind: usize) -> Estimate {
        let plain = self.mean(super::methods::PLAIN, kind);
        let own = self.taken[order].iter().zip(&self.taken[super::methods::PLAIN]);
        let each: Vec<f64> = own.map(|(own, all)| (all[kind] - own[kind]) / plain).collect();
        Estimate { chips: 1, ..crate::shared::estimates::estimate(&each) }
    }
}

/// Whether images are recognised, over chips, image by image.
pub type Right = Vec<f64>;

/// One network on one kind of wire.
pub struct Setting {
    /// Name in figures.
    pub key: &'static str,
    /// Name for readers.
    pub name: String,
    /// One cell pitch of wire.
    pub wire: Ohms,
    /// Chips.
    pub chips: usize,
    /// On ideal wires, mean over chips.
    pub ideal: Right,
    /// By placement and remedy, as far as they were run.
    pub right: [[Option<Right>; REMEDIES.len()]; ORDERS.len()],
}

impl Setting {
    /// Accuracy.
    pub fn accuracy(&self, order: usize, remedy: usize) -> Option<f64> {
        self.right[order][remedy].as_ref().map(|right| mean(right))
    }

    /// What one way recognises more than another.
    pub fn gain(&self, own: (usize, usize), other: (usize, usize)) -> Option<Estimate> {
        let of = |(order, remedy): (usize, usize)| self.right[order][remedy].as_ref();
        Some(over_images(of(own)?, of(other)?, self.chips))
    }

    /// What a way lacks of ideal wires.
    pub fn gap(&self, order: usize, remedy: usize) -> Option<Estimate> {
        Some(over_images(&self.ideal, self.right[order][remedy].as_ref()?, self.chips))
    }
}

/// Mean of some numbers.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::methods::{LEAST_LOSS, MDM, PLAIN};
    use super::*;

    #[test]
    fn the_placement_that_loses_least_of_products_is_chosen() {
        let mut factors = Factors {
            key: "own",
            name: String::new(),
            density: 0.5,
            taken: Default::default(),
            predicted: Default::default(),
        };
        // Of products, on average: plain 4, least loss 2, all others 3; of currents the published one loses least.
        factors.taken.fill(vec![[5.0, 2.0], [5.0, 4.0]]);
        factors.taken[PLAIN] = vec![[6.0, 1.0], [6.0, 7.0]];
        factors.taken[MDM] = vec![[1.0, 3.0], [1.0, 3.0]];
        factors.taken[LEAST_LOSS] = vec![[2.0, 3.0], [2.0, 1.0]];
        assert_eq!(factors.chosen(), LEAST_LOSS);
    }
}
