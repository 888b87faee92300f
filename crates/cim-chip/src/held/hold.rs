//! A blueprint with what was measured in place of programming.

use cim_core::{Stream, Tally};
use cim_tile::Grid;

use super::chip::{HeldChip, HeldTile};
use super::error::HeldError;
use super::place::TilePlace;
use crate::chips::ChipBlueprint;
use crate::error::ChipError;

impl ChipBlueprint<'_> {
    /// The chip whose cells hold what was measured, one grid for each product; what else is drawn is drawn
    /// below `at`, as for a chip that is [programmed](Self::program) there.
    ///
    /// # Errors
    /// [`ChipError::Held`] for what was measured on another chip or cannot be, naming where it was read;
    /// otherwise as [`program`](Self::program).
    pub fn hold(
        &self,
        held: &HeldChip,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Vec<Grid>, ChipError> {
        let parts = &self.design.parts;
        let most = parts.device.window().g_max;
        let mut chip: Vec<Vec<&HeldTile>> = Vec::with_capacity(self.layers.len());
        for (product, blueprint) in self.layers.iter().enumerate() {
            let (inputs, outputs) = blueprint.shape();
            let columns = parts.grid_shape(inputs, outputs).1;
            let mut own = Vec::new();
            for (tile_idx, wanted_s) in blueprint.targets().enumerate() {
                let place =
                    TilePlace { product, row: tile_idx / columns, column: tile_idx % columns };
                let Some(tile) = held.tiles.get(&place) else {
                    return Err(HeldError::Missing { origin: held.origin.clone(), place }.into());
                };
                tile.check(wanted_s, most)?;
                own.push(tile);
            }
            chip.push(own);
        }
        let has = |place: &TilePlace| {
            let tiles = chip.get(place.product).map_or(0, Vec::len);
            let blueprint = self.layers.get(place.product);
            blueprint.is_some_and(|blueprint| {
                let columns = parts.grid_shape(blueprint.shape().0, blueprint.shape().1).1;
                place.column < columns && place.row * columns + place.column < tiles
            })
        };
        if let Some((&place, tile)) = held.tiles.iter().find(|(place, _)| !has(place)) {
            return Err(HeldError::Surplus { origin: tile.origin.clone(), place }.into());
        }
        let layers = self.design.layers.iter().zip(&self.layers).zip(&chip).enumerate();
        layers
            .map(|(idx, ((own, blueprint), tiles))| {
                let held_s: Vec<_> = tiles.iter().map(|tile| tile.held_s.view()).collect();
                let at = at.child("layer", idx as u64);
                Ok(Grid::holding(&parts.of_layer(idx), own, blueprint, &held_s, at, tally)?)
            })
            .collect()
    }
}
