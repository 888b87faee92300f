//! Currents and voltages of an array with its wires.

use cim_crossbar::solve::newton;
use cim_crossbar::{Bias, Circuit, Nodal};
use cim_device::Conduction;
use ndarray::{Array1, Array2, Array3, ArrayView2, Axis};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

use crate::arrays::Numbers;
use crate::circuit::{Law, Resistance, circuit, wires};
use crate::error::PythonError;
use crate::interrupt;

/// Cells times vectors up to which an array is solved in a few milliseconds.
const SHORT: usize = 1 << 14;

/// Column currents of an array with resistive wires, exact up to rounding.
///
/// g: conductances (rows × columns, S); 0 is an open cell, inf a short.
/// v: row voltages (rows) or (vectors × rows), V; columns are at ground.
/// r_row, r_col: one cell pitch of row and of column wire (Ω); left out, ideal wires.
/// r_source, r_sense: before the first cell of a row, after the last of a column (Ω); left out, one pitch.
/// drive, sense: "one" or "both" ends of the rows are driven, of the columns sensed.
/// iv: law of the cells, a name ("ohmic", "milo2021") or {"law": "sinh", "scale": "0.2 V"} and others.
///
/// Returns (columns) or (vectors × columns), A. Raises InputError, and NotConverged where Newton's method
/// does not end (laws other than ohmic).
#[pyfunction]
#[pyo3(signature = (g, v, *, r_row=None, r_col=None, r_source=None, r_sense=None, drive="one", sense="one", iv=None))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub fn solve<'py>(
    py: Python<'py>,
    g: Numbers<'py>,
    v: Numbers<'py>,
    r_row: Option<Resistance>,
    r_col: Option<Resistance>,
    r_source: Option<Resistance>,
    r_sense: Option<Resistance>,
    drive: &str,
    sense: &str,
    iv: Option<Law>,
) -> Result<Bound<'py, PyAny>, PythonError> {
    let wires = wires([r_row, r_col], [r_source, r_sense], [drive, sense])?;
    let circuit = circuit(py, g.matrix("conductances")?, wires)?;
    let (row_v, single) = v.vectors("voltages", circuit.shape().0)?;
    let row_v = row_v.to_owned();
    let work = move || match iv {
        None | Some(Law(Conduction::Ohmic)) => linear(circuit, row_v),
        Some(Law(law)) => non_linear(&circuit, &law, &row_v),
    };
    let short = g.view().len().saturating_mul(1 + v.view().len()) <= SHORT;
    let column_a = interrupt::run(py, short, work)?;
    Ok(if single {
        column_a.index_axis_move(Axis(0), 0).into_pyarray(py).into_any()
    } else {
        column_a.into_pyarray(py).into_any()
    })
}

fn linear(circuit: Circuit, row_v: Array2<f64>) -> Result<Array2<f64>, PythonError> {
    let (rows, cols) = circuit.shape();
    let nodal = Nodal::new(circuit, &Bias::read(&vec![0.0; rows], cols))?;
    Ok(nodal.column_currents(row_v.view())?)
}

fn non_linear(
    circuit: &Circuit,
    law: &Conduction,
    row_v: &Array2<f64>,
) -> Result<Array2<f64>, PythonError> {
    let cols = circuit.shape().1;
    let mut column_a = Array2::zeros((row_v.nrows(), cols));
    for (row_v, mut column_a) in row_v.rows().into_iter().zip(column_a.rows_mut()) {
        let solved = newton::solve(circuit, law, &Bias::read(&row_v.to_vec(), cols))?;
        column_a.assign(&Array1::from(solved.solution.column_a()));
    }
    Ok(column_a)
}

