//! A weight is one cell less a common level, which one column of the tile holds in every row.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::{Mapping, MappingError, Plan, Sense};

/// Offset column: output `k` is column `k` minus the last column of the tile.
///
/// A weight 0 is the middle of the window, the largest weight of either sign one of its ends; so a
/// weight has half the window, and half the columns of pairs. All outputs of a tile subtract the
/// same cells: their programming errors are correlated, though each has the variance of two
/// independent cells. Cells never rest at the bottom, so they draw current for a weight of 0 too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetColumn {
    shift: i32,
}

/// [`OffsetColumn::FINE`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {}

pub(super) const KIND: &str = "offset-column";
pub(super) const EXAMPLES: &[Spec] = &[Spec {}];

impl Spec {
    /// An offset column with continuous weights.
    ///
    /// # Errors
    /// None.
    pub fn build(self) -> Result<OffsetColumn, MappingError> {
        Ok(OffsetColumn::FINE)
    }
}

impl OffsetColumn {
    /// Continuous weights on a grid far below any device's error: 2¹⁶ levels.
    pub const FINE: Self = Self { shift: 1 << 15 };

    /// Weights of magnitude up to `shift`, cells that hold `0 ..= 2 shift`.
    pub const fn new(shift: u16) -> Self {
        Self { shift: shift as i32 }
    }
}

impl Mapping for OffsetColumn {
    fn top_weight(&self) -> i32 {
        self.shift
    }

    fn top_level(&self) -> i32 {
        2 * self.shift
    }

    fn columns(&self, outputs: usize) -> usize {
        outputs + 1
    }

    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError> {
        MappingError::check(KIND, weights, -self.shift..=self.shift)?;
        let (rows, outputs) = weights.dim();
        let levels = Array2::from_shape_fn((rows, outputs + 1), |(row, col)| {
            self.shift + if col < outputs { weights[[row, col]] } else { 0 }
        });
        let senses = (0..outputs)
            .map(|k| Sense {
                plus: k,
                minus: Some(outputs),
                output: k,
                weight: 1,
                zero: 0,
                full_scale_group: 0,
            })
            .collect();
        Ok(Plan { levels, top_level: self.top_level(), senses })
    }
}
