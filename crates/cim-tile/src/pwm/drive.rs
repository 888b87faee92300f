//! Inputs of a batch of products, checked.

use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::pwm::error::PwmError;

/// Codes of a batch, vectors × rows, all of which the tile can drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drive {
    codes: Array2<i32>,
    top_code: i32,
}

impl Drive {
    /// See [`PwmTile::drive`](super::PwmTile::drive), for a tile of `rows` and codes up to `top`.
    pub(super) fn checked(codes: Array2<i32>, rows: usize, top: i32) -> Result<Self, PwmError> {
        if codes.ncols() != rows {
            return Err(PwmError::Inputs { codes: codes.ncols(), rows });
        }
        let outside = |code: i32| !(-top..=top).contains(&code);
        if let Some(((vector, row), &code)) = codes.indexed_iter().find(|(_, c)| outside(**c)) {
            return Err(PwmError::Code { vector, row, code, top });
        }
        let codes = if codes.is_standard_layout() {
            codes
        } else {
            codes.as_standard_layout().into_owned()
        };
        Ok(Self { codes, top_code: top })
    }

    /// Vectors × rows.
    pub fn codes(&self) -> ArrayView2<'_, i32> {
        self.codes.view()
    }

    /// Gives the codes back.
    pub fn into_codes(self) -> Array2<i32> {
        self.codes
    }

    /// Largest code of the tile that the codes were checked for.
    pub fn top_code(&self) -> i32 {
        self.top_code
    }

    /// Number of vectors.
    pub fn vectors(&self) -> usize {
        self.codes.nrows()
    }

    /// One vector.
    ///
    /// # Errors
    /// [`PwmError::Index`] if there is none of this number.
    pub fn vector(&self, vector: usize) -> Result<ArrayView1<'_, i32>, PwmError> {
        let count = self.vectors();
        if vector < count {
            Ok(self.codes.row(vector))
        } else {
            Err(PwmError::Index { name: "vector", index: vector, count })
        }
    }

    /// Mean magnitude of the codes of every vector: its mean pulse in steps, all bursts together.
    pub(super) fn mean_steps(&self) -> impl Iterator<Item = f64> + '_ {
        self.codes.rows().into_iter().map(|codes| {
            let sum: i64 = codes.iter().map(|code| i64::from(code.unsigned_abs())).sum();
            sum as f64 / codes.len() as f64
        })
    }
}
