//! What wires take from an array, by formula.

use cim_core::{Ohms, Siemens};
use cim_crossbar::Wires;
use ndarray::{Array1, ArrayView2};
use serde::{Deserialize, Serialize};

/// Conductances of an active and of any other cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cells {
    /// An active cell (S).
    pub on: Siemens,
    /// Any other cell (S).
    pub off: Siemens,
}

/// Sum over active cells of the segments of wire to both rails; `active` is as cells lie, from the
/// sensed end on × from the driven end on.
///
/// Source: Farias, Martins and Kung 2025, the Manhattan distance of their hypothesis.
pub fn manhattan(active: ArrayView2<'_, bool>) -> u64 {
    let cells = active.indexed_iter().filter(|(_, active)| **active);
    cells.map(|((row, column), _)| (row + column + 2) as u64).sum()
}

/// What wires take from every column current with all rows at one voltage, relative to that voltage and
/// to first order in the wires: a conductance (S) for every column of `g_s`, which is as cells lie, from
/// the sensed end on × from the driven end on.
///
/// A segment carries the current of all cells beyond it: with `R` the sums of a row from a column on,
/// and `C` those of a column from a row on, the loss of column `k` is `r Σ_j g_jk Σ_{m ≤ k} R_jm` for row
/// wires and `r Σ_j C_jk²` for column wires. Ends count as one segment, as in [`Wires::new`].
pub fn first_order(g_s: ArrayView2<'_, f64>, wires: Wires) -> Array1<f64> {
    let (rows, columns) = g_s.dim();
    let (Ohms(row_ohm), Ohms(column_ohm)) = (wires.row, wires.column);
    let mut loss = Array1::<f64>::zeros(columns);
    let mut beyond = vec![0.0; columns];
    for g in g_s.rows() {
        let mut sum = 0.0;
        for column in (0..columns).rev() {
            sum += g[column];
            beyond[column] = sum;
        }
        let mut fallen = 0.0;
        for column in 0..columns {
            fallen += beyond[column];
            loss[column] += row_ohm * g[column] * fallen;
        }
    }
    let mut sums = vec![0.0; columns];
    for row in (0..rows).rev() {
        for ((sum, g), loss) in sums.iter_mut().zip(g_s.row(row)).zip(&mut loss) {
            *sum += g;
            *loss += column_ohm * *sum * *sum;
        }
    }
    loss
}
