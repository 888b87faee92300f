//! The circuit of an array: cells, wire segments, and what its ends are held at.

use cim_core::Siemens;
use ndarray::{ArcArray2, Array2, ArrayView2};

use crate::error::CircuitError;
use crate::layout::{Layout, Side};
use crate::wires::{Ends, Wires};

/// Beyond it (S) a conductance is a short, or microsiemens that were saved as siemens.
const MOST_OF_A_CELL: f64 = 1.0;

/// The largest finite conductance of a matrix (S), if no memristive cell has it: above 1 S. It is legal, and to be told.
pub fn implausible(g_s: ArrayView2<'_, f64>) -> Option<Siemens> {
    let largest = g_s.iter().copied().filter(|g| g.is_finite()).fold(0.0, f64::max);
    (MOST_OF_A_CELL < largest).then_some(Siemens(largest))
}

/// Cells and wires of an array of any size.
///
/// Conductances and resistances from 0 to infinity are legal: an open cell (0 S), a short (∞ S), an
/// ideal wire (0 Ω) and a broken one (∞ Ω).
#[derive(Clone, Debug, PartialEq)]
pub struct Circuit {
    // Shared by copies.
    g_s: ArcArray2<f64>,
    row_ohm: ArcArray2<f64>,
    column_ohm: ArcArray2<f64>,
}

impl Circuit {
    /// Cells `g_s` (rows × columns, S) on uniform wires.
    ///
    /// # Errors
    /// [`CircuitError`] for no cells, a conductance that is negative or NaN, or impossible wires.
    pub fn new(g_s: Array2<f64>, wires: Wires) -> Result<Self, CircuitError> {
        wires.check()?;
        let (rows, cols) = g_s.dim();
        check_size(rows, cols)?;
        let far = |ends: Ends, ohm: f64| if ends == Ends::Both { ohm } else { f64::INFINITY };
        let (source, sense) = (wires.source().0, wires.sense().0);
        let row_ohm = Array2::from_shape_fn((rows, cols + 1), |(_, segment)| match segment {
            0 => source,
            s if s == cols => far(wires.driven, source),
            _ => wires.row.0,
        });
        let column_ohm = Array2::from_shape_fn((rows + 1, cols), |(segment, _)| match segment {
            s if s == rows => sense,
            0 => far(wires.sensed, sense),
            _ => wires.column.0,
        });
        Self::with_segments(g_s, row_ohm, column_ohm)
    }

    /// Cells with a resistance of their own for every segment of wire (Ω).
    ///
    /// `row_ohm` is rows × (columns + 1): entry `k` lies left of column `k`, the first is all
    /// between the left terminal and the first cell, the last all between the last cell and the
    /// right terminal. `column_ohm` is (rows + 1) × columns likewise, from top to bottom. An
    /// infinite resistance is a broken wire, or an end that is not connected.
    ///
    /// # Errors
    /// [`CircuitError`] for no cells, shapes that do not fit, or a value that is negative or NaN.
    pub fn with_segments(
        g_s: Array2<f64>,
        row_ohm: Array2<f64>,
        column_ohm: Array2<f64>,
    ) -> Result<Self, CircuitError> {
        let (rows, cols) = g_s.dim();
        check_size(rows, cols)?;
        for (name, got, want) in [
            ("row wire resistances", row_ohm.dim(), (rows, cols + 1)),
            ("column wire resistances", column_ohm.dim(), (rows + 1, cols)),
        ] {
            if got != want {
                return Err(CircuitError::Shape { name, got, want });
            }
        }
        check_cells(g_s.view())?;
        for (line, ohms) in [("row", &row_ohm), ("column", &column_ohm)] {
            if let Some(((row, col), &value)) =
                ohms.indexed_iter().find(|(_, r)| r.is_nan() || **r < 0.0)
            {
                return Err(CircuitError::Segment { line, row, col, value });
            }
        }
        // A negative zero is zero, not the reciprocal of minus infinity.
        let unsigned = |values: Array2<f64>| values.mapv_into(|value| value + 0.0).into_shared();
        let (g_s, row_ohm, column_ohm) = (unsigned(g_s), unsigned(row_ohm), unsigned(column_ohm));
        Ok(Self { g_s, row_ohm, column_ohm })
    }

