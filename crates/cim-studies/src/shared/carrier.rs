//! Tiles, and what they put out before, as what carries a product.

use cim_core::{MatMul, Scratch, Tally};
use cim_tile::Grid;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

/// What carries a product.
pub enum Carrier<'a> {
    /// Tiles.
    Grid(&'a Grid),
    /// What tiles put out for all vectors; it was counted then.
    Known {
        /// Vectors × outputs.
        known: &'a Array2<f32>,
        /// Inputs and outputs.
        shape: (usize, usize),
        /// Vectors of a call.
        block: usize,
    },
}

impl MatMul for Carrier<'_> {
    fn shape(&self) -> (usize, usize) {
        match self {
            Self::Grid(grid) => grid.shape(),
            Self::Known { shape, .. } => *shape,
        }
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        mut y: ArrayViewMut2<'_, f32>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        match self {
            Self::Grid(grid) => grid.apply(x, call, y, scratch, tally),
            Self::Known { known, block, .. } => {
                let first = call as usize * block;
                y.assign(&known.slice(s![first..first + x.nrows(), ..]));
            }
        }
    }
}
