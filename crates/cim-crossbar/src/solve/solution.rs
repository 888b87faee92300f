//! A solved array, checked against the laws that it must satisfy.

use std::ops::Range;

use ndarray::{Array2, ArrayView2};

use crate::circuit::{Circuit, Terminals};
use crate::error::CircuitError;
use crate::layout::{Layout, Side};
use crate::solve::ends::EndCurrents;
use crate::solve::shorts::{ROUNDINGS, Wires, determine};

/// Largest violation of a law, relative to the largest term, that a solution may have.
///
/// Sums of up to 10⁴ rounded terms, each off by some 10 roundings, stay below it by a factor of 10;
/// a wrong node or sign does not.
const TOLERANCE: f64 = 1e-10;

/// Columns that are gathered at a time.
const ABREAST: usize = 8;

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
}

/// What a solver has found, from which everything else follows.
pub(super) struct Given<'a> {
    pub circuit: &'a Circuit,
    /// Terminals with a voltage, by node.
    pub held: &'a [bool],
    /// The node that stands for each node.
    pub alias: &'a [u32],
    /// Voltages of all nodes (V).
    pub all_v: &'a [f64],
    /// Slope of every cell's current against its voltage (S); infinite for a short.
    pub slope: ArrayView2<'a, f64>,
    /// Currents at the ends.
    pub ends: EndCurrents,
}

