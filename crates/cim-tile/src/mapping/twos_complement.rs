//! A weight is the parts of its two's complement, of which the sign counts negatively.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::split::Split;
use super::{LayerSplits, Mapping, MappingError, Plan, Sense};

/// Lone columns of the two's complement: part `s` of output `k`, most significant first, is column
/// `k · parts + s`, and the first part, which is the sign alone, counts negatively.
///
/// Law: `w = −2^(bits − 1) g_sign + Σ_parts 2^shift d`. Half the columns of pairs; a cell is at the
/// bottom of the window for a digit 0, what it draws there is subtracted digitally, and a weight
/// of −1 has all its cells at the top. Whole weights may be any of the code, `−2^(bits − 1)` to
/// `2^(bits − 1) − 1`; real ones become those of either sign up to the largest, as a scale of their own for
/// each sign would be worth one step in `2^(bits − 1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwosComplement {
    split: Split,
    layers: LayerSplits,
}

/// A [`TwosComplement`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Bits of a weight, its sign included, 2 to 16.
    pub bits: u32,
    /// Bits of its parts, most significant first: 1 for the sign, then others; they sum to `bits`.
    pub split: Split,
    /// Splits of the first layers of a network in its place, up to 256, each of as many bits.
    #[serde(default, skip_serializing_if = "LayerSplits::is_none")]
    pub layers: LayerSplits,
}

pub(super) const KIND: &str = "twos-complement";
pub(super) const EXAMPLES: &[Spec] = &[
    Spec { bits: 2, split: Split::cut(&[1, 1]), layers: LayerSplits::NONE },
    Spec { bits: 6, split: Split::cut(&[1, 2, 3]), layers: LayerSplits::NONE },
];

impl Spec {
    /// Checks the split.
    ///
    /// # Errors
    /// [`MappingError::Sum`] if the parts are not those of the bits, [`MappingError::Sign`] if the
    /// first is not one bit of several.
    pub fn build(self) -> Result<TwosComplement, MappingError> {
        let Self { bits, split, layers } = self;
        let fits = |split: Split| {
            split.check_sum(KIND, bits)?;
            let begins = split.parts().next().is_some_and(|part| part.bits == 1);
            if begins && split.count() > 1 {
                return Ok(());
            }
            Err(MappingError::Sign { mapping: KIND, parts: split.into() })
        };
        fits(split)?;
        layers.check(fits)?;
        Ok(TwosComplement { split, layers })
    }
}

impl Mapping for TwosComplement {
    fn top_weight(&self) -> i32 {
        (1 << (self.split.total() - 1)) - 1
    }

    fn least_weight(&self) -> i32 {
        -self.top_weight() - 1
    }

    fn top_level(&self) -> i32 {
        self.split.top_level()
    }

    fn unit(&self) -> i64 {
        self.split.unit()
    }

    fn columns(&self, outputs: usize) -> usize {
        self.split.count() * outputs
    }

    fn full_scale_groups(&self) -> usize {
        self.split.count()
    }

    fn of_layer(&self, layer: usize) -> Option<Arc<dyn Mapping>> {
        self.layers.mapping(layer, |split| Self { split, layers: LayerSplits::NONE })
    }

    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError> {
        MappingError::check(KIND, weights, self.least_weight()..=self.top_weight())?;
        let (rows, outputs) = weights.dim();
        let (parts, sign) = (self.split.count(), self.split.total() - 1);
        let mut levels = Array2::zeros((rows, self.columns(outputs)));
        let mut senses = Vec::with_capacity(parts * outputs);
        for (part_idx, part) in self.split.parts().enumerate() {
            for ((row, output), &weight) in weights.indexed_iter() {
                levels[[row, output * parts + part_idx]] = part.level(weight);
            }
            let weight = if part.shift == sign { -part.weight } else { part.weight };
            senses.extend((0..outputs).map(|output| Sense {
                plus: output * parts + part_idx,
                minus: None,
                output,
                weight,
                zero: 0,
                full_scale_group: part_idx,
            }));
        }
        Ok(Plan { levels, top_level: self.top_level(), senses })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn cells_hold_the_bits_of_the_twos_complement() {
        let mapping = Spec { bits: 3, split: Split::cut(&[1, 1, 1]), layers: LayerSplits::NONE }
            .build()
            .expect("3 bits");
        let plan = mapping.plan(array![[3, -1, -3, -4]].view()).expect("weights");
        assert_eq!(plan.levels, array![[0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0]]);
        let weights: Vec<_> = plan.senses.iter().step_by(4).map(|sense| sense.weight).collect();
        assert_eq!(weights, [-4, 2, 1]);
    }

    #[test]
    fn the_sign_is_a_part_of_its_own() {
        let signed = Split::cut(&[1, 3]);
        for other in [Split::cut(&[2, 2]), Split::cut(&[4])] {
            let of_layer = LayerSplits::new(&[signed, other]).expect("two layers");
            for (split, layers) in [(other, LayerSplits::NONE), (signed, of_layer)] {
                let error = Spec { bits: 4, split, layers }.build().expect_err("no sign");
                let said = error.to_string();
                assert!(
                    said.contains(&format!("parts {:?} of twos-complement", Vec::from(other))),
                    "{said}"
                );
            }
        }
    }
}
