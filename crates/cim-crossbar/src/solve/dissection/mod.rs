//! Nested dissection of the two wire planes, with the star–mesh transform.
//!
//! An array is a planar-like network: a cut between two columns crosses only row wires, a cut
//! between two rows only column wires. Blocks of cells are therefore reduced to their borders, two
//! by two, until only the terminals are left: `O(n³)` operations for `n × n` cells, where a banded
//! elimination needs `O(n⁴)`.
//!
//! A node with conductances `g_a, g_b, …` to its neighbours is removed by putting `g_a g_b / Σ g`
//! between every two of them (Rosen 1924). Inside a block nothing is grounded, so all numbers are
//! sums, products and quotients of positive conductances: nothing ever cancels, and the result is
//! exact to rounding *in every entry*, for wires and cells of any sizes. (The usual nodal matrix
//! loses a cell beside its wires: at 1 mΩ and 1 MΩ nine of sixteen digits.)
//!
//! What is wanted decides what becomes of the ends. For the transfer matrix each stays a node to the
//! last; for voltages all of them are one, so that a front has the border of its block and one node
//! more: an array of few rows then takes time and memory in proportion to its columns.

mod eliminate;
mod factor;
mod plan;
mod substitute;

pub(crate) use factor::{Reduced, factorise, reduce};
pub(crate) use plan::{HeldEnds, Plan};
pub(crate) use substitute::Factors;
