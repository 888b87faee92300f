//! A solved array, checked against the laws that it must satisfy.

use ndarray::{Array2, ArrayView2, ArrayViewMut1};

use crate::circuit::{Circuit, Terminals};
use crate::error::CircuitError;
use crate::layout::{Layout, Side};

/// Largest violation of a law, relative to the largest term, that a solution may have.
///
/// Sums of up to 10⁴ rounded terms, each off by some 10 roundings, stay below it by a factor of 10;
/// a wrong node or sign does not.
const TOLERANCE: f64 = 1e-10;

/// Voltages, currents and power of an array.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Voltages of the row wires at the cells, rows × columns (V).
    pub row_v: Array2<f64>,
    /// Voltages of the column wires at the cells, rows × columns (V).
    pub column_v: Array2<f64>,
    /// Currents through the cells from row to column, rows × columns (A).
    pub cell_a: Array2<f64>,
    /// Currents in the row wires to the right, rows × (columns + 1) (A).
    pub row_wire_a: Array2<f64>,
    /// Currents in the column wires downwards, (rows + 1) × columns (A).
    pub column_wire_a: Array2<f64>,
    /// Currents from the held ends into the array (A); 0 at ends that float.
    pub end_a: Terminals<f64>,
    /// Power dissipated in cells and wires (W).
    pub power_w: f64,
}

impl Solution {
    /// Current (A) that leaves the array at each column's held ends.
    pub fn column_a(&self) -> Vec<f64> {
        self.end_a.top.iter().zip(&self.end_a.bottom).map(|(top, bottom)| -(top + bottom)).collect()
    }

    /// Completes a solution and checks it.
    ///
    /// Wire currents follow from Kirchhoff's law at every node, cell by cell along a wire: they
    /// keep their digits where the voltage along a wire hardly changes. What is left to be checked
    /// is Kirchhoff's law at the last node of every wire, Ohm's law in every segment, and the
    /// balance of power.
    pub(super) fn check(
        circuit: &Circuit,
        held: &[bool],
        all_v: &[f64],
        mut cell_a: Array2<f64>,
        end_a: &[f64],
    ) -> Result<Self, CircuitError> {
        let layout = circuit.layout();
        check_determined(layout, all_v)?;
        let end = |side: Side, line: usize| end_a[layout.terminal(side, line) - layout.inner()];
        let rounding_a = determine_shorts(circuit, all_v, &mut cell_a, &end)?;
        let (rows, cols) = circuit.shape();
        let mut row_wire_a = Array2::zeros((rows, cols + 1));
        let mut column_wire_a = Array2::zeros((rows + 1, cols));
        let mut row_scale_a = row_wire_a.clone();
        let mut column_scale_a = column_wire_a.clone();
        let (mut kirchhoff, mut largest_a) = (Worst::default(), 0.0_f64);
        for row in 0..rows {
            let ends = (end(Side::Left, row), end(Side::Right, row));
            let taken: Vec<f64> = cell_a.row(row).to_vec();
            let (amps, scale) = (row_wire_a.row_mut(row), row_scale_a.row_mut(row));
            kirchhoff.see((row, cols - 1), wire_currents(ends, &taken, amps, scale));
        }
        for col in 0..cols {
            let ends = (end(Side::Top, col), end(Side::Bottom, col));
            let taken: Vec<f64> = cell_a.column(col).iter().map(|a| -a).collect();
            let (amps, scale) = (column_wire_a.column_mut(col), column_scale_a.column_mut(col));
            kirchhoff.see((rows - 1, col), wire_currents(ends, &taken, amps, scale));
        }
        for &a in cell_a.iter().chain(end_a) {
            largest_a = largest_a.max(a.abs());
        }
        let scale_a = largest_a + rounding_a / TOLERANCE;
        kirchhoff.within(TOLERANCE, scale_a, "Kirchhoff's current law")?;
        let largest_v = (0..layout.nodes()).filter(|&n| n < layout.inner() || held[n]);
        let largest_v = largest_v.fold(0.0_f64, |most, n| most.max(all_v[n].abs()));
        let mut ohm = Worst::default();
        let connected = |node: usize| node < layout.inner() || held[node];
        let mut see = |(a, b): (usize, usize), ohms: f64, amps: f64, scale_a: f64| {
            if ohms.is_finite() && connected(a) && connected(b) {
                let scale = (largest_v + ohms * scale_a).max(f64::MIN_POSITIVE);
                ohm.see(layout.cell_of(a.min(b)), (all_v[a] - all_v[b] - ohms * amps) / scale);
            }
        };
        for ((row, segment), &ohms) in circuit.row_ohm().indexed_iter() {
            let at = [row, segment];
            let ends = layout.row_segment_ends(row, segment);
            see(ends, ohms, row_wire_a[at], row_scale_a[at]);
        }
        for ((segment, col), &ohms) in circuit.column_ohm().indexed_iter() {
            let at = [segment, col];
            let ends = layout.column_segment_ends(segment, col);
            see(ends, ohms, column_wire_a[at], column_scale_a[at]);
        }
        ohm.within(TOLERANCE, 1.0, "Ohm's law of the wires")?;

        let plane = |first: usize| {
            let nodes = all_v[first..first + layout.cells()].to_vec();
            Array2::from_shape_vec((rows, cols), nodes).expect("rows × cols nodes")
        };
        let (row_v, column_v) = (plane(0), plane(layout.cells()));
        let side = |side: Side| (0..layout.lines(side)).map(|line| end(side, line)).collect();
        let end_a = Terminals {
            left: side(Side::Left),
            right: side(Side::Right),
            top: side(Side::Top),
            bottom: side(Side::Bottom),
        };
        let mut solution =
            Self { row_v, column_v, cell_a, row_wire_a, column_wire_a, end_a, power_w: 0.0 };
        solution.power_w = solution.dissipated(circuit);
        let delivered: f64 = Side::ALL
            .into_iter()
            .flat_map(|side| (0..layout.lines(side)).map(move |line| (side, line)))
            .filter(|&(side, line)| held[layout.terminal(side, line)])
            .map(|(side, line)| {
                solution.end_a.side(side)[line] * all_v[layout.terminal(side, line)]
            })
            .sum();
        // Of terms of both signs: relative to the largest voltage times all currents.
        let ends = Side::ALL.into_iter().flat_map(|side| solution.end_a.side(side));
        let scale = largest_v * ends.map(|a| a.abs()).sum::<f64>();
        if (delivered - solution.power_w).abs() <= TOLERANCE * scale {
            Ok(solution)
        } else {
            Err(CircuitError::Power { delivered, dissipated: solution.power_w })
        }
    }

