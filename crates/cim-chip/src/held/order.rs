//! Rows that lie in another order than inputs.

use std::collections::BTreeSet;

use ndarray::{Array2, Axis, concatenate, s};

use super::chip::HeldChip;
use super::error::HeldError;
use super::place::TilePlace;

impl HeldChip {
    /// The same chip with the rows of `product` in the order of its inputs. `order[k]` is the row of the product (an
    /// input has one or two, side by side) that row `k` of its tiles is, counted through them from the first on.
    ///
    /// # Errors
    /// [`HeldError::Order`] for an order that is no permutation, or of other rows than the tiles of the product have.
    pub fn in_order(mut self, product: usize, order: &[usize]) -> Result<Self, HeldError> {
        let refused = |reason| HeldError::Order { origin: self.origin.clone(), product, reason };
        let mut first = vec![None; order.len()];
        for (at, &row) in order.iter().enumerate() {
            let Some(known) = first.get_mut(row) else {
                return Err(refused(format!("has row {row} of {} rows", order.len())));
            };
            if let Some(before) = known.replace(at) {
                return Err(refused(format!("has row {row} at {before} and at {at}")));
            }
        }
        if order.iter().enumerate().all(|(at, &row)| at == row) {
            return Ok(self);
        }
        let places: Vec<TilePlace> =
            self.tiles.keys().copied().filter(|place| place.product == product).collect();
        let columns: BTreeSet<usize> = places.iter().map(|place| place.column).collect();
        for column in columns {
            let own: Vec<TilePlace> =
                places.iter().copied().filter(|place| place.column == column).collect();
            let tiles = || own.iter().map(|place| &self.tiles[place]);
            // Tiles of other sizes are another chip's: they are refused where its sizes are known.
            if tiles().any(|tile| tile.target_s.dim() != tile.held_s.dim()) {
                continue;
            }
            let targets: Vec<_> = tiles().map(|tile| tile.target_s.view()).collect();
            let helds: Vec<_> = tiles().map(|tile| tile.held_s.view()).collect();
            let lying = [targets, helds].map(|tiles| concatenate(Axis(0), &tiles));
            let [Ok(target_s), Ok(held_s)] = lying else { continue };
            if target_s.nrows() != order.len() {
                let rows = target_s.nrows();
                let reason = format!("is of {} rows, and its tiles have {rows}", order.len());
                return Err(refused(reason));
            }
            let [target_s, held_s] = [target_s, held_s].map(|lying| sorted(&lying, order));
            let mut top = 0;
            for place in &own {
                let tile = self.tiles.get_mut(place).expect("its own place");
                let rows = top..top + tile.target_s.nrows();
                tile.target_s = target_s.slice(s![rows.clone(), ..]).to_owned();
                tile.held_s = held_s.slice(s![rows.clone(), ..]).to_owned();
                top = rows.end;
            }
        }
        self.rows_moved = true;
        Ok(self)
    }
}

/// Rows, each where `order` says.
fn sorted(lying: &Array2<f64>, order: &[usize]) -> Array2<f64> {
    let mut sorted = lying.clone();
    for (from, &to) in lying.rows().into_iter().zip(order) {
        sorted.row_mut(to).assign(&from);
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::super::chip::HeldTile;
    use super::*;

    /// Two tiles below each other, of 3 and 2 rows, whose cells hold the number of their row.
    fn chip(rows: [f64; 5]) -> HeldChip {
        let column = |rows: &[f64]| Array2::from_shape_fn((rows.len(), 2), |(row, _)| rows[row]);
        let tile = |rows: &[f64]| HeldTile {
            origin: "a tile".into(),
            target_s: column(rows),
            held_s: 0.5 * column(rows),
        };
        let place = |row| TilePlace { product: 1, row, column: 0 };
        let tiles = [(place(0), tile(&rows[..3])), (place(1), tile(&rows[3..]))];
        HeldChip { origin: "a folder".into(), tiles: tiles.into(), ..HeldChip::default() }
    }

    #[test]
    fn rows_go_back_through_all_tiles() {
        let order = [4, 0, 3, 1, 2];
        let lying = chip(order.map(|row| row as f64));
        let found = lying.in_order(1, &order).expect("a permutation");
        let sorted = HeldChip { rows_moved: true, ..chip([0.0, 1.0, 2.0, 3.0, 4.0]) };
        assert_eq!(found, sorted);
        let as_it_is = sorted.clone().in_order(1, &[0, 1, 2, 3, 4]).expect("a permutation");
        assert_eq!(as_it_is, sorted);
    }

    #[test]
    fn what_is_no_permutation_is_refused() {
        let refused = |order: &[usize]| {
            let lying = chip([0.0, 1.0, 2.0, 3.0, 4.0]);
            lying.in_order(1, order).expect_err("no permutation").to_string()
        };
        assert!(refused(&[1, 0, 2, 3, 3]).contains("row 3 at 3 and at 4"));
        assert!(refused(&[1, 0, 2, 3, 5]).contains("row 5 of 5 rows"));
        assert!(refused(&[1, 0, 2]).contains("is of 3 rows, and its tiles have 5"));
    }
}
