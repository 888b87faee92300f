//! How long the parts of a grid's datapath take.

use cim_core::{Scratch, Tally};
use ndarray::ArrayView2;

use super::Grid;
use crate::driven::Driven;
use crate::tile::Paces;

impl Grid {
    /// Times of the parts of `x · W` by `clock`, which gives seconds: part after part for the whole of `x`
    /// (batch × inputs) instead of block by block, so that they add up to a little more than a product takes.
    ///
    /// # Panics
    /// If `x` has other inputs than the grid.
    pub fn pace(
        &self,
        x: ArrayView2<'_, f32>,
        clock: &dyn Fn() -> f64,
        scratch: &mut Scratch,
    ) -> Paces {
        assert_eq!(x.ncols(), self.inputs, "shapes");
        let batch = x.nrows();
        let x = x.as_standard_layout();
        let x = x.as_slice().expect("standard layout");
        let (mut paces, mut tally) = (Paces::default(), Tally::default());
        let mut sums = scratch.take(batch * self.outputs);
        sums.fill(0.0);
        for (row_tile, tiles) in self.tiles.chunks_exact(self.column_tiles).enumerate() {
            let start = clock();
            let mut driven = Driven::of(self, row_tile, x, false, scratch, &mut tally);
            paces.drive += clock() - start;
            for (phase_idx, phase) in self.phases.iter().enumerate() {
                let start = clock();
                let drive = driven.by(&self.dac, *phase, phase_idx);
                paces.drive += clock() - start;
                for (column_tile, tile) in tiles.iter().enumerate() {
                    let y = &mut sums[column_tile * self.tile_outputs..];
                    paces += tile.pace(drive, (y, self.outputs), clock, scratch);
                }
            }
            driven.give(scratch);
        }
        scratch.give(sums);
        paces
    }
}
