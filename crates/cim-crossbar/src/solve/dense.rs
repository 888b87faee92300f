//! Dense nodal analysis through LAPACK: an oracle, not a way to work.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use ndarray_linalg::Solve;

use crate::error::CircuitError;
use crate::wires::Wires;

/// Column currents (A) of an array with resistive wires, by the dense nodal equations.
///
/// `g_s` is rows × columns (S), `row_v` has one entry per row (V). Rows are driven from the left
/// through one cell pitch of wire, columns end in virtual ground at the bottom through one cell
/// pitch of wire. Both resistances must be positive: ideal wires merge nodes, for which
/// [`column_currents`](super::ohmic::column_currents) is exact.
///
/// # Errors
/// [`CircuitError::Wires`] if a resistance is not positive, [`CircuitError::Singular`] if the
/// equations have no unique solution.
pub fn column_currents(
    g_s: ArrayView2<'_, f64>,
    wires: Wires,
    row_v: ArrayView1<'_, f64>,
) -> Result<Array1<f64>, CircuitError> {
    if !(0.0 < wires.row.0 && 0.0 < wires.column.0) {
        return Err(CircuitError::Wires { row: wires.row, column: wires.column });
    }
    let (rows, cols) = g_s.dim();
    let (row_s, col_s) = (1.0 / wires.row.0, 1.0 / wires.column.0);
    let upper = |r: usize, c: usize| r * cols + c;
    let lower = |r: usize, c: usize| rows * cols + r * cols + c;
    let mut y_s = Array2::<f64>::zeros((2 * rows * cols, 2 * rows * cols));
    let mut i_a = Array1::<f64>::zeros(2 * rows * cols);
    let mut join = |a: usize, b: usize, g: f64| {
        y_s[[a, a]] += g;
        y_s[[b, b]] += g;
        y_s[[a, b]] -= g;
        y_s[[b, a]] -= g;
    };
    for r in 0..rows {
        for c in 0..cols {
            join(upper(r, c), lower(r, c), g_s[[r, c]]);
            if c + 1 < cols {
                join(upper(r, c), upper(r, c + 1), row_s);
            }
            if r + 1 < rows {
                join(lower(r, c), lower(r + 1, c), col_s);
            }
        }
    }
    for r in 0..rows {
        y_s[[upper(r, 0), upper(r, 0)]] += row_s;
        i_a[upper(r, 0)] += row_s * row_v[r];
    }
    for c in 0..cols {
        y_s[[lower(rows - 1, c), lower(rows - 1, c)]] += col_s;
    }
    let node_v = y_s.solve_into(i_a).map_err(|_| CircuitError::Singular)?;
    Ok((0..cols).map(|c| col_s * node_v[lower(rows - 1, c)]).collect())
}

#[cfg(test)]
mod tests {
    use cim_core::Ohms;
    use ndarray::array;

    use super::*;
    use crate::solve::ohmic;

    #[test]
    fn one_cell_is_three_resistors_in_series() {
        let wires = Wires { row: Ohms(2.0), column: Ohms(3.0) };
        let i = column_currents(array![[0.1]].view(), wires, array![1.5].view()).expect("solved");
        assert!((i[0] - 1.5 / (2.0 + 10.0 + 3.0)).abs() < 1e-15);
    }

    #[test]
    fn short_wires_come_near_the_ohmic_array() {
        let g = Array2::from_shape_fn((5, 3), |(r, c)| 1e-6 * (1 + (r * 5 + c * 7) % 11) as f64);
        let v = Array1::from_shape_fn(5, |r| 0.1 * (r as f64 - 2.0));
        let wires = Wires { row: Ohms(1e-3), column: Ohms(1e-3) };
        let got = column_currents(g.view(), wires, v.view()).expect("solved");
        let want = ohmic::column_currents(g.view(), v.view());
        // First order in wire resistance over cell resistance: 15 cells × 1e-3 Ω × 11e-6 S.
        let scale = want.iter().fold(0.0f64, |m, i| m.max(i.abs()));
        assert!(got.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-6 * scale));
        assert!(got.iter().zip(&want).any(|(a, b)| a != b), "wires must not vanish");
    }

    #[test]
    fn superposition_and_reciprocity_hold() {
        let g = Array2::from_shape_fn((4, 4), |(r, c)| 1e-3 * (1 + (r * 3 + c * 5) % 7) as f64);
        let wires = Wires { row: Ohms(20.0), column: Ohms(20.0) };
        let solve = |g: ArrayView2<'_, f64>, v: ArrayView1<'_, f64>| {
            column_currents(g, wires, v).expect("solved")
        };
        let (a, b) = (array![1.0, 0.0, 0.5, 0.0], array![0.0, -2.0, 0.0, 0.3]);
        let sum = solve(g.view(), a.view()) + solve(g.view(), b.view());
        let both = solve(g.view(), (&a + &b).view());
        assert!(sum.iter().zip(&both).all(|(x, y)| (x - y).abs() < 1e-14));
        // Swapping driven and sensed ends mirrors the array on its anti-diagonal.
        let mirrored = Array2::from_shape_fn((4, 4), |(r, c)| g[[3 - c, 3 - r]]);
        let mut from_row = Array1::zeros(4);
        from_row[1] = 1.0;
        let forward = solve(g.view(), from_row.view())[2];
        let mut from_column = Array1::zeros(4);
        from_column[1] = 1.0;
        let backward = solve(mirrored.view(), from_column.view())[2];
        assert!((forward - backward).abs() < 1e-14, "{forward} {backward}");
    }
}
