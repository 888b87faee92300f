//! Rows that lie in another order than inputs.

use ndarray::Array2;

use super::chip::{HeldChip, HeldTile};
use super::error::HeldError;

/// To which row of a product each row of its tiles belongs.
pub(super) struct RowOrder<'a> {
    /// First row of each row of tiles; then the number of rows of the product.
    tops: &'a [usize],
    /// As it is told; left out, the order of inputs.
    order: Option<&'a [usize]>,
}

impl<'a> RowOrder<'a> {
    /// That of a product of `held` whose rows of tiles begin at `tops`, the number of its rows behind them.
    ///
    /// # Errors
    /// [`HeldError::Order`] for an order of another number of rows, or one that has not each of them once.
    pub fn of(held: &'a HeldChip, product: usize, tops: &'a [usize]) -> Result<Self, HeldError> {
        let order = held.row_orders.get(&product).map(Vec::as_slice);
        if let Some(order) = order {
            let rows = tops.last().copied().unwrap_or(0);
            check(order, rows).map_err(|reason| {
                let origin = held.origin.clone();
                HeldError::Order { origin, product, reason }
            })?;
        }
        Ok(Self { tops, order })
    }

    /// Row of tiles, and row of those, to which `row` of the tiles in row `tile_row` belongs.
    pub fn home(&self, tile_row: usize, row: usize) -> (usize, usize) {
        let lies = self.tops[tile_row] + row;
        let belongs = self.order.map_or(lies, |order| order[lies]);
        let tile_row = self.tops.partition_point(|&top| top <= belongs) - 1;
        (tile_row, belongs - self.tops[tile_row])
    }

    /// What cells hold (S) with rows where they belong, of `tiles` in so many `columns`, row tiles outermost.
    pub fn sorted(&self, tiles: &[&HeldTile], columns: usize) -> Vec<Array2<f64>> {
        let mut sorted: Vec<_> = tiles.iter().map(|tile| tile.held_s.clone()).collect();
        for (idx, tile) in tiles.iter().enumerate() {
            for (row, held_s) in tile.held_s.rows().into_iter().enumerate() {
                let (tile_row, home) = self.home(idx / columns, row);
                sorted[tile_row * columns + idx % columns].row_mut(home).assign(&held_s);
            }
        }
        sorted
    }
}

/// Checks that an order has each of `rows` rows once.
fn check(order: &[usize], rows: usize) -> Result<(), String> {
    if order.len() != rows {
        return Err(format!("is of {} rows, and its tiles have {rows}", order.len()));
    }
    let mut first = vec![None; rows];
    for (at, &row) in order.iter().enumerate() {
        let Some(known) = first.get_mut(row) else {
            return Err(format!("has row {row} of {rows} rows"));
        };
        if let Some(before) = known.replace(at) {
            return Err(format!("has row {row} at {before} and at {at}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two tiles beside two others, of 3 and 2 rows, whose cells hold ten times the number of their row, and one
    /// more in the second column of tiles.
    fn tiles(rows: [f64; 5]) -> Vec<HeldTile> {
        let tile = |rows: &[f64], beside: f64| {
            let cells =
                Array2::from_shape_fn((rows.len(), 2), |(row, _)| 10.0 * rows[row] + beside);
            HeldTile { origin: "a tile".into(), target_s: cells.clone(), held_s: cells }
        };
        let (upper, lower) = rows.split_at(3);
        vec![tile(upper, 0.0), tile(upper, 1.0), tile(lower, 0.0), tile(lower, 1.0)]
    }

    fn chip(order: &[usize]) -> HeldChip {
        HeldChip { row_orders: [(1, order.to_vec())].into(), ..HeldChip::default() }
    }

    #[test]
    fn rows_go_back_through_all_tiles() {
        let order = [4, 0, 3, 1, 2];
        let (lying, held) = (tiles(order.map(|row| row as f64)), chip(&order));
        let rows = RowOrder::of(&held, 1, &[0, 3, 5]).expect("a permutation");
        let sorted = rows.sorted(&lying.iter().collect::<Vec<_>>(), 2);
        let wanted: Vec<_> =
            tiles([0.0, 1.0, 2.0, 3.0, 4.0]).into_iter().map(|tile| tile.held_s).collect();
        assert_eq!(sorted, wanted);
        assert_eq!([rows.home(0, 0), rows.home(1, 1)], [(1, 1), (0, 2)]);
        assert!(held.rows_moved() && !chip(&[0, 1, 2, 3, 4]).rows_moved());
        // Of another product nothing is told.
        let told_nothing = RowOrder::of(&held, 0, &[0, 3, 5]).expect("the order of inputs");
        assert_eq!(told_nothing.home(1, 1), (1, 1));
    }

    #[test]
    fn what_is_no_permutation_of_all_rows_is_refused() {
        let refused = |order: &[usize]| match RowOrder::of(&chip(order), 1, &[0, 3, 5]) {
            Ok(_) => panic!("{order:?} is taken"),
            Err(error) => error.to_string(),
        };
        assert!(refused(&[1, 0, 2, 3, 3]).contains("product 1 has row 3 at 3 and at 4"));
        assert!(refused(&[1, 0, 2, 3, 5]).contains("row 5 of 5 rows"));
        for short in [&[][..], &[0, 1, 2], &[1, 0, 2], &[0, 1, 2, 3, 4, 5]] {
            let words = format!("is of {} rows, and its tiles have 5", short.len());
            assert!(refused(short).contains(&words));
        }
    }
}
