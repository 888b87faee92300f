//! Where the bits of weights lie on an array: which column carries which bit, which row which input.
//!
//! Source: Farias, Martins and Kung 2025, arXiv 2511.04798: reversed columns and rows by Manhattan
//! distance. The orders by losses of first order are ours.

mod array;
mod columns;
mod error;
mod greedy;
mod layer;
mod loss;
mod rows;

pub use array::{BitArray, Placement};
pub use columns::ColumnOrder;
pub use error::PlacementError;
pub use layer::{Part, Slices, SlicesSpec};
pub use loss::{Cells, first_order, manhattan};
pub use rows::RowOrder;