    /// Conductances of the cells, rows × columns (S).
    pub fn conductances(&self) -> ArrayView2<'_, f64> {
        self.g_s.view()
    }

    /// Resistances of the row wires, rows × (columns + 1) (Ω).
    pub fn row_ohm(&self) -> ArrayView2<'_, f64> {
        self.row_ohm.view()
    }

    /// Resistances of the column wires, (rows + 1) × columns (Ω).
    pub fn column_ohm(&self) -> ArrayView2<'_, f64> {
        self.column_ohm.view()
    }

    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        self.g_s.dim()
    }

    pub(crate) fn layout(&self) -> Layout {
        let (rows, cols) = self.shape();
        Layout { rows, cols }
    }

    /// Resistance (Ω) between the end of a line and its first or last cell.
    pub fn end_ohm(&self, side: Side, line: usize) -> f64 {
        let (rows, cols) = self.shape();
        match side {
            Side::Left => self.row_ohm[[line, 0]],
            Side::Right => self.row_ohm[[line, cols]],
            Side::Top => self.column_ohm[[0, line]],
            Side::Bottom => self.column_ohm[[rows, line]],
        }
    }

    /// Conductance (S) of every element, in the order of the layout; infinite where two nodes are
    /// one.
    pub(crate) fn elements(&self) -> Vec<f64> {
        let mut all = Vec::with_capacity(self.layout().elements());
        all.extend(self.g_s.iter());
        all.extend(self.row_ohm.iter().chain(&self.column_ohm).map(|r| r.recip()));
        all
    }

    /// Pairs of nodes that are one: shorts and ideal wires, those to terminals that are not `held`
    /// left out.
    pub(crate) fn merged(&self, held: &[bool]) -> Vec<(usize, usize)> {
        let layout = self.layout();
        let mut pairs = Vec::new();
        let inner_or_held = |node: usize| node < layout.inner() || held[node];
        let mut add = |g: f64, (a, b): (usize, usize)| {
            if g == f64::INFINITY && inner_or_held(a) && inner_or_held(b) {
                pairs.push((a, b));
            }
        };
        for ((row, col), &g) in self.g_s.indexed_iter() {
            add(g, (layout.upper(row, col), layout.lower(row, col)));
        }
        for ((row, segment), &ohm) in self.row_ohm.indexed_iter() {
            add(ohm.recip(), layout.row_segment_ends(row, segment));
        }
        for ((segment, col), &ohm) in self.column_ohm.indexed_iter() {
            add(ohm.recip(), layout.column_segment_ends(segment, col));
        }
        pairs
    }

    /// The terminals (by node) that are connected to their line at all.
    pub(crate) fn connected(&self) -> Vec<bool> {
        let layout = self.layout();
        let mut held = vec![false; layout.nodes()];
        for side in Side::ALL {
            for line in 0..layout.lines(side) {
                held[layout.terminal(side, line)] = self.end_ohm(side, line).is_finite();
            }
        }
        held
    }
}

/// Cells of the largest array that is accepted: 4096 × 4096.
pub const MOST_CELLS: usize = 1 << 24;

/// Checks cells (S) that no circuit is made of, because their wires are ideal.
///
/// # Errors
/// [`CircuitError`] for no cells, too many, or a value that is negative or NaN.
pub(crate) fn check_ideal(g_s: ArrayView2<'_, f64>) -> Result<(), CircuitError> {
    check_size(g_s.nrows(), g_s.ncols())?;
    check_cells(g_s)
}

fn check_cells(g_s: ArrayView2<'_, f64>) -> Result<(), CircuitError> {
    // All of them without a branch; then which.
    if g_s.fold(true, |fine, g| fine & (0.0 <= *g)) {
        return Ok(());
    }
    match g_s.indexed_iter().find(|(_, g)| g.is_nan() || **g < 0.0) {
        None => Ok(()),
        Some(((row, col), &value)) => Err(CircuitError::Conductance { row, col, value }),
    }
}

/// Checks the size of an array, before any memory is asked for.
fn check_size(rows: usize, cols: usize) -> Result<(), CircuitError> {
    if rows == 0 || cols == 0 {
        return Err(CircuitError::Empty { rows, cols });
    }
    if rows.checked_mul(cols).is_none_or(|cells| MOST_CELLS < cells) {
        return Err(CircuitError::TooLarge { rows, cols, limit: "16 777 216 cells" });
    }
    Ok(())
}

