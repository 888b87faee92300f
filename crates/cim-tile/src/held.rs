//! Grids whose cells hold what was measured on a real chip.

use cim_core::{Stream, Tally};
use cim_crossbar::Crossbar;
use ndarray::ArrayView2;

use crate::error::TileError;
use crate::grid::{Blueprint, Grid, LayerDesign, Parts};
use crate::tile::Tile;

impl Grid {
    /// One chip whose cells hold `held_s`, tile by tile, row tiles outermost (rows × columns, S): as
    /// [`from_blueprint`](Self::from_blueprint) but for programming. Wires, read noise, drivers and
    /// converters are those of `parts`, drawn below the same addresses, so that conductances that were
    /// taken from a simulated chip make the chip that they were taken from, to the bit.
    ///
    /// How cells came to hold what they do is not known, so the chip [does not
    /// age](Crossbar::holding). Cells outside the window of the device are counted in `tally`; none
    /// was programmed.
    ///
    /// # Errors
    /// [`TileError::HeldTiles`] and [`TileError::HeldShape`] for conductances of another grid,
    /// [`TileError::Circuit`] for a conductance that is negative or not finite; otherwise as
    /// [`from_blueprint`](Self::from_blueprint).
    pub fn holding(
        parts: &Parts,
        design: &LayerDesign,
        blueprint: &Blueprint,
        held_s: &[ArrayView2<'_, f64>],
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Self, TileError> {
        let wanted = blueprint.tiles().len();
        if held_s.len() != wanted {
            return Err(TileError::HeldTiles { given: held_s.len(), wanted });
        }
        let columns = parts.grid_shape(blueprint.shape().0, blueprint.shape().1).1;
        let window = parts.device.held_window();
        let inside = |g_s: &f64| (window.g_min.0..=window.g_max.0).contains(g_s);
        Self::of_cells(parts, design, blueprint, at, |tile_idx, tile, _| {
            let held_s = held_s[tile_idx];
            let (given, wanted) = (held_s.dim(), tile.target_s.dim());
            if given != wanted {
                let (row_tile, column_tile) = (tile_idx / columns, tile_idx % columns);
                return Err(TileError::HeldShape { row_tile, column_tile, given, wanted });
            }
            tally.cells_outside_window += held_s.iter().filter(|g_s| !inside(g_s)).count() as u64;
            let (device, wires, ambient) = (parts.device.clone(), parts.wires, parts.ambient);
            Ok(Crossbar::holding(held_s.to_owned(), device, wires, ambient)?)
        })
    }

    /// The same chip read once more ([`Tile::read_again`]): reading 0 is the chip itself.
    #[must_use]
    pub fn read_again(&self, reading: u64) -> Self {
        self.with_tiles(self.tiles().iter().map(|tile: &Tile| tile.read_again(reading)).collect())
    }
}