impl Given<'_> {
    /// Completes a solution and checks it. `cell_a` are currents of the cells by their law (A).
    ///
    /// Wire currents follow from Kirchhoff's law at every node, cell by cell along a wire: they
    /// keep their digits where the voltage along a wire hardly changes. So do the currents of
    /// shorts, and of cells that conduct so well that the rounding of a voltage drives more than
    /// all else ([`determine`]). What is left to be checked is Kirchhoff's law at the last node of
    /// every wire, Ohm's law in every segment, and the balance of power, each relative to what
    /// flows and to what rounded voltages let flow.
    pub fn complete(self, mut cell_a: Array2<f64>) -> Result<Solution, CircuitError> {
        let Self { circuit, held, alias, all_v, slope, ends } = self;
        let layout = circuit.layout();
        check_determined(layout, all_v)?;
        let EndCurrents { amps: mut end_a, could_a } = ends;
        let largest_end_a = end_a.iter().fold(could_a, |most, a| most.max(a.abs()));
        let (rows, cols) = circuit.shape();
        let rounding_of =
            |g: f64, u: f64, w: f64| ROUNDINGS * f64::EPSILON * g * (u.abs() + w.abs());
        let rounding = |(row, col): (usize, usize), g: f64| {
            rounding_of(g, all_v[layout.upper(row, col)], all_v[layout.lower(row, col)])
        };
        let allowed_a = 0.1 * TOLERANCE * largest_end_a;
        let is_unknown = |rounding: f64| rounding.is_nan() || allowed_a < rounding;
        let mut rounding_a =
            LineRoundings { rows: vec![0.0; rows], columns: vec![0.0; cols], total: 0.0 };
        let mut all_known = true;
        // Row by row, without a look-up per cell.
        let planes = all_v[..layout.inner()].split_at(layout.cells());
        let volts = planes.0.chunks_exact(cols).zip(planes.1.chunks_exact(cols));
        for ((row, slopes), (upper, lower)) in slope.rows().into_iter().enumerate().zip(volts) {
            let mut total = 0.0;
            let cells = slopes.iter().zip(upper).zip(lower).zip(&mut rounding_a.columns);
            for (((g, u), w), column) in cells {
                let rounding = rounding_of(*g, *u, *w);
                all_known &= !is_unknown(rounding);
                *column += rounding;
                total += rounding;
            }
            rounding_a.rows[row] = total;
            rounding_a.total += total;
        }
        if !all_known {
            let mut each_a = Array2::from_shape_fn((rows, cols), |at| rounding(at, slope[at]));
            let unknown = each_a.map(|&rounding| is_unknown(rounding));
            let wires = Wires { circuit, all_v, end_a: &end_a };
            determine(&wires, unknown, &mut cell_a, &mut each_a)?;
            rounding_a =
                LineRoundings { rows: vec![0.0; rows], columns: vec![0.0; cols], total: 0.0 };
            each_a.indexed_iter().for_each(|(at, &rounding)| rounding_a.add(at, rounding));
        }
        share_ends(layout, held, alias, &cell_a, &mut end_a);
        let end = |side: Side, line: usize| end_a[layout.terminal(side, line) - layout.inner()];
        if !cell_a.fold(true, |finite, a| finite & a.is_finite())
            && let Some(((row, col), _)) = cell_a.indexed_iter().find(|(_, a)| !a.is_finite())
        {
            return Err(CircuitError::Overflow { row, col });
        }
        if let Some(terminal) = end_a.iter().position(|a| !a.is_finite()) {
            let (row, col) = layout.cell_of(layout.inner() + terminal);
            return Err(CircuitError::Overflow { row, col });
        }
        let mut row_wire_a = Array2::zeros((rows, cols + 1));
        let mut column_wire_a = Array2::zeros((rows + 1, cols));
        let largest_a = cell_a.iter().chain(&end_a).fold(0.0_f64, |most, a| most.max(a.abs()));
        let (inner_v, terminal_v) = all_v.split_at(layout.inner());
        let held_v = terminal_v.iter().zip(&held[layout.inner()..]).filter(|(_, held)| **held);
        let largest_v = inner_v.iter().chain(held_v.map(|(v, _)| v));
        let largest_v = largest_v.fold(0.0_f64, |most, v| most.max(v.abs()));
        let (mut kirchhoff, mut ohm) = (Worst::default(), Worst::default());
        let mut see_end = |at: (usize, usize), left_over: f64, rounding: f64| {
            let scale = (largest_a + rounding / TOLERANCE).max(f64::MIN_POSITIVE);
            kirchhoff.see(|| at, left_over / scale);
        };
        let connected = |node: usize| node < layout.inner() || held[node];
        let mut see_segment = |(a, b): (usize, usize), ohms: f64, amps: f64, scale_a: f64| {
            if ohms.is_finite() && connected(a) && connected(b) {
                let scale = (largest_v + ohms * scale_a).max(f64::MIN_POSITIVE);
                ohm.see(|| layout.cell_of(a.min(b)), (all_v[a] - all_v[b] - ohms * amps) / scale);
            }
        };
        let (mut taken, mut amps, mut scale) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..rows {
            let ends = (end(Side::Left, row), end(Side::Right, row));
            taken.clear();
            taken.extend(cell_a.row(row));
            let left_over = wire_currents(ends, &taken, &mut amps, &mut scale);
            see_end((row, cols - 1), left_over, rounding_a.rows[row]);
            let rounding = rounding_a.rows[row] / TOLERANCE;
            for (segment, &ohms) in circuit.row_ohm().row(row).iter().enumerate() {
                let ends = layout.row_segment_ends(row, segment);
                see_segment(ends, ohms, amps[segment], scale[segment] + rounding);
            }
            row_wire_a.row_mut(row).iter_mut().zip(&amps).for_each(|(to, a)| *to = *a);
        }
        // A few columns at a time are gathered row by row: what lies in one line of memory is used at once.
        let mut gathered = vec![[0.0; ABREAST]; 3 * rows + 2];
        for first in (0..cols).step_by(ABREAST) {
            let own = first..cols.min(first + ABREAST);
            let (cells, segments) = gathered.split_at_mut(rows);
            let (ohms, wire_a) = segments.split_at_mut(rows + 1);
            gather(cell_a.view(), own.clone(), cells);
            gather(circuit.column_ohm(), own.clone(), ohms);
            for (k, col) in own.clone().enumerate() {
                let ends = (end(Side::Top, col), end(Side::Bottom, col));
                taken.clear();
                taken.extend(cells.iter().map(|row| -row[k]));
                let left_over = wire_currents(ends, &taken, &mut amps, &mut scale);
                see_end((rows - 1, col), left_over, rounding_a.columns[col]);
                let rounding = rounding_a.columns[col] / TOLERANCE;
                for (segment, ohms) in ohms.iter().enumerate() {
                    let ends = layout.column_segment_ends(segment, col);
                    see_segment(ends, ohms[k], amps[segment], scale[segment] + rounding);
                }
                wire_a.iter_mut().zip(&amps).for_each(|(to, a)| to[k] = *a);
            }
            for (mut to, from) in column_wire_a.rows_mut().into_iter().zip(wire_a) {
                own.clone().zip(from).for_each(|(col, a)| to[col] = *a);
            }
        }
        kirchhoff.within(TOLERANCE, "Kirchhoff's current law")?;
        ohm.within(TOLERANCE, "Ohm's law of the wires")?;

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
            Solution { row_v, column_v, cell_a, row_wire_a, column_wire_a, end_a, power_w: 0.0 };
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
        let flows_a = could_a + ends.map(|a| a.abs()).sum::<f64>() + rounding_a.total / TOLERANCE;
        if (delivered - solution.power_w).abs() <= TOLERANCE * largest_v * flows_a {
            Ok(solution)
        } else {
            Err(CircuitError::Power { delivered, dissipated: solution.power_w })
        }
    }
}

