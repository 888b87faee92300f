//! A weight is several pairs of cells that hold parts of any size of its magnitude.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::split::Split;
use super::{Mapping, MappingError, Plan, Sense};

/// Differential pairs of any split: part `s` of output `k`, most significant first, is the pair of
/// columns `2 (k · parts + s)`, and each part of a tile has a full scale of its own.
///
/// Law: `w = Σ_parts 2^shift (d₊ − d₋)`, digits of the magnitude in the column of its sign. One part
/// of one bit is the pair of binary and ternary weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitDifferential {
    split: Split,
}

/// A [`SplitDifferential`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Bits of a weight's magnitude, 1 to 16.
    pub bits: u32,
    /// Bits of its parts, most significant first; they sum to `bits`.
    pub split: Split,
}

pub(super) const KIND: &str = "split-differential";
pub(super) const EXAMPLES: &[Spec] =
    &[Spec { bits: 1, split: Split::cut(&[1]) }, Spec { bits: 8, split: Split::cut(&[1, 3, 4]) }];

impl Spec {
    /// Checks the split.
    ///
    /// # Errors
    /// [`MappingError::Sum`] if the parts are not those of the bits.
    pub fn build(self) -> Result<SplitDifferential, MappingError> {
        self.split.check_sum(KIND, self.bits)?;
        Ok(SplitDifferential { split: self.split })
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

    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError> {
        MappingError::check(KIND, weights, self.top_weight())?;
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
        let mapping = Spec { bits: 3, split: Split::cut(&[1, 2]) }.build().expect("3 bits");
        let plan = mapping.plan(array![[7, -5]].view()).expect("weights of 3 bits");
        // 7 = 1 · 4 + 3, −5 = −(1 · 4 + 1); a digit of one bit is 3 levels, one of two bits 1.
        assert_eq!(plan.levels, array![[3, 0, 3, 0, 0, 3, 0, 1]]);
        assert_eq!((mapping.unit(), mapping.top_level()), (3, 3));
    }

    #[test]
    fn a_split_that_does_not_sum_is_refused() {
        let error = Spec { bits: 8, split: Split::cut(&[1, 3, 3]) }.build().expect_err("7 bits");
        let want = "parts [1, 3, 3] of split-differential are 7 bits in all, and weights have 8";
        assert_eq!(error.to_string(), want);
    }
}
