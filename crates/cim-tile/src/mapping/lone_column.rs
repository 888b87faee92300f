//! A weight is one cell, whose middle stands for zero and is subtracted digitally.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::{Mapping, MappingError, Plan, Sense};

/// Lone columns: output `k` is column `k`, a weight 0 the middle of the window and the largest weight
/// of either sign one of its ends.
///
/// Law: `w = ± (level − shift)`. The digital sibling of [`OffsetColumn`](super::OffsetColumn), with
/// nothing to share: what stands for zero is taken away per unit of summed drive, which is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoneColumn {
    shift: i32,
    raised_by: Sign,
}

/// Sign of the weights that raise a cell above the middle of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// Positive weights.
    Positive,
    /// Negative weights.
    Negative,
}

/// A [`LoneColumn`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Largest magnitude of a weight, 1 to 32,767; cells have `2 shift + 1` levels.
    pub shift: u16,
    /// Which weights raise a cell.
    pub raised_by: Sign,
}

pub(super) const KIND: &str = "lone-column";
pub(super) const EXAMPLES: &[Spec] = &[
    Spec { shift: 1, raised_by: Sign::Positive },
    Spec { shift: 1, raised_by: Sign::Negative },
    Spec { shift: 300, raised_by: Sign::Positive },
];

impl Spec {
    /// Checks the shift.
    ///
    /// # Errors
    /// [`MappingError::Shift`] for 0, or one beyond 15 bits.
    pub fn build(self) -> Result<LoneColumn, MappingError> {
        match self.shift {
            1..=32_767 => Ok(LoneColumn { shift: self.shift.into(), raised_by: self.raised_by }),
            shift => Err(MappingError::Shift { mapping: KIND, shift, most: 32_767 }),
        }
    }
}

impl Mapping for LoneColumn {
    fn top_weight(&self) -> i32 {
        self.shift
    }

    fn top_level(&self) -> i32 {
        2 * self.shift
    }

    fn columns(&self, outputs: usize) -> usize {
        outputs
    }

    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError> {
        MappingError::check(KIND, weights, -self.shift..=self.shift)?;
        let weight = match self.raised_by {
            Sign::Positive => 1,
            Sign::Negative => -1,
        };
        let levels = weights.mapv(|w| self.shift + weight * w);
        let senses = (0..weights.ncols()).map(|k| Sense {
            plus: k,
            minus: None,
            output: k,
            weight: weight.into(),
            zero: self.shift,
            full_scale_group: 0,
        });
        Ok(Plan { levels, top_level: self.top_level(), senses: senses.collect() })
    }
}
