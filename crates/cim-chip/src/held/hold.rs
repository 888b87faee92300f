//! A blueprint with what was measured in place of programming.

use cim_core::{Ohms, Stream, Tally};
use cim_crossbar::Wires;
use cim_tile::Grid;
use ndarray::Array2;

use super::chip::HeldChip;
use super::error::HeldError;
use super::order::RowOrder;
use super::place::TilePlace;
use crate::chips::ChipBlueprint;
use crate::error::ChipError;

impl ChipBlueprint<'_> {
    /// The chip whose cells hold what was measured, one grid for each product, with rows in the order of inputs; what
    /// else is drawn is drawn below `at`, as for a chip that is [programmed](Self::program) there.
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
        let mut chip: Vec<Vec<Array2<f64>>> = Vec::with_capacity(self.layers.len());
        for (product, blueprint) in self.layers.iter().enumerate() {
            let (inputs, outputs) = blueprint.shape();
            let columns = parts.grid_shape(inputs, outputs).1;
            let wanted: Vec<_> = blueprint.targets().collect();
            let mut tops = vec![0];
            tops.extend(wanted.iter().step_by(columns).scan(0, |top, tile_s| {
                *top += tile_s.nrows();
                Some(*top)
            }));
            let mut own = Vec::with_capacity(wanted.len());
            for (tile_idx, wanted_s) in wanted.iter().enumerate() {
                let place =
                    TilePlace { product, row: tile_idx / columns, column: tile_idx % columns };
                let Some(tile) = held.tiles.get(&place) else {
                    return Err(HeldError::Missing { origin: held.origin.clone(), place }.into());
                };
                tile.check_shape(wanted_s.dim())?;
                // As cells lie, so that a unit is that of a file, and messages name its rows.
                let rows = RowOrder::of(held, product, &tops)?;
                let row_s = |row| {
                    let (tile_row, home) = rows.home(place.row, row);
                    wanted[tile_row * columns + place.column].row(home)
                };
                tile.check_cells(row_s, most)?;
                own.push(tile);
            }
            chip.push(RowOrder::of(held, product, &tops)?.sorted(&own, columns));
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
        if let Some(&product) = held.row_orders.keys().find(|&&product| chip.len() <= product) {
            let (origin, reason) =
                (held.origin.clone(), "belongs to no product of the chip".to_owned());
            return Err(HeldError::Order { origin, product, reason }.into());
        }
        if held.rows_moved() {
            check_wires(&parts.wires, &held.origin)?;
        }
        let layers = self.design.layers.iter().zip(&self.layers).zip(&chip).enumerate();
        layers
            .map(|(idx, ((own, blueprint), tiles))| {
                let held_s: Vec<_> = tiles.iter().map(|held_s| held_s.view()).collect();
                let at = at.child("layer", idx as u64);
                Ok(Grid::holding(&parts.of_layer(idx), own, blueprint, &held_s, at, tally)?)
            })
            .collect()
    }
}

/// Refuses wires with a resistance: what a cell costs on them depends on where its row lies.
fn check_wires(wires: &Wires, origin: &str) -> Result<(), HeldError> {
    let keys = [
        ("wires.row", Some(wires.row)),
        ("wires.column", Some(wires.column)),
        ("wires.source", wires.source),
        ("wires.sense", wires.sense),
    ];
    let set: Vec<String> = keys
        .into_iter()
        .filter_map(|(key, resistance)| Some((key, resistance.filter(|&r| r != Ohms::ZERO)?)))
        .map(|(key, resistance)| format!("{key} = {resistance}"))
        .collect();
    if set.is_empty() {
        return Ok(());
    }
    Err(HeldError::Wires { origin: origin.to_owned(), set: set.join(", ") })
}
