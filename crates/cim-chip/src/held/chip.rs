//! What was measured, tile by tile.

use std::collections::BTreeMap;

use cim_core::Siemens;
use ndarray::{Array2, ArrayView1};

use super::error::HeldError;
use super::place::TilePlace;

/// What the cells of one tile were to hold and do hold.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldTile {
    /// Where it was read, such as a file and an array, for messages.
    pub origin: String,
    /// What the cells were to hold, rows × columns (S): it says which tile of which network this is.
    pub target_s: Array2<f64>,
    /// What they were measured to hold, rows × columns (S).
    pub held_s: Array2<f64>,
}

/// What every cell of one chip was measured to hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeldChip {
    /// Where it was read, such as a folder, for messages.
    pub origin: String,
    /// Tile by tile, with rows as they lie.
    pub tiles: BTreeMap<TilePlace, HeldTile>,
    /// For products whose order of rows is told: which row of the product (an input has one or two, side by side)
    /// each row of its tiles is, counted through them from the first on. Rows of others lie in the order of inputs.
    pub row_orders: BTreeMap<usize, Vec<usize>>,
}

/// How far (S) targets may lie apart and still be the same, per siemens of the largest: what six digits
/// of a table leave.
const SAME_TARGET: f64 = 2e-6;

/// Factor by which a whole tile may be above or below what the cells can be asked for before its numbers
/// count as those of another unit; units are a thousand apart or more.
const OTHER_UNIT: f64 = 300.0;

impl HeldTile {
    /// Checks that it has as many rows and columns as its place.
    pub(super) fn check_shape(&self, wanted: (usize, usize)) -> Result<(), HeldError> {
        for given in [self.target_s.dim(), self.held_s.dim()] {
            if given != wanted {
                return Err(HeldError::Shape { origin: self.origin.clone(), given, wanted });
            }
        }
        Ok(())
    }

    /// Checks every cell, on cells that can be asked for up to `most`. `wanted_s` are the targets (S) of a row of this
    /// tile, wherever on the chip they belong.
    pub(super) fn check_cells<'a>(
        &self,
        wanted_s: impl Fn(usize) -> ArrayView1<'a, f64>,
        most: Siemens,
    ) -> Result<(), HeldError> {
        let origin = || self.origin.clone();
        for (row, given_s) in self.target_s.rows().into_iter().enumerate() {
            for (column, (&given, &wanted)) in given_s.iter().zip(wanted_s(row)).enumerate() {
                let apart = (given - wanted).abs();
                // Not a number is no target either.
                if apart.is_nan() || SAME_TARGET * most.0 < apart {
                    let (given, wanted) = (Siemens(given), Siemens(wanted));
                    return Err(HeldError::Target { origin: origin(), row, column, given, wanted });
                }
            }
        }
        let possible = |g_s: f64| (0.0..f64::INFINITY).contains(&g_s);
        if let Some(((row, column), &value)) =
            self.held_s.indexed_iter().find(|(_, g_s)| !possible(**g_s))
        {
            return Err(HeldError::Conductance { origin: origin(), row, column, value });
        }
        self.check_unit(most)
    }

    /// Most cells of a tile lie about its window, some may be stuck anywhere: the middle one tells numbers
    /// that are too large, the largest numbers that are too small.
    fn check_unit(&self, most: Siemens) -> Result<(), HeldError> {
        let mut sorted: Vec<f64> = self.held_s.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let (middle, largest) = (sorted[sorted.len() / 2], sorted[sorted.len() - 1]);
        let asked = self.target_s.iter().copied().fold(0.0, f64::max);
        let refused = |words, g_s| {
            let (origin, value) = (self.origin.clone(), Siemens(g_s));
            Err(HeldError::Unit { origin, words, value, most })
        };
        if OTHER_UNIT * most.0 < middle {
            return refused("the median conductance", middle);
        }
        if 0.0 < largest && largest * OTHER_UNIT < asked {
            return refused("the largest conductance", largest);
        }
        Ok(())
    }
}

impl HeldChip {
    /// Where it was read, without what leads there.
    pub fn name(&self) -> &str {
        let origin = self.origin.trim_end_matches(['/', '\\']);
        origin.rsplit(['/', '\\']).next().unwrap_or(origin)
    }

    /// Whether rows of any product lie in another order than inputs.
    pub fn rows_moved(&self) -> bool {
        self.row_orders.values().any(|order| !order.iter().copied().eq(0..order.len()))
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.tiles.values().map(|tile| tile.held_s.len()).sum()
    }

    /// Root of the mean square of what cells are off their targets by; 0 of no cells.
    pub fn rms_error(&self) -> Siemens {
        let pairs = self.tiles.values().flat_map(|tile| tile.held_s.iter().zip(&tile.target_s));
        let square: f64 = pairs.map(|(held_s, target_s)| (held_s - target_s).powi(2)).sum();
        Siemens((square / self.cells().max(1) as f64).sqrt())
    }
}
