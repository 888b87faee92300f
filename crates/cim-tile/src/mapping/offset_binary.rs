//! A weight is the parts of what it is above the smallest one, which is subtracted digitally.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::split::Split;
use super::{LayerSplits, Mapping, MappingError, Plan, Sense};

/// Lone columns of the offset code: part `s` of output `k`, most significant first, is column
/// `k · parts + s`.
///
/// Law: `w + shift = Σ_parts 2^shift d` with `shift = 2^(bits − 1) − 1`; the shift and what cells
/// draw at the bottom of the window are subtracted digitally, per unit of summed drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetBinary {
    split: Split,
    layers: LayerSplits,
}

/// An [`OffsetBinary`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Bits of a weight and its shift, 2 to 16.
    pub bits: u32,
    /// Bits of its parts, most significant first; they sum to `bits`.
    pub split: Split,
    /// Splits of the first layers of a network in its place, up to 256, each of as many bits.
    #[serde(default, skip_serializing_if = "LayerSplits::is_none")]
    pub layers: LayerSplits,
}

pub(super) const KIND: &str = "offset-binary";
pub(super) const EXAMPLES: &[Spec] = &[
    Spec { bits: 2, split: Split::cut(&[1, 1]), layers: LayerSplits::NONE },
    Spec { bits: 5, split: Split::cut(&[2, 3]), layers: LayerSplits::NONE },
];

impl Spec {
    /// Checks the split.
    ///
    /// # Errors
    /// [`MappingError::Sum`] if the parts are not those of the bits, [`MappingError::Sign`] for a
    /// single bit, which has no place for a sign.
    pub fn build(self) -> Result<OffsetBinary, MappingError> {
        let Self { bits, split, layers } = self;
        split.check_sum(KIND, bits)?;
        layers.check(|split| split.check_sum(KIND, bits))?;
        if bits < 2 {
            return Err(MappingError::Sign { mapping: KIND, parts: split.into() });
        }
        Ok(OffsetBinary { split, layers })
    }
}

impl Mapping for OffsetBinary {
    fn top_weight(&self) -> i32 {
        (1 << (self.split.total() - 1)) - 1
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
        let shift = self.top_weight();
        MappingError::check(KIND, weights, -shift..=shift)?;
        let (rows, outputs) = weights.dim();
        let parts = self.split.count();
        let mut levels = Array2::zeros((rows, self.columns(outputs)));
        let mut senses = Vec::with_capacity(parts * outputs);
        for (part_idx, part) in self.split.parts().enumerate() {
            for ((row, output), &weight) in weights.indexed_iter() {
                levels[[row, output * parts + part_idx]] = part.level(weight + shift);
            }
            senses.extend((0..outputs).map(|output| Sense {
                plus: output * parts + part_idx,
                minus: None,
                output,
                weight: part.weight,
                zero: part.level(shift),
                full_scale_group: part_idx,
            }));
        }
        Ok(Plan { levels, top_level: self.top_level(), senses })
    }
}
