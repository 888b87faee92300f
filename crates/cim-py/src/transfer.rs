//! An array reduced to one matrix, once for many vectors.

use ndarray::Axis;
use numpy::{IntoPyArray, PyArray2, ToPyArray};
use pyo3::prelude::*;

use crate::arrays::Numbers;
use crate::circuit::{Resistance, circuit, wires};
use crate::error::PythonError;
use crate::interrupt;

/// Cells of the largest array that is reduced in a few milliseconds.
const SHORT: usize = 1 << 12;

/// A linear array reduced to one matrix, once for many vectors: currents = v @ matrix.
///
/// Arguments as of solve, all but v and iv.
#[pyclass(frozen, module = "cim")]
pub struct Transfer {
    reduced: cim_crossbar::Transfer,
}

#[pymethods]
impl Transfer {
    #[new]
    #[pyo3(signature = (g, *, r_row=None, r_col=None, r_source=None, r_sense=None, drive="one", sense="one"))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn new(
        py: Python<'_>,
        g: Numbers<'_>,
        r_row: Option<Resistance>,
        r_col: Option<Resistance>,
        r_source: Option<Resistance>,
        r_sense: Option<Resistance>,
        drive: &str,
        sense: &str,
    ) -> Result<Self, PythonError> {
        let wires = wires([r_row, r_col], [r_source, r_sense], [drive, sense])?;
        let circuit = circuit(py, g.matrix("conductances")?, wires)?;
        let short = g.view().len() <= SHORT;
        let work = move || Ok(cim_crossbar::Transfer::compile(&circuit)?);
        Ok(Self { reduced: interrupt::run(py, short, work)? })
    }

    /// Column currents per row voltage, rows × columns (S); a copy.
    #[getter]
    fn matrix<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.reduced.matrix().to_pyarray(py)
    }

    /// Rows and columns.
    #[getter]
    fn shape(&self) -> (usize, usize) {
        self.reduced.matrix().dim()
    }

    /// Column currents (columns) or (vectors × columns), A, for row voltages (rows) or (vectors × rows), V.
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        v: Numbers<'py>,
    ) -> Result<Bound<'py, PyAny>, PythonError> {
        let (row_v, single) = v.vectors("voltages", self.shape().0)?;
        Ok(if single {
            let row_v = row_v.index_axis_move(Axis(0), 0);
            py.detach(|| self.reduced.currents(row_v)).into_pyarray(py).into_any()
        } else {
            py.detach(|| row_v.dot(&self.reduced.matrix())).into_pyarray(py).into_any()
        })
    }

    fn __repr__(&self) -> String {
        let (rows, columns) = self.shape();
        format!("Transfer({rows} rows, {columns} columns)")
    }
}
