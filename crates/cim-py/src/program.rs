//! Programming of cells by pulses.

use cim_core::{Ohms, Siemens, Stream, Tally};
use cim_crossbar::{GdpSpec, Wires, product_error};
use cim_device::program::{CellsPreset, End, Outcome, PROGRAMMERS, Programmer};
use ndarray::Array2;
use numpy::{IntoPyArray, PyArray2, ToPyArray};
use pyo3::prelude::*;

use crate::arrays::Numbers;
use crate::error::PythonError;
use crate::interrupt;
use crate::quantity::Quantity;

/// The programmer by the error of products, which knows the whole array.
const BY_PRODUCTS: &str = "gdp";

/// Names of all ways of programming.
#[pyfunction]
pub fn programmers() -> Vec<&'static str> {
    PROGRAMMERS.iter().copied().chain([BY_PRODUCTS]).collect()
}

/// Programs fresh cells to targets by pulses.
///
/// targets: rows × columns, S, within the cells' window; none is clipped.
/// device: "openmena", "synaptogen" or a name of devices(), whose programming law pulses draw from.
/// programmer: a name of programmers().
/// seed: seed of all randomness; the same seed gives the same bytes as `cim program`.
/// band: half-width of the acceptance band, S or "5 uS"; left out, the cells' own.
/// r_wire: one cell pitch of row and column wire (Ω); left out, ideal wires.
///
/// Raises InputError with the place of a target outside, or a programmer that the cells do not offer.
#[pyfunction]
#[pyo3(signature = (targets, *, device, programmer, seed, band=None, r_wire=None))]
pub fn program(
    py: Python<'_>,
    targets: Numbers<'_>,
    device: &str,
    programmer: &str,
    seed: u64,
    band: Option<Quantity<Siemens>>,
    r_wire: Option<Quantity<Ohms>>,
) -> Result<Programmed, PythonError> {
    let target_s = targets.matrix("targets")?.to_owned();
    if target_s.is_empty() {
        return Err(PythonError::input("there are no targets", "give rows × columns, in siemens"));
    }
    let cells = CellsPreset::named(device)?;
    let band = band.map_or(Ok(cells.band), |band| band.not_negative("band", |s| s.0))?;
    let pitch = r_wire.map_or(Ohms::ZERO, |pitch| pitch.0);
    let wires = Wires::new(pitch, pitch);
    wires.check()?;
    let programmer: Box<dyn Programmer> = match programmer {
        BY_PRODUCTS => Box::new(GdpSpec::suiting(&cells, band, target_s.nrows(), wires)?.build()?),
        name => cells.programmer(name, band)?.build()?,
    };
    let work = move || {
        let (at, tally) = (Stream::root(seed), &mut Tally::default());
        let mut array = cells.cells.fresh(target_s.dim(), at.child("cells", 0))?;
        let (targets, at) = (target_s.view(), at.child("program", 0));
        let outcome = programmer.program(array.as_mut(), targets, at, tally)?;
        let products = product_error(outcome.held_s.view(), targets, wires)?;
        Ok(Programmed {
            rms_error_s: outcome.rms_error_s(targets),
            share_inside_band: outcome.share_within(targets, band.0),
            product_error: (products.relative, products.after_gain),
            outcome,
            band,
        })
    };
    interrupt::run(py, false, work)
}

/// What programmed cells hold, and what it took.
#[pyclass(frozen, module = "cim")]
pub struct Programmed {
    outcome: Outcome,
    band: Siemens,
    rms_error_s: f64,
    share_inside_band: f64,
    product_error: (f64, f64),
}

impl Programmed {
    fn ended<'py>(&self, py: Python<'py>, end: End) -> Bound<'py, PyArray2<bool>> {
        let ended: Array2<bool> = self.outcome.end.mapv(|own| own == end);
        ended.into_pyarray(py)
    }
}

#[pymethods]
impl Programmed {
    /// What the cells hold, without the noise of a read, rows × columns (S).
    #[getter]
    fn achieved<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.outcome.held_s.to_pyarray(py)
    }

    /// Pulses of each cell, rows × columns.
    #[getter]
    fn pulses<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<u32>> {
        self.outcome.pulses.to_pyarray(py)
    }

    /// Verifying reads of each cell, rows × columns.
    #[getter]
    fn reads<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<u32>> {
        self.outcome.reads.to_pyarray(py)
    }

    /// Energy of the pulses of each cell, rows × columns (J).
    #[getter]
    fn energy_j<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.outcome.energy_j.to_pyarray(py)
    }

    /// Time of pulses and reads of each cell, rows × columns (s).
    #[getter]
    fn time_s<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.outcome.time_s.to_pyarray(py)
    }

    /// Whether the last verifying read found a cell inside the band, rows × columns.
    #[getter]
    fn accepted<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<bool>> {
        self.ended(py, End::InBand)
    }

    /// Whether pulses had not moved a cell by more than half the band, rows × columns.
    #[getter]
    fn stuck<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<bool>> {
        self.ended(py, End::Stuck)
    }

    /// Whether a cell was given up outside the band though it had moved, rows × columns.
    #[getter]
    fn given_up<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<bool>> {
        self.ended(py, End::GivenUp)
    }

    /// Half-width of the acceptance band (S).
    #[getter]
    fn band(&self) -> f64 {
        self.band.0
    }

    /// Root-mean-square difference to the targets (S), read noise aside.
    #[getter]
    fn rms_error_s(&self) -> f64 {
        self.rms_error_s
    }

    /// Share of cells that hold their target to within the band, read noise aside.
    #[getter]
    fn share_inside_band(&self) -> f64 {
        self.share_inside_band
    }

    /// Error of a product with inputs of mean zero, relative to the wanted one on ideal wires: as it is, and
    /// after a common gain.
    #[getter]
    fn product_error(&self) -> (f64, f64) {
        self.product_error
    }

    fn __repr__(&self) -> String {
        let (rows, columns) = self.outcome.held_s.dim();
        let accepted = 100.0 * self.outcome.share(End::InBand);
        let error = Siemens(self.rms_error_s);
        format!(
            "Programmed({rows} × {columns} cells, {accepted:.2} % accepted, rms error {error:.3})"
        )
    }
}
