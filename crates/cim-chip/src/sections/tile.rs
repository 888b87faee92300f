//! `[tile]`: the size of one array with its converters.

use serde::{Deserialize, Serialize};

use super::need::need;
use crate::error::ChipError;

/// Size of a tile. Matrices of any size are cut into tiles of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TileSpec {
    /// Rows, which are driven: 1 to 65,536.
    pub rows: usize,
    /// Outputs, each sensed by what the mapping gives it: 1 to 65,536. Rows × outputs is at most 2²⁴.
    pub outputs: usize,
}

const MAX_SIDE: usize = 1 << 16;
const MAX_PLACES: usize = 1 << 24;

impl TileSpec {
    /// Checks both sizes.
    ///
    /// # Errors
    /// [`ChipError::Section`].
    pub fn check(&self) -> Result<(), ChipError> {
        for (key, size) in [("tile.rows", self.rows), ("tile.outputs", self.outputs)] {
            need(
                (1..=MAX_SIDE).contains(&size),
                key,
                size,
                "a tile has 1 to 65536 rows and outputs",
            )?;
        }
        let shown = format!("{} × {}", self.rows, self.outputs);
        need(
            self.rows * self.outputs <= MAX_PLACES,
            "tile.rows × tile.outputs",
            shown,
            "at most 16777216 fit in memory",
        )
    }
}
