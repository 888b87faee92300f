//! A weight is the difference of two cells, one of which stays at the bottom of the window.

use ndarray::{Array2, ArrayView2};

use super::{Mapping, MappingError, Plan, Sense};

/// Differential pairs: output `k` is column `2k` minus column `2k + 1`.
///
/// A positive weight raises the cell of the plus column, a negative one that of the minus column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Differential {
    top_level: i32,
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

    fn columns(&self, outputs: usize) -> usize {
        2 * outputs
    }

    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError> {
        let (rows, outputs) = weights.dim();
        let (min, max) = (-self.top_level, self.top_level);
        let mut levels = Array2::zeros((rows, 2 * outputs));
        for ((row, col), &weight) in weights.indexed_iter() {
            if !(min..=max).contains(&weight) {
                return Err(MappingError::Weight { weight, row, col, min, max });
            }
            levels[[row, 2 * col + usize::from(weight < 0)]] = weight.abs();
        }
        let senses = (0..outputs)
            .map(|k| Sense { plus: 2 * k, minus: Some(2 * k + 1), output: k, weight: 1 })
            .collect();
        Ok(Plan { levels, top_level: self.top_level, senses, phases: vec![1] })
    }

    fn drive(&self, _phase: usize, x: &[f32], rows: &mut [f32]) {
        rows.copy_from_slice(x);
    }
}
