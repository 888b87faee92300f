//! What the converters of all tiles of a grid see.

use cim_core::{Scratch, Tally};
use ndarray::ArrayView2;

use super::Grid;
use crate::driven::Driven;
use crate::tile::Seen;

impl Grid {
    /// What the converters of each tile, row tiles outermost, see when `x` (vectors × inputs) goes through: the same
    /// drives, noise and codes as [`apply`](cim_core::MatMul::apply) of `x` with the same `call` has.
    ///
    /// # Panics
    /// If `x` has other inputs than the grid.
    pub fn seen(&self, x: ArrayView2<'_, f32>, call: u64) -> Vec<Seen> {
        assert_eq!(x.ncols(), self.inputs, "shapes");
        let vectors = x.nrows();
        let (scratch, tally) = (&mut Scratch::default(), &mut Tally::default());
        let x = x.as_standard_layout();
        let x = x.as_slice().expect("standard layout");
        let mut all = Vec::with_capacity(self.tiles.len());
        for (row_tile, tiles) in self.tiles.chunks_exact(self.column_tiles).enumerate() {
            let mut seen: Vec<Seen> =
                tiles.iter().map(|tile| tile.unseen(self.phases.len(), vectors)).collect();
            let mut driven = Driven::of(self, row_tile, x, true, scratch, tally);
            for (phase_idx, phase) in self.phases.iter().enumerate() {
                let drive = driven.by(&self.dac, *phase, phase_idx);
                for (tile, seen) in tiles.iter().zip(&mut seen) {
                    tile.look(drive, call, scratch, seen);
                }
            }
            driven.give(scratch);
            all.extend(seen);
        }
        all
    }

    /// Factors with which the outputs of each phase add.
    pub fn phase_factors(&self) -> Vec<f64> {
        self.phases.iter().map(|phase| phase.factor).collect()
    }
}