/// Every voltage and current of an array; arguments as of solve.
///
/// Each is checked against Kirchhoff's and Ohm's laws and against the power that goes in before it is
/// returned. Raises as solve, and NotConverged for a solution that does not pass.
#[pyfunction]
#[pyo3(signature = (g, v, *, r_row=None, r_col=None, r_source=None, r_sense=None, drive="one", sense="one", iv=None))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub fn solve_nodes<'py>(
    py: Python<'py>,
    g: Numbers<'py>,
    v: Numbers<'py>,
    r_row: Option<Resistance>,
    r_col: Option<Resistance>,
    r_source: Option<Resistance>,
    r_sense: Option<Resistance>,
    drive: &str,
    sense: &str,
    iv: Option<Law>,
) -> Result<Solution, PythonError> {
    let wires = wires([r_row, r_col], [r_source, r_sense], [drive, sense])?;
    let circuit = circuit(py, g.matrix("conductances")?, wires)?;
    let (row_v, single) = v.vectors("voltages", circuit.shape().0)?;
    let biases = biases(row_v, circuit.shape().1);
    let work = move || match iv {
        None | Some(Law(Conduction::Ohmic)) => nodes(circuit, &biases),
        Some(Law(law)) => biases
            .iter()
            .map(|bias| Ok(newton::solve(&circuit, &law, bias)?.solution))
            .collect::<Result<Vec<_>, _>>(),
    };
    let short = g.view().len().saturating_mul(1 + v.view().len()) <= SHORT;
    Ok(Solution { solved: interrupt::run(py, short, work)?, single })
}

fn biases(row_v: ArrayView2<'_, f64>, cols: usize) -> Vec<Bias> {
    row_v.rows().into_iter().map(|row_v| Bias::read(&row_v.to_vec(), cols)).collect()
}

fn nodes(circuit: Circuit, biases: &[Bias]) -> Result<Vec<cim_crossbar::Solution>, PythonError> {
    let (rows, cols) = circuit.shape();
    let nodal = Nodal::new(circuit, &Bias::read(&vec![0.0; rows], cols))?;
    Ok(nodal.solve_all(biases)?)
}

/// Every voltage and current of an array. A leading axis counts vectors if v was a list of them.
#[pyclass(frozen, module = "cim")]
pub struct Solution {
    solved: Vec<cim_crossbar::Solution>,
    single: bool,
}

impl Solution {
    fn field<'py>(
        &self,
        py: Python<'py>,
        field: fn(&cim_crossbar::Solution) -> &Array2<f64>,
    ) -> Bound<'py, PyAny> {
        if self.single {
            return field(&self.solved[0]).clone().into_pyarray(py).into_any();
        }
        let shape = self.solved.first().map_or((0, 0), |solved| field(solved).dim());
        let mut all = Array3::zeros((self.solved.len(), shape.0, shape.1));
        for (mut one, solved) in all.axis_iter_mut(Axis(0)).zip(&self.solved) {
            one.assign(field(solved));
        }
        all.into_pyarray(py).into_any()
    }
}

#[pymethods]
impl Solution {
    /// Currents that leave the columns (columns) or (vectors × columns), A.
    #[getter]
    fn currents<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        let columns = self.solved.first().map_or(0, |solved| solved.column_v.ncols());
        let mut all = Array2::zeros((self.solved.len(), columns));
        for (mut one, solved) in all.rows_mut().into_iter().zip(&self.solved) {
            one.assign(&Array1::from(solved.column_a()));
        }
        if self.single {
            return all.index_axis_move(Axis(0), 0).into_pyarray(py).into_any();
        }
        all.into_pyarray(py).into_any()
    }

    /// Voltages of the row wires at the cells, rows × columns (V).
    #[getter]
    fn row_v<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.field(py, |solved| &solved.row_v)
    }

    /// Voltages of the column wires at the cells, rows × columns (V).
    #[getter]
    fn column_v<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.field(py, |solved| &solved.column_v)
    }

    /// Currents through the cells from row to column, rows × columns (A).
    #[getter]
    fn cell_a<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.field(py, |solved| &solved.cell_a)
    }

    /// Currents in the row wires to the right, rows × (columns + 1), A.
    #[getter]
    fn row_wire_a<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.field(py, |solved| &solved.row_wire_a)
    }

    /// Currents in the column wires downwards, (rows + 1) × columns, A.
    #[getter]
    fn column_wire_a<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.field(py, |solved| &solved.column_wire_a)
    }

    /// Power dissipated in cells and wires (vectors), W.
    #[getter]
    fn power_w<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        let power_w: Array1<f64> = self.solved.iter().map(|solved| solved.power_w).collect();
        power_w.into_pyarray(py)
    }
}