/// Copies a few columns of a matrix, row by row.
fn gather(matrix: ArrayView2<'_, f64>, columns: Range<usize>, into: &mut [[f64; ABREAST]]) {
    for (row, into) in matrix.rows().into_iter().zip(into) {
        columns.clone().zip(into).for_each(|(col, to)| *to = row[col]);
    }
}

impl Solution {
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

/// By how much the currents of cells may be off by rounding (A), added up.
#[derive(Clone, Debug)]
struct LineRoundings {
    rows: Vec<f64>,
    columns: Vec<f64>,
    total: f64,
}

impl LineRoundings {
    fn add(&mut self, (row, col): (usize, usize), rounding: f64) {
        self.rows[row] += rounding;
        self.columns[col] += rounding;
        self.total += rounding;
    }
}

/// The worst violation of a law, and the cell where it is.
#[derive(Clone, Copy, Debug, Default)]
struct Worst {
    at: (usize, usize),
    residual: f64,
}

impl Worst {
    fn see(&mut self, at: impl FnOnce() -> (usize, usize), residual: f64) {
        // Not a number is worse than any number.
        if residual.is_nan() || self.residual < residual.abs() {
            *self = Self { at: at(), residual: residual.abs() };
        }
    }

    fn within(self, allowed: f64, law: &'static str) -> Result<(), CircuitError> {
        if self.residual <= allowed {
            return Ok(());
        }
        let ((row, col), residual) = (self.at, self.residual);
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
    amps: &mut Vec<f64>,
    scale: &mut Vec<f64>,
) -> f64 {
    let last = taken.len();
    amps.resize(last + 1, 0.0);
    scale.resize(last + 1, 0.0);
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

/// Where both ends of a line are one node, its wire has no resistance, and how its two ends share
/// the current is no matter of the circuit: they share it as all wires of equal resistance do, in
/// the limit of none.
fn share_ends(
    layout: Layout,
    held: &[bool],
    alias: &[u32],
    cell_a: &Array2<f64>,
    end_a: &mut [f64],
) {
    for (first, last) in [(Side::Left, Side::Right), (Side::Top, Side::Bottom)] {
        for line in 0..layout.lines(first) {
            let ends = [first, last].map(|side| layout.terminal(side, line));
            if !ends.iter().all(|&end| held[end]) || alias[ends[0]] != alias[ends[1]] {
                continue;
            }
            let taken = if first.is_row() { cell_a.row(line) } else { cell_a.column(line) };
            let sign = if first.is_row() { 1.0 } else { -1.0 };
            let segments = (taken.len() + 1) as f64;
            let far: f64 = taken.iter().enumerate().map(|(k, a)| a * (k + 1) as f64).sum();
            let ends = ends.map(|end| end - layout.inner());
            let total = end_a[ends[0]] + end_a[ends[1]];
            end_a[ends[1]] = sign * far / segments;
            end_a[ends[0]] = total - end_a[ends[1]];
        }
    }
}
