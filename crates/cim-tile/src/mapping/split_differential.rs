//! A weight is several pairs of cells that hold parts of any size of its magnitude.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::split::Split;
use super::{LayerSplits, Mapping, MappingError, Plan, Sense};

/// Differential pairs of any split: part `s` of output `k`, most significant first, is the pair of
/// columns `2 (k · parts + s)`, and each part of a tile has a full scale of its own.
///
/// Law: `w = Σ_parts 2^shift (d₊ − d₋)`, digits of the magnitude in the column of its sign. One part
/// of one bit is the pair of binary and ternary weights.
///
/// Layers of a network may be cut otherwise than the rest: [`Mapping::of_layer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitDifferential {
    split: Split,
    layers: LayerSplits,
}

/// A [`SplitDifferential`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Bits of a weight's magnitude, 1 to 16.
    pub bits: u32,
    /// Bits of its parts, most significant first; they sum to `bits`.
    pub split: Split,
    /// Splits of the first layers of a network in its place, up to 256, each of as many bits.
    #[serde(default, skip_serializing_if = "LayerSplits::is_none")]
    pub layers: LayerSplits,
}

pub(super) const KIND: &str = "split-differential";
pub(super) const EXAMPLES: &[Spec] = &[
    Spec { bits: 1, split: Split::cut(&[1]), layers: LayerSplits::NONE },
    Spec { bits: 8, split: Split::cut(&[1, 3, 4]), layers: LayerSplits::NONE },
];

impl Spec {
    /// Checks the split.
    ///
    /// # Errors
    /// [`MappingError::Sum`] if the parts are not those of the bits.
    pub fn build(self) -> Result<SplitDifferential, MappingError> {
        let Self { bits, split, layers } = self;
        split.check_sum(KIND, bits)?;
        layers.check(|split| split.check_sum(KIND, bits))?;
        Ok(SplitDifferential { split, layers })
    }
}

impl SplitDifferential {
    /// Pairs of a split, in all layers.
    pub(super) fn of(split: Split) -> Self {
        Self { split, layers: LayerSplits::NONE }
    }
}

impl Mapping for SplitDifferential {
    fn top_weight(&self) -> i32 {
        (1 << self.split.total()) - 1
    }

    fn top_level(&self) -> i32 {
        self.split.top_level()
    }

    fn unit(&self) -> i64 {
        self.split.unit()
    }

    fn columns(&self, outputs: usize) -> usize {
        2 * self.split.count() * outputs
    }

    fn full_scale_groups(&self) -> usize {
        self.split.count()
    }

    fn of_layer(&self, layer: usize) -> Option<Arc<dyn Mapping>> {
        self.layers.mapping(layer, Self::of)
    }

    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError> {
        MappingError::check(KIND, weights, -self.top_weight()..=self.top_weight())?;
        let (rows, outputs) = weights.dim();
        let parts = self.split.count();
        let pair = |output: usize, part: usize| 2 * (output * parts + part);
        let mut levels = Array2::zeros((rows, self.columns(outputs)));
        let mut senses = Vec::with_capacity(parts * outputs);
        for (part_idx, part) in self.split.parts().enumerate() {
            for ((row, output), &weight) in weights.indexed_iter() {
                let column = pair(output, part_idx) + usize::from(weight < 0);
                levels[[row, column]] = part.level(weight.abs());
            }
            senses.extend((0..outputs).map(|output| Sense {
                plus: pair(output, part_idx),
                minus: Some(pair(output, part_idx) + 1),
                output,
                weight: part.weight,
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
    fn every_part_has_the_whole_window() {
        let mapping = Spec { bits: 3, split: Split::cut(&[1, 2]), layers: LayerSplits::NONE };
        let mapping = mapping.build().expect("3 bits");
        let plan = mapping.plan(array![[7, -5]].view()).expect("weights of 3 bits");
        // 7 = 1 · 4 + 3, −5 = −(1 · 4 + 1); a digit of one bit is 3 levels, one of two bits 1.
        assert_eq!(plan.levels, array![[3, 0, 3, 0, 0, 3, 0, 1]]);
        assert_eq!((mapping.unit(), mapping.top_level()), (3, 3));
    }

    #[test]
    fn a_split_that_does_not_sum_is_refused() {
        let (good, bad) = (Split::cut(&[1, 3, 4]), Split::cut(&[1, 3, 3]));
        let of_second = LayerSplits::new(&[good, bad]).expect("two layers");
        for (split, layers, place) in
            [(bad, LayerSplits::NONE, ""), (good, of_second, "layers, split 2: ")]
        {
            let error = Spec { bits: 8, split, layers }.build().expect_err("7 bits");
            let want =
                "parts [1, 3, 3] of split-differential are 7 bits in all, and weights have 8";
            assert_eq!(error.to_string(), format!("{place}{want}"));
        }
    }

    /// A layer has the plan of a mapping of its own split; where it has none, that of all.
    #[test]
    fn layers_are_cut_as_asked() {
        let spec = r#"{"bits": 4, "split": [4], "layers": [[1, 3], [2, 1, 1]]}"#;
        let mapping =
            serde_json::from_str::<Spec>(spec).expect("all keys").build().expect("4 bits");
        let weights = array![[15, -9], [3, -8], [0, 1]];
        for (layer, split) in [&[1, 3][..], &[2, 1, 1]].into_iter().enumerate() {
            let split = Split::new(split).expect("4 bits");
            let alone = Spec { bits: 4, split, layers: LayerSplits::NONE }.build().expect("4 bits");
            let own = mapping.of_layer(layer).expect("a split of its own");
            assert_eq!(own.plan(weights.view()), alone.plan(weights.view()));
            assert_eq!(own.columns(3), alone.columns(3));
            assert!(own.of_layer(layer).is_none());
        }
        assert!(mapping.of_layer(2).is_none());
        assert_eq!(mapping.columns(3), 6);
    }
}