    /// Power (W) of all cells and wires.
    fn dissipated(&self, circuit: &Circuit) -> f64 {
        let across = &self.row_v - &self.column_v;
        let cells: f64 = across.iter().zip(&self.cell_a).map(|(v, a)| v * a).sum();
        let wires = |ohm: ArrayView2<'_, f64>, amps: &Array2<f64>| -> f64 {
            ohm.iter().zip(amps).filter(|(r, _)| r.is_finite()).map(|(r, a)| r * a * a).sum()
        };
        cells
            + wires(circuit.row_ohm(), &self.row_wire_a)
            + wires(circuit.column_ohm(), &self.column_wire_a)
    }
}

/// The worst violation of a law, and the cell where it is.
#[derive(Clone, Copy, Debug, Default)]
struct Worst {
    at: (usize, usize),
    residual: f64,
}

impl Worst {
    fn see(&mut self, at: (usize, usize), residual: f64) {
        // Not a number is worse than any number.
        if residual.is_nan() || self.residual < residual.abs() {
            *self = Self { at, residual: residual.abs() };
        }
    }

    fn within(self, allowed: f64, scale: f64, law: &'static str) -> Result<(), CircuitError> {
        if self.residual <= allowed * scale {
            return Ok(());
        }
        let (row, col) = self.at;
        let residual = self.residual / scale.max(f64::MIN_POSITIVE);
        Err(CircuitError::Residual { law, row, col, residual, allowed })
    }
}

/// Every node has a voltage, or the circuit does not determine it.
pub(super) fn check_determined(layout: Layout, all_v: &[f64]) -> Result<(), CircuitError> {
    match all_v[..layout.inner()].iter().position(|v| v.is_nan()) {
        None => Ok(()),
        Some(node) => {
            let (row, col) = layout.cell_of(node);
            let line = if node < layout.cells() { "row" } else { "column" };
            Err(CircuitError::Floating { line, row, col })
        }
    }
}

