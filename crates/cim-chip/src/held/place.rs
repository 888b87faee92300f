//! Where tiles are.

use std::fmt;

/// Where a tile is on a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TilePlace {
    /// Number of the product, from 0, in the order in which chips carry them.
    pub product: usize,
    /// Row of the tile in the product's grid.
    pub row: usize,
    /// Column of the tile in the product's grid.
    pub column: usize,
}

impl fmt::Display for TilePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { product, row, column } = self;
        write!(f, "tile ({row}, {column}) of product {product}")
    }
}
