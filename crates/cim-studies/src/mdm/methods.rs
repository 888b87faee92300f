//! What is compared.

use cim_tile::placement::{ColumnOrder, RowOrder};

/// A placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Name in figures.
    pub key: &'static str,
    /// Name for readers.
    pub name: &'static str,
    /// Columns.
    pub columns: ColumnOrder,
    /// Rows.
    pub rows: RowOrder,
}

const fn order(
    key: &'static str,
    name: &'static str,
    columns: ColumnOrder,
    rows: RowOrder,
) -> Order {
    Order { key, name, columns, rows }
}

/// All placements, in this order.
pub const ORDERS: [Order; 7] = [
    order("plain", "plain: grouped bits", ColumnOrder::Grouped, RowOrder::AsGiven),
    order("interleaved", "interleaved bits", ColumnOrder::Interleaved, RowOrder::AsGiven),
    order("reversed", "reversed", ColumnOrder::Reversed, RowOrder::AsGiven),
    order("sorted", "rows sorted", ColumnOrder::Grouped, RowOrder::Densest),
    order("mdm", "MDM: reversed, rows sorted", ColumnOrder::Reversed, RowOrder::Densest),
    order("least_loss", "least loss (ours)", ColumnOrder::LeastLoss, RowOrder::LeastLoss),
    order("least_error", "least error (ours)", ColumnOrder::LeastError, RowOrder::LeastError),
];

/// Numbers of placements in [`ORDERS`].
pub const PLAIN: usize = 0;
/// As published.
pub const MDM: usize = 4;
/// By losses of first order.
pub const LEAST_LOSS: usize = 5;
/// The same by significance.
pub const LEAST_ERROR: usize = 6;
/// Placements that remedies are tried on.
pub const REMEDIED: [usize; 3] = [PLAIN, MDM, LEAST_ERROR];

/// What is done beside placing.
pub const REMEDIES: [(&str, &str); 5] = [
    ("none", "nothing else"),
    ("factor", "one factor a layer"),
    ("gains", "column gains"),
    ("solved", "targets solved"),
    ("solved_gains", "targets solved, column gains"),
];