/// Currents along one wire from its first end to its last, and by how much each may be off per unit
/// of rounding: the sum of what was added up. `ends` are the currents into it at its two ends,
/// `taken` what each cell takes from it. Returns what is left over at its end, which should be
/// nothing.
///
/// Every segment is counted from the end that gives it with less rounding.
fn wire_currents(
    ends: (f64, f64),
    taken: &[f64],
    mut amps: ArrayViewMut1<'_, f64>,
    mut scale: ArrayViewMut1<'_, f64>,
) -> f64 {
    let last = taken.len();
    let (mut current, mut terms) = (ends.0, ends.0.abs());
    (amps[0], scale[0]) = (current, terms);
    for (k, &a) in taken.iter().enumerate() {
        current -= a;
        terms += a.abs();
        (amps[k + 1], scale[k + 1]) = (current, terms);
    }
    let left_over = current + ends.1;
    let (mut current, mut terms) = (-ends.1, ends.1.abs());
    for k in (0..=last).rev() {
        if terms <= scale[k] {
            (amps[k], scale[k]) = (current, terms);
        }
        if k > 0 {
            current += taken[k - 1];
            terms += taken[k - 1].abs();
        }
    }
    left_over
}

/// Finds the currents through shorted cells, which no voltage tells.
///
/// A line with one unknown cell gives it by Kirchhoff's law. Where every line has two or more, the
/// voltage along the wires on both sides of a cell does, if they have any resistance. Returns by
/// how much (A) such currents may be off, because a voltage is rounded.
fn determine_shorts(
    circuit: &Circuit,
    all_v: &[f64],
    cell_a: &mut Array2<f64>,
    end: &impl Fn(Side, usize) -> f64,
) -> Result<f64, CircuitError> {
    let g = circuit.conductances();
    let mut rounding_a = 0.0;
    let mut unknown: Vec<(usize, usize)> =
        g.indexed_iter().filter(|(_, g)| **g == f64::INFINITY).map(|(at, _)| at).collect();
    unknown.iter().for_each(|&at| cell_a[at] = 0.0);
    while !unknown.is_empty() {
        let alone = unknown.iter().position(|&(row, col)| {
            unknown.iter().filter(|at| at.0 == row).count() == 1
                || unknown.iter().filter(|at| at.1 == col).count() == 1
        });
        let (row, col) = unknown.swap_remove(alone.unwrap_or(0));
        cell_a[[row, col]] = if alone.is_none() {
            let (amps, rounding) = by_wires(circuit, all_v, (row, col))
                .ok_or(CircuitError::Undetermined { row, col })?;
            rounding_a += rounding;
            amps
        } else if unknown.iter().all(|at| at.0 != row) {
            end(Side::Left, row) + end(Side::Right, row) - cell_a.row(row).sum()
        } else {
            -end(Side::Top, col) - end(Side::Bottom, col) - cell_a.column(col).sum()
        };
    }
    Ok(rounding_a)
}

/// Current from the wires on both sides of a cell, where all have resistance, and its rounding.
fn by_wires(circuit: &Circuit, all_v: &[f64], (row, col): (usize, usize)) -> Option<(f64, f64)> {
    let layout = circuit.layout();
    let (rows, cols) = (circuit.row_ohm(), circuit.column_ohm());
    let flow = |(a, b): (usize, usize), ohm: f64| {
        if ohm == f64::INFINITY {
            return (0.0, 0.0);
        }
        let rounding = 4.0 * f64::EPSILON * (all_v[a].abs() + all_v[b].abs());
        ((all_v[a] - all_v[b]) / ohm, rounding / ohm)
    };
    let row_pair = [col, col + 1].map(|s| (layout.row_segment_ends(row, s), rows[[row, s]]));
    let column_pair = [row, row + 1].map(|s| (layout.column_segment_ends(s, col), cols[[s, col]]));
    let between = |[before, after]: [((usize, usize), f64); 2]| {
        (before.1 > 0.0 && after.1 > 0.0).then(|| {
            let (before, after) = (flow(before.0, before.1), flow(after.0, after.1));
            (before.0 - after.0, before.1 + after.1)
        })
    };
    between(row_pair).or_else(|| between(column_pair).map(|(a, rounding)| (-a, rounding)))
}
