//! A weight is the difference of two cells, one of which stays at the bottom of the window.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::{Mapping, MappingError, Plan, Sense};

/// Differential pairs: output `k` is column `2k` minus column `2k + 1`.
///
/// A positive weight raises the cell of the plus column, a negative one that of the minus column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Differential {
    top_level: i32,
}

/// [`Differential::FINE`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {}

pub(super) const KIND: &str = "differential";
pub(super) const EXAMPLES: &[Spec] = &[Spec {}];

impl Spec {
    /// Pairs with continuous weights.
    ///
    /// # Errors
    /// None.
    pub fn build(self) -> Result<Differential, MappingError> {
        Ok(Differential::FINE)
    }
}

impl Differential {
    /// Continuous weights on a grid far below any device's error: 2¹⁵ levels.
    pub const FINE: Self = Self { top_level: 1 << 15 };

    /// Pairs whose cells hold `0 ..= top_level`.
    pub const fn new(top_level: u16) -> Self {
        Self { top_level: top_level as i32 }
    }
}

impl Mapping for Differential {
    fn top_weight(&self) -> i32 {
        self.top_level
    }

    fn top_level(&self) -> i32 {
        self.top_level
    }

    fn columns(&self, outputs: usize) -> usize {
        2 * outputs
    }

    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError> {
        MappingError::check(KIND, weights, -self.top_level..=self.top_level)?;
        let (rows, outputs) = weights.dim();
        let mut levels = Array2::zeros((rows, 2 * outputs));
        for (mut pairs, weights) in levels.rows_mut().into_iter().zip(weights.rows()) {
            let (pairs, _) = pairs.as_slice_mut().expect("standard layout").as_chunks_mut::<2>();
            for (pair, &weight) in pairs.iter_mut().zip(weights) {
                *pair = [weight.max(0), (-weight).max(0)];
            }
        }
        let senses = (0..outputs)
            .map(|k| Sense {
                plus: 2 * k,
                minus: Some(2 * k + 1),
                output: k,
                weight: 1,
                zero: 0,
                full_scale_group: 0,
            })
            .collect();
        Ok(Plan { levels, top_level: self.top_level, senses })
    }

    fn raised(&self, weights: ArrayView2<'_, f64>, clip: f64) -> Array2<f64> {
        let scale = if *self == Self::FINE { None } else { Some(f64::from(self.top_level) / clip) };
        let (rows, outputs) = weights.dim();
        let mut raised = Array2::zeros((rows, 2 * outputs));
        for ((row, col), &weight) in weights.indexed_iter() {
            let kept = weight.clamp(-clip, clip);
            let held = scale.map_or(kept, |scale| (kept * scale).round_ties_even() / scale);
            raised[[row, 2 * col + usize::from(held < 0.0)]] = held.abs();
        }
        raised
    }
}
