//! A weight is several pairs of cells that hold a few bits of its magnitude each.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::{LayerSplits, Mapping, MappingError, Plan, Sense, SplitDifferential};

/// Most bits of a weight: products with 16-bit inputs are then summed exactly.
const MOST_BITS: u32 = 16;

/// Bit-sliced differential pairs: slice `s` of output `k`, most significant first, is the pair of
/// columns `2 (k · slices + s)`, and counts `2^(bits · (slices − 1 − s))` times.
///
/// Each slice of a tile has a full scale of its own: weights that are mostly small leave the most
/// significant slice nearly empty. Layers with a split of their own are [`SplitDifferential`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitSlicedDifferential {
    slices: u32,
    bits: u32,
    layers: LayerSplits,
}

/// A [`BitSlicedDifferential`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Slices of a weight's magnitude.
    pub slices: u32,
    /// Bits of each slice; 1 to 16 in all slices together.
    pub bits: u32,
    /// Splits of the first layers of a network in place of the slices, up to 256, each of as many bits in all.
    #[serde(default, skip_serializing_if = "LayerSplits::is_none")]
    pub layers: LayerSplits,
}

pub(super) const KIND: &str = "bit-sliced-differential";
pub(super) const EXAMPLES: &[Spec] = &[
    Spec { slices: 4, bits: 2, layers: LayerSplits::NONE },
    Spec { slices: 7, bits: 1, layers: LayerSplits::NONE },
    Spec { slices: 1, bits: 5, layers: LayerSplits::NONE },
];

impl Spec {
    /// Checks the numbers of slices and bits.
    ///
    /// # Errors
    /// [`MappingError::Slices`] for none, or too many in all, [`MappingError::Sum`] if those of a layer are others.
    pub fn build(self) -> Result<BitSlicedDifferential, MappingError> {
        let Self { slices, bits, layers } = self;
        let Some(all @ 1..=MOST_BITS) = slices.checked_mul(bits) else {
            return Err(MappingError::Slices { slices, bits, most: MOST_BITS });
        };
        layers.check(|split| split.check_sum(KIND, all))?;
        Ok(BitSlicedDifferential { slices, bits, layers })
    }
}

impl Mapping for BitSlicedDifferential {
    fn top_weight(&self) -> i32 {
        (1 << (self.slices * self.bits)) - 1
    }

    fn top_level(&self) -> i32 {
        (1 << self.bits) - 1
    }

    fn columns(&self, outputs: usize) -> usize {
        2 * self.slices as usize * outputs
    }

    fn full_scale_groups(&self) -> usize {
        self.slices as usize
    }

    fn of_layer(&self, layer: usize) -> Option<Arc<dyn Mapping>> {
        self.layers.mapping(layer, SplitDifferential::of)
    }

    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError> {
        MappingError::check(KIND, weights, -self.top_weight()..=self.top_weight())?;
        let (rows, outputs) = weights.dim();
        let slices = self.slices as usize;
        let shift = |slice: usize| self.bits * (self.slices - 1 - slice as u32);
        let pair = |output: usize, slice: usize| 2 * (output * slices + slice);
        let mut levels = Array2::zeros((rows, self.columns(outputs)));
        for ((row, output), &weight) in weights.indexed_iter() {
            for slice in 0..slices {
                let column = pair(output, slice) + usize::from(weight < 0);
                levels[[row, column]] = (weight.abs() >> shift(slice)) & self.top_level();
            }
        }
        let senses = (0..slices).flat_map(|slice| {
            (0..outputs).map(move |output| Sense {
                plus: pair(output, slice),
                minus: Some(pair(output, slice) + 1),
                output,
                weight: 1 << shift(slice),
                zero: 0,
                full_scale_group: slice,
            })
        });
        let senses = senses.collect();
        Ok(Plan { levels, top_level: self.top_level(), senses })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn slices_are_adjacent_pairs_most_significant_first() {
        let mapping =
            Spec { slices: 2, bits: 2, layers: LayerSplits::NONE }.build().expect("4 bits");
        let plan = mapping.plan(array![[13, -6]].view()).expect("weights of 4 bits");
        // 13 = 3 · 4 + 1; −6 = −(1 · 4 + 2).
        assert_eq!(plan.levels, array![[3, 0, 1, 0, 0, 1, 0, 2]]);
        let weights: Vec<_> = plan.senses.iter().map(|s| (s.plus, s.output, s.weight)).collect();
        assert_eq!(weights, [(0, 0, 4), (4, 1, 4), (2, 0, 1), (6, 1, 1)]);
    }

    #[test]
    fn impossible_slices_are_refused() {
        for (slices, bits) in [(0, 2), (2, 0), (17, 1), (4, 5), (u32::MAX, 2)] {
            assert!(
                Spec { slices, bits, layers: LayerSplits::NONE }.build().is_err(),
                "{slices} × {bits}"
            );
        }
        assert!(Spec { slices: 8, bits: 2, layers: LayerSplits::NONE }.build().is_ok());
    }
}
