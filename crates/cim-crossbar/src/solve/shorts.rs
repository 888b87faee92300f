//! Currents of cells that no voltage across them tells: shorts, and what is close to one.

use ndarray::Array2;

use crate::circuit::Circuit;
use crate::error::CircuitError;
use crate::layout::Side;

/// Roundings by which the voltages at the two sides of a cell may each be off.
pub(super) const ROUNDINGS: f64 = 100.0;

/// A solved array: its wires with the voltages along them and the currents into their ends.
pub(super) struct Wires<'a> {
    pub circuit: &'a Circuit,
    /// Voltages of all nodes (V).
    pub all_v: &'a [f64],
    /// Currents into the array, by terminal (A).
    pub end_a: &'a [f64],
}

/// A row or a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Row(usize),
    Column(usize),
}

/// Finds the currents (A) of `unknown` cells; others are in `cell_a`, as a guess also that of an
/// unknown cell that is no short, with its `rounding_a`.
///
/// A line with one unknown cell gives it by Kirchhoff's law. Where every line has two or more, the
/// voltages along the wires on both sides of a cell do, if they have any resistance, or the voltage
/// across the cell, if it has: whichever is less off by rounding. The time is that of as many walks
/// along a line as there are such cells.
///
/// # Errors
/// [`CircuitError::Undetermined`] for a short in a loop without resistance.
pub(super) fn determine(
    wires: &Wires<'_>,
    mut unknown: Array2<bool>,
    cell_a: &mut Array2<f64>,
    rounding_a: &mut Array2<f64>,
) -> Result<(), CircuitError> {
    let (rows, cols) = wires.circuit.shape();
    let mut in_row = vec![0_usize; rows];
    let mut in_column = vec![0_usize; cols];
    let mut all = Vec::new();
    for ((row, col), _) in unknown.indexed_iter().filter(|(_, unknown)| **unknown) {
        (in_row[row], in_column[col]) = (in_row[row] + 1, in_column[col] + 1);
        all.push((row, col));
    }
    let guess: Vec<f64> = all.iter().map(|&at| std::mem::take(&mut cell_a[at])).collect();
    let mut alone: Vec<Line> = (0..rows).filter(|&row| in_row[row] == 1).map(Line::Row).collect();
    alone.extend((0..cols).filter(|&col| in_column[col] == 1).map(Line::Column));
    let mut others = all.iter().zip(guess);
    loop {
        let (row, col) = if let Some(line) = alone.pop() {
            let Some((row, col)) = first_unknown(&unknown, line) else { continue };
            cell_a[[row, col]] = wires.left_over(cell_a, line);
            rounding_a[[row, col]] = 0.0;
            (row, col)
        } else {
            let Some((&at, guess)) = others.find(|(at, _)| unknown[**at]) else { return Ok(()) };
            let own = wires.circuit.conductances()[at].is_finite();
            let own = own.then_some((guess, rounding_a[at]));
            let ways = [own, wires.along_row(at), wires.along_column(at)];
            let best = ways.into_iter().flatten().min_by(|a, b| a.1.total_cmp(&b.1));
            let (row, col) = at;
            (cell_a[at], rounding_a[at]) = best.ok_or(CircuitError::Undetermined { row, col })?;
            at
        };
        unknown[[row, col]] = false;
        (in_row[row], in_column[col]) = (in_row[row] - 1, in_column[col] - 1);
        if in_row[row] == 1 {
            alone.push(Line::Row(row));
        }
        if in_column[col] == 1 {
            alone.push(Line::Column(col));
        }
    }
}

fn first_unknown(unknown: &Array2<bool>, line: Line) -> Option<(usize, usize)> {
    match line {
        Line::Row(row) => unknown.row(row).iter().position(|u| *u).map(|col| (row, col)),
        Line::Column(col) => unknown.column(col).iter().position(|u| *u).map(|row| (row, col)),
    }
}

impl Wires<'_> {
    /// What the ends of a line give and its cells do not take (A), as a current of its last cell.
    fn left_over(&self, cell_a: &Array2<f64>, line: Line) -> f64 {
        let layout = self.circuit.layout();
        let end =
            |side: Side, line: usize| self.end_a[layout.terminal(side, line) - layout.inner()];
        match line {
            Line::Row(row) => end(Side::Left, row) + end(Side::Right, row) - cell_a.row(row).sum(),
            Line::Column(col) => {
                -end(Side::Top, col) - end(Side::Bottom, col) - cell_a.column(col).sum()
            }
        }
    }

    /// Current that a row's wire loses at a cell, where it has resistance, and its rounding.
    fn along_row(&self, (row, col): (usize, usize)) -> Option<(f64, f64)> {
        let (layout, ohms) = (self.circuit.layout(), self.circuit.row_ohm());
        self.between([col, col + 1].map(|s| (layout.row_segment_ends(row, s), ohms[[row, s]])))
    }

    /// Current that a column's wire gains at a cell, where it has resistance, and its rounding.
    fn along_column(&self, (row, col): (usize, usize)) -> Option<(f64, f64)> {
        let (layout, ohms) = (self.circuit.layout(), self.circuit.column_ohm());
        let ends = [row, row + 1].map(|s| (layout.column_segment_ends(s, col), ohms[[s, col]]));
        self.between(ends).map(|(amps, rounding)| (-amps, rounding))
    }

    fn between(&self, segments: [((usize, usize), f64); 2]) -> Option<(f64, f64)> {
        let inner = self.circuit.layout().inner();
        let flow = |((a, b), ohm): ((usize, usize), f64)| {
            if ohm == f64::INFINITY {
                return Some((0.0, 0.0));
            }
            // The current of a segment to an end is known.
            if inner <= a.max(b) {
                let into = self.end_a[a.max(b) - inner];
                return Some((if a < b { -into } else { into }, 0.0));
            }
            let rounding = ROUNDINGS * f64::EPSILON * (self.all_v[a].abs() + self.all_v[b].abs());
            (ohm > 0.0).then(|| ((self.all_v[a] - self.all_v[b]) / ohm, rounding / ohm))
        };
        let [before, after] = segments.map(flow);
        let (before, after) = (before?, after?);
        Some((before.0 - after.0, before.1 + after.1))
    }
}
