//! A weight is the difference of two columns that are converted each on its own.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::split::Split;
use super::{LayerSplits, Mapping, MappingError, Plan, Sense};

/// Pairs on two arrays: part `s` of output `k` is column `k · parts + s` of the array of positive
/// weights less the same column of that of negative ones, each converted on its own.
///
/// The sum of both conversions has twice the rounding variance of one difference, and each current
/// is the larger for what is not subtracted before it is converted. Columns of both arrays are side by
/// side in the plan, the positive half first: with resistive row wires the two are one array of twice
/// the width, which is an upper bound of what two would lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoArrays {
    split: Split,
    layers: LayerSplits,
}

/// A [`TwoArrays`] as written in a file.
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

pub(super) const KIND: &str = "two-arrays";
pub(super) const EXAMPLES: &[Spec] =
    &[Spec { bits: 6, split: Split::cut(&[3, 3]), layers: LayerSplits::NONE }];

impl Spec {
    /// Checks the split.
    ///
    /// # Errors
    /// [`MappingError::Sum`] if the parts are not those of the bits.
    pub fn build(self) -> Result<TwoArrays, MappingError> {
        let Self { bits, split, layers } = self;
        split.check_sum(KIND, bits)?;
        layers.check(|split| split.check_sum(KIND, bits))?;
        Ok(TwoArrays { split, layers })
    }
}

impl Mapping for TwoArrays {
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
        self.layers.mapping(layer, |split| Self { split, layers: LayerSplits::NONE })
    }

    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError> {
        MappingError::check(KIND, weights, -self.top_weight()..=self.top_weight())?;
        let (rows, outputs) = weights.dim();
        let parts = self.split.count();
        let mut levels = Array2::zeros((rows, self.columns(outputs)));
        let mut senses = Vec::with_capacity(2 * parts * outputs);
        for (part_idx, part) in self.split.parts().enumerate() {
            for (array, sign) in [1, -1].into_iter().enumerate() {
                let column = |output: usize| (array * outputs + output) * parts + part_idx;
                for ((row, output), &weight) in weights.indexed_iter() {
                    levels[[row, column(output)]] = part.level((sign * weight).max(0));
                }
                senses.extend((0..outputs).map(|output| Sense {
                    plus: column(output),
                    minus: None,
                    output,
                    weight: i64::from(sign) * part.weight,
                    zero: 0,
                    full_scale_group: part_idx,
                }));
            }
        }
        Ok(Plan { levels, top_level: self.top_level(), senses })
    }
}
