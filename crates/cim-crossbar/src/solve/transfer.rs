//! A linear array reduced to one matrix: volts in, amperes out.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::circuit::Circuit;
use crate::error::CircuitError;
use crate::layout::Side;
use crate::solve::dissection::{HeldEnds, Plan, Reduced, reduce};

/// Lines of the largest array that is reduced to a matrix, rows and columns together: what lies
/// between every two of their ends takes 1 GiB.
pub const MOST_LINES: usize = 1 << 14;

/// What a linear array does between its ends, exact up to rounding in every entry.
///
/// All row ends that are connected are driven with the row's voltage, all column ends that are
/// connected are held at virtual ground; a column's current is that of all its ends.
#[derive(Clone, Debug)]
pub struct Transfer {
    transfer_s: Array2<f64>,
    column_s: Array2<f64>,
}

/// An array whose cells may change while its wires stay.
#[derive(Clone, Debug)]
pub(crate) struct Compiler {
    plan: Plan,
}

impl Compiler {
    pub fn new(circuit: &Circuit) -> Result<Self, CircuitError> {
        let (rows, cols) = circuit.shape();
        if MOST_LINES < rows + cols {
            return Err(CircuitError::TooLarge { rows, cols, limit: "16 384 lines" });
        }
        let held = circuit.connected();
        let merged = circuit.merged(&held);
        Ok(Self { plan: Plan::new(circuit.layout(), &held, merged, HeldEnds::Apart)? })
    }

    pub fn compile(&self, circuit: &Circuit) -> Result<Transfer, CircuitError> {
        Transfer::of(&self.plan, &reduce(&self.plan, &circuit.elements()))
    }
}

impl Transfer {
    /// Reduces a circuit.
    ///
    /// # Errors
    /// [`CircuitError::Shorted`] if no resistance lies between ends of two lines,
    /// [`CircuitError::TooLarge`] for an array beyond the stated limit and
    /// [`CircuitError::Overflow`] if a conductance of it is beyond the largest number.
    pub fn compile(circuit: &Circuit) -> Result<Self, CircuitError> {
        Compiler::new(circuit)?.compile(circuit)
    }

    fn of(plan: &Plan, reduced: &Reduced) -> Result<Self, CircuitError> {
        let layout = plan.layout;
        let mut transfer_s = Array2::<f64>::zeros((layout.rows, layout.cols));
        let mut column_s = Array2::<f64>::zeros((layout.cols, layout.cols));
        let ends: Vec<(Side, usize)> =
            reduced.nodes.iter().map(|&node| layout.end(node as usize - layout.inner())).collect();
        for (a, &(side, line)) in ends.iter().enumerate() {
            if side.is_row() {
                continue;
            }
            for (b, &(other_side, other)) in ends.iter().enumerate() {
                let g = reduced.between(a, b);
                if other_side.is_row() {
                    transfer_s[[other, line]] += g;
                } else if other != line {
                    column_s[[line, other]] += g;
                }
            }
        }
        if let Some(((row, col), _)) = transfer_s.indexed_iter().find(|(_, g)| !g.is_finite()) {
            return Err(CircuitError::Overflow { row, col });
        }
        if let Some(((_, col), _)) = column_s.indexed_iter().find(|(_, g)| !g.is_finite()) {
            return Err(CircuitError::Overflow { row: layout.rows - 1, col });
        }
        Ok(Self { transfer_s, column_s })
    }

    /// Column currents per row voltage, rows × columns (S).
    pub fn matrix(&self) -> ArrayView2<'_, f64> {
        self.transfer_s.view()
    }

    /// Conductance (S) between the ends of two columns, by way of cells that they share rows
    /// with, columns × columns.
    pub fn between_columns(&self) -> ArrayView2<'_, f64> {
        self.column_s.view()
    }

    /// Conductance (S) that the virtual ground of a column sees.
    pub fn column_conductance(&self, column: usize) -> f64 {
        self.transfer_s.column(column).sum() + self.column_s.row(column).sum()
    }

    /// Column currents (A) for one vector of row voltages (V).
    pub fn currents(&self, row_v: ArrayView1<'_, f64>) -> Array1<f64> {
        self.transfer_s.t().dot(&row_v)
    }
}
