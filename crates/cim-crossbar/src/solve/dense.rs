//! Dense nodal analysis through LAPACK: an oracle, not a way to work.

use lax::layout::MatrixLayout;
use lax::{Lapack, Transpose};
use ndarray::{Array1, Array2, ArrayView1};

use crate::circuit::Circuit;
use crate::error::CircuitError;
use crate::layout::Side;

/// A solution and its corrections by what it still misses.
const REFINEMENTS: usize = 4;

/// Column currents (A) of an array, by the dense nodal equations.
///
/// `row_v` has one entry per row (V), held at every connected end of the row; columns end in virtual
/// ground. Unknowns are the drops below the row's voltage and above ground, not the voltages: a
/// drop keeps its digits where a voltage has lost them.
///
/// # Errors
/// [`CircuitError::NotModelled`] for ideal wires and shorts, which merge nodes, and
/// [`CircuitError::Singular`] if the equations have no unique solution.
pub fn column_currents(
    circuit: &Circuit,
    row_v: ArrayView1<'_, f64>,
) -> Result<Array1<f64>, CircuitError> {
    let layout = circuit.layout();
    let conductance = circuit.elements();
    if conductance.iter().any(|g| g.is_infinite()) {
        return Err(CircuitError::NotModelled(
            "the dense oracle does not merge nodes: ideal wires and shorts are not for it",
        ));
    }
    let nodes = layout.inner();
    let (rows, cols) = circuit.shape();
    let mut wires = Vec::new();
    for row in 0..rows {
        for segment in 0..=cols {
            let g = conductance[layout.row_segment(row, segment)];
            wires.push((layout.row_segment_ends(row, segment), g));
        }
    }
    for segment in 0..=rows {
        for col in 0..cols {
            let g = conductance[layout.column_segment(segment, col)];
            wires.push((layout.column_segment_ends(segment, col), g));
        }
    }
    let mut y_s = Array2::<f64>::zeros((nodes, nodes));
    for &((a, b), g) in &wires {
        for (from, to) in [(a, b), (b, a)] {
            if from < nodes {
                y_s[[from, from]] += g;
                if to < nodes {
                    y_s[[from, to]] -= g;
                }
            }
        }
    }
    // With the drops x below the row's voltage and w above ground: i = g (v − x − w).
    let drops = |row: usize, col: usize| (layout.upper(row, col), layout.lower(row, col));
    for ((row, col), &g) in circuit.conductances().indexed_iter() {
        let (x, w) = drops(row, col);
        for (own, other) in [(x, w), (w, x)] {
            y_s[[own, own]] += g;
            y_s[[own, other]] += g;
        }
    }
    let (mut factors, order) = (y_s.into_raw_vec_and_offset().0, nodes as i32);
    let by_rows = MatrixLayout::C { row: order, lda: order };
    let pivots = f64::lu(by_rows, &mut factors).map_err(|_| CircuitError::Singular)?;
    // What is missing at every node, branch by branch: the matrix has rounded its diagonal.
    let missing_a = |drop_v: &Array1<f64>| {
        let at = |node: usize| if node < nodes { drop_v[node] } else { 0.0 };
        let mut i_a = Array1::<f64>::zeros(nodes);
        for &((a, b), g) in &wires {
            for (from, to) in [(a, b), (b, a)] {
                if from < nodes {
                    i_a[from] -= g * (at(from) - at(to));
                }
            }
        }
        for ((row, col), &g) in circuit.conductances().indexed_iter() {
            let (x, w) = drops(row, col);
            let through = g * (row_v[row] - drop_v[x] - drop_v[w]);
            i_a[x] += through;
            i_a[w] += through;
        }
        i_a
    };
    let mut drop_v = Array1::zeros(nodes);
    for _ in 0..REFINEMENTS {
        let mut correction = missing_a(&drop_v).to_vec();
        f64::solve(by_rows, Transpose::No, &factors, &pivots, &mut correction)
            .map_err(|_| CircuitError::Singular)?;
        drop_v += &Array1::from(correction);
    }
    let end = |side: Side, col: usize, row: usize| {
        let ohm = circuit.end_ohm(side, col);
        drop_v[layout.lower(row, col)] / ohm
    };
    Ok((0..cols).map(|c| end(Side::Top, c, 0) + end(Side::Bottom, c, rows - 1)).collect())
}
