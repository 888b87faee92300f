//! What was measured.

use cim_report::Estimate;
use cim_tile::encryption::Methods;

use super::attacked::{Leaks, OfAttack};
use super::chips::{OfChip, Overhead};
use super::keys::OfDevice;
use super::spec::Spec;
use super::without_cells::WithoutCells;
use crate::shared::estimates::estimate;

/// One chip with a word of its own, in whole numbers.
pub struct OfKeys {
    /// Accuracy with the word that it makes when it is used.
    pub with_key: f64,
    /// Test images of which any sign or logit differs from the plain network's.
    pub mismatches: usize,
    /// Accuracy with a word of which one bit is wrong.
    pub one_bit_off: f64,
    /// Accuracy without a key.
    pub without_key: f64,
    /// The same for all methods and combinations, each in every layer, in the order of [`combinations`].
    pub combined_without_key: Vec<f64>,
    /// Test images with a mismatch with the key, in the same order.
    pub combined_mismatches: Vec<usize>,
    /// Accuracy by wrong bits of the keys, in the order of the preset.
    pub wrong_bits: Vec<f64>,
    /// Turns in which the word came back.
    pub came_back: usize,
}

/// All that was found.
pub struct Measured {
    /// Test accuracy of the network as it is.
    pub plain: f64,
    /// Images of the test set.
    pub test: usize,
    /// Key bits of all layers.
    pub key_bits: usize,
    /// Inputs × outputs of all layers.
    pub shapes: Vec<(usize, usize)>,
    /// Chips in whole numbers.
    pub keys: Vec<OfKeys>,
    /// Chips on noisy tiles.
    pub tiles: Vec<OfChip>,
    /// Bits of published devices, that of the preset first.
    pub devices: Vec<OfDevice>,
    /// What keys take.
    pub overhead: Overhead,
    /// Attacks.
    pub attacks: Vec<OfAttack>,
    /// What rows tell.
    pub leaks: Leaks,
    /// Test images that are recognised from the attacker's images alone, by their number.
    pub without_cells: Vec<WithoutCells>,
}

/// Every method alone, and all that can be used together.
pub fn combinations() -> Vec<Methods> {
    let one = |k: usize| Methods { rows: k & 1 == 1, swaps: k & 2 == 2, columns: k & 4 == 4 };
    (1..8).map(one).collect()
}

impl Measured {
    /// Mean over chips of something.
    pub fn over_chips(&self, value: impl Fn(&OfKeys) -> f64) -> Estimate {
        estimate(&self.keys.iter().map(value).collect::<Vec<_>>())
    }

    /// Accuracy without the key, of the methods of the preset.
    pub fn without_key(&self) -> Estimate {
        self.over_chips(|chip| chip.without_key)
    }

    /// The attack on the methods of the preset that gets most test images right.
    pub fn strongest(&self, spec: &Spec) -> Option<&OfAttack> {
        let methods = spec.methods(self.shapes.len());
        let own = self.attacks.iter().filter(|attack| attack.methods == methods);
        let mean = |attack: &OfAttack| estimate(&attack.accuracy).mean;
        own.max_by(|a, b| mean(a).total_cmp(&mean(b)))
    }

    /// What the images of an attack tell without the cells.
    pub fn without_cells(&self, attack: &OfAttack) -> Option<f64> {
        let found = self.without_cells.iter().find(|known| known.images == attack.images);
        found.map(WithoutCells::best)
    }

    /// Energy of gates over that of the rest: against cells alone, and against the whole chip.
    pub fn energy_shares(&self) -> [f64; 2] {
        let Overhead { gates_j, cells_j, image_j, .. } = self.overhead;
        [gates_j / cells_j, gates_j / image_j]
    }
}