/// One value for every terminal of an array, by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Terminals<T> {
    /// Left ends of the rows.
    pub left: Vec<T>,
    /// Right ends of the rows.
    pub right: Vec<T>,
    /// Top ends of the columns.
    pub top: Vec<T>,
    /// Bottom ends of the columns.
    pub bottom: Vec<T>,
}

impl<T> Terminals<T> {
    /// The values of one side.
    pub fn side(&self, side: Side) -> &[T] {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
            Side::Top => &self.top,
            Side::Bottom => &self.bottom,
        }
    }

    pub(crate) fn side_mut(&mut self, side: Side) -> &mut [T] {
        match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
            Side::Top => &mut self.top,
            Side::Bottom => &mut self.bottom,
        }
    }
}

/// What the ends of the lines are held at (V); `None` floats.
pub type Bias = Terminals<Option<f64>>;

/// How the lines of a cell that is not selected are held while another is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// They float.
    Floating,
    /// All at half of the voltage.
    Half,
    /// Rows at a third, columns at two thirds.
    Third,
}

impl Bias {
    /// A read: rows held at `row_v` (V) from every end that is connected, columns at ground.
    pub fn read(row_v: &[f64], cols: usize) -> Self {
        let rows: Vec<Option<f64>> = row_v.iter().copied().map(Some).collect();
        let ground = vec![Some(0.0); cols];
        Self { left: rows.clone(), right: rows, top: ground.clone(), bottom: ground }
    }

    /// The adjoint of a read: columns held at 1 V, rows at ground.
    pub(crate) fn sense(rows: usize, cols: usize) -> Self {
        let (ground, sensed) = (vec![Some(0.0); rows], vec![Some(1.0); cols]);
        Self { left: ground.clone(), right: ground, top: sensed.clone(), bottom: sensed }
    }

    /// One column held at 1 V, all else at ground.
    pub(crate) fn sense_one(rows: usize, cols: usize, column: usize) -> Self {
        let mut bias = Self::read(&vec![0.0; rows], cols);
        (bias.top[column], bias.bottom[column]) = (Some(1.0), Some(1.0));
        bias
    }

    /// A write of one cell: its row at `write_v` (V), its column at ground, the others by `scheme`.
    ///
    /// # Errors
    /// [`CircuitError::NoCell`] if the cell is not in the array.
    pub fn select(
        (rows, cols): (usize, usize),
        (row, col): (usize, usize),
        write_v: f64,
        scheme: Scheme,
    ) -> Result<Self, CircuitError> {
        if rows <= row || cols <= col {
            return Err(CircuitError::NoCell { row, col, rows, cols });
        }
        let (other_row, other_col) = match scheme {
            Scheme::Floating => (None, None),
            Scheme::Half => (Some(write_v / 2.0), Some(write_v / 2.0)),
            Scheme::Third => (Some(write_v / 3.0), Some(2.0 * write_v / 3.0)),
        };
        let line = |lines: usize, chosen: usize, at: f64, other: Option<f64>| -> Vec<Option<f64>> {
            (0..lines).map(|line| if line == chosen { Some(at) } else { other }).collect()
        };
        let (rows, cols) = (line(rows, row, write_v, other_row), line(cols, col, 0.0, other_col));
        Ok(Self { left: rows.clone(), right: rows, top: cols.clone(), bottom: cols })
    }

    /// Checks against a circuit and gives the held terminals, by node.
    pub(crate) fn held(&self, circuit: &Circuit) -> Result<Vec<bool>, CircuitError> {
        let layout = circuit.layout();
        let mut held = circuit.connected();
        for side in Side::ALL {
            let (values, lines) = (self.side(side), layout.lines(side));
            if values.len() != lines {
                return Err(CircuitError::Voltages { side, got: values.len(), want: lines });
            }
            for (line, value) in values.iter().enumerate() {
                if let Some(value) = value.filter(|v| !v.is_finite()) {
                    return Err(CircuitError::Voltage { side, line, value });
                }
                held[layout.terminal(side, line)] &= value.is_some();
            }
        }
        Ok(held)
    }
}
