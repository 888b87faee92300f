//! Published cells.

use std::sync::Arc;

use cim_core::{Seconds, Siemens, Stream, Tally};
use cim_device::{DeviceError, Published, published_names};
use ndarray::{Array2, ArrayD};
use numpy::{IntoPyArray, PyArrayDyn};
use pyo3::Borrowed;
use pyo3::prelude::*;

use crate::arrays::Numbers;
use crate::error::PythonError;
use crate::interrupt;
use crate::quantity::Quantity;

/// Cells that are drawn in a few milliseconds.
const SHORT: usize = 1 << 14;

/// Names of all published cells.
#[pyfunction]
pub fn devices() -> Vec<&'static str> {
    published_names()
}

/// The published cell called name; devices() lists them. Raises InputError with the nearest name.
#[pyfunction]
pub fn device(name: &str) -> Result<Device, PythonError> {
    Ok(Device { published: cim_device::published(name)? })
}

/// A published cell: its laws, its source, and samples of it.
#[pyclass(frozen, module = "cim")]
pub struct Device {
    published: Published,
}

/// Targets as Python gives them.
pub enum Targets {
    /// One for all cells.
    One(Siemens),
    /// One a cell.
    Each(ArrayD<f64>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Targets {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(target) = given.extract::<f64>() {
            return Ok(Self::One(Siemens(target)));
        }
        if given.extract::<String>().is_ok() {
            return Ok(Self::One(given.extract::<Quantity<Siemens>>()?.0));
        }
        Ok(Self::Each(given.extract::<Numbers<'py>>()?.view().to_owned()))
    }
}

/// When and how cells are looked at.
struct Look {
    after: Seconds,
    read: bool,
    at: Stream,
}

impl Look {
    /// What cells programmed to `target_s` (S), rows × columns, hold.
    fn at(
        &self,
        device: &dyn cim_device::Device,
        target_s: &Array2<f64>,
    ) -> Result<Array2<f64>, PythonError> {
        let programmed = device.program(target_s.view(), self.at, &mut Tally::default());
        let aged = device.aged(programmed.view(), self.after, self.at)?;
        if !self.read {
            return Ok(aged);
        }
        let mut read_s = aged.clone();
        let variance = device.read_variances_aged(programmed.view(), aged.view(), self.after);
        let mut normals = self.at.child("read", 0).normal_rows(read_s.ncols());
        for (row, (mut read_s, variance)) in
            read_s.rows_mut().into_iter().zip(variance.rows()).enumerate()
        {
            for ((g_s, variance), &n) in read_s.iter_mut().zip(variance).zip(normals.row(row)) {
                *g_s += variance.sqrt() * f64::from(n);
            }
        }
        Ok(read_s)
    }
}

#[pymethods]
impl Device {
    /// Its name.
    #[getter]
    fn name(&self) -> &'static str {
        self.published.card.name
    }

    /// What cell it is.
    #[getter]
    fn cell(&self) -> &str {
        &self.published.card.cell
    }

    /// Its laws, range, source and what is left out, as text.
    #[getter]
    fn card(&self) -> String {
        self.published.card.to_string()
    }

    /// Lowest and highest conductance that cells are programmed to (S).
    #[getter]
    fn window(&self) -> (f64, f64) {
        let window = self.published.device.window();
        (window.g_min.0, window.g_max.0)
    }

    /// Whether anything is known of its cells at later times.
    #[getter]
    fn ages(&self) -> bool {
        self.published.device.ages()
    }

    /// Mean (S) and standard deviation (S) of cells right after programming to target (S), in closed form.
    fn moments(&self, target: Quantity<Siemens>) -> Result<(f64, f64), PythonError> {
        self.published.device.window().check_target(target.0)?;
        let moments = self.published.device.programmed(target.0.0);
        Ok((moments.mean, moments.variance.sqrt()))
    }

    /// Programs cells and returns what they hold (S).
    ///
    /// target: an array of targets, (cells) or (rows × columns), S; or one for count cells: 5e-6, "5 uS".
    /// seed: seed of all randomness; the same seed gives the same bytes as `cim device sample`.
    /// after: time since programming, seconds or "1 day".
    /// read: one noisy read of each cell instead of what it holds.
    ///
    /// Returns an array of the shape of target, or (count). Raises InputError for targets outside the
    /// window, or times at which nothing is known of the cell.
    #[pyo3(signature = (target, *, seed, count=None, after=None, read=false))]
    fn sample<'py>(
        &self,
        py: Python<'py>,
        target: Targets,
        seed: u64,
        count: Option<usize>,
        after: Option<Quantity<Seconds>>,
        read: bool,
    ) -> Result<Bound<'py, PyArrayDyn<f64>>, PythonError> {
        let target_s = match (target, count) {
            (Targets::One(target), Some(count)) => ArrayD::from_elem(vec![count], target.0),
            (Targets::Each(target_s), None) => target_s,
            (Targets::One(_), None) => {
                return Err(PythonError::input("one target, and no count", "say how many cells"));
            }
            (Targets::Each(_), Some(_)) => {
                let what = "count beside an array of targets";
                return Err(PythonError::input(what, "give one target, or leave count out"));
            }
        };
        let shape = target_s.raw_dim();
        let rows = match target_s.shape() {
            &[cells] => (1, cells),
            &[rows, columns] => (rows, columns),
            other => {
                let what = format!("targets have the shape {other:?}");
                return Err(PythonError::input(what, "give (cells) or (rows × columns)"));
            }
        };
        let target_s =
            Array2::from_shape_vec(rows, target_s.iter().copied().collect()).expect("as many");
        let device = Arc::clone(&self.published.device);
        device.window().check_targets(target_s.view())?;
        let after =
            after.map_or(Ok(Seconds::ZERO), |after| after.not_negative("after", |s| s.0))?;
        device.fitted_times().check(after)?;
        if after != Seconds::ZERO && !device.ages() {
            return Err(DeviceError::Ageless { elapsed: after }.into());
        }
        let look = Look { after, read, at: Stream::root(seed) };
        let short = target_s.len() <= SHORT;
        let held = interrupt::run(py, short, move || look.at(device.as_ref(), &target_s))?;
        let held = held.into_shape_with_order(shape).expect("as many cells");
        Ok(held.into_pyarray(py))
    }

    fn __repr__(&self) -> String {
        format!("Device({:?})", self.published.card.name)
    }
}
