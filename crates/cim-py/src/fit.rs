//! Cells fitted to measurements.

use std::path::PathBuf;

use cim_fit::report::{About, preset as preset_of, printed};
use cim_fit::{FitError, Measurements};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::error::PythonError;
use crate::interrupt;
use crate::preset::{Preset, bytes, file_name};

/// The largest file of measurements that is read (bytes).
const MAX_BYTES: u64 = 256 << 20;

/// Cells fitted to measurements: laws with intervals, and a preset that has them.
#[pyclass(frozen, module = "cim")]
pub struct Fitted {
    fitted: cim_fit::Fitted,
    text: String,
    preset: String,
}

/// Fits programming noise, change with time, read noise and telegraph noise to measurements of cells, laws
/// chosen by cross-validation over cells.
///
/// measurements: the path of a .csv file, or its text: one read a row below a header with units: target (uS),
/// achieved (uS) and, where there are any, time (s), temperature (K), cell, cycle, read.
/// preset: of which all but the cells is taken. source: where the measurements come from.
///
/// The preset is that of `cim device fit`, to the byte. Raises InputError with the line, OSError.
#[pyfunction]
#[pyo3(signature = (measurements, *, preset=PathBuf::from("paper"), source=None))]
pub fn fit(
    py: Python<'_>,
    measurements: PathBuf,
    preset: PathBuf,
    source: Option<String>,
) -> Result<Fitted, PythonError> {
    let base = Preset::open(&preset)?;
    let (name, bytes) = match measurements.to_str() {
        Some(text) if text.contains('\n') => ("text".to_owned(), text.as_bytes().to_vec()),
        _ => (file_name(&measurements), bytes(&measurements, MAX_BYTES)?),
    };
    let work = move || {
        let refused = |error: FitError| refused(&name, &bytes, &error);
        let measured = Measurements::from_csv(&bytes).map_err(refused)?;
        let fitted = cim_fit::fit(&measured).map_err(refused)?;
        let sha256 = cim_data::sha256(&bytes);
        let about = About::of((&name, source.as_deref()), sha256, &measured, &fitted);
        let preset = preset_of((&base.name, &base.text), &about).map_err(refused)?;
        let text = printed(&about);
        Ok(Fitted { fitted, text, preset })
    };
    interrupt::run(py, false, work)
}

/// What is wrong with measurements, with its line.
fn refused(name: &str, bytes: &[u8], error: &FitError) -> PythonError {
    let line = error.span().map(|span| {
        let before = &bytes[..span.start.min(bytes.len())];
        format!(":{}", 1 + before.iter().filter(|&&byte| byte == b'\n').count())
    });
    let line = line.unwrap_or_default();
    PythonError::input(format!("{name}{line}: {error}"), error.help())
}

#[pymethods]
impl Fitted {
    /// The text of a preset with these cells, as Chip.from_onnx(preset=…) and `--preset FILE` take it.
    #[getter]
    fn preset(&self) -> &str {
        &self.preset
    }

    /// Parameters, a dictionary each: name, unit ("S", "s" or none), value, and the ends low and high of its 95 %
    /// interval over cells.
    #[getter]
    fn parameters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for parameter in &self.fitted.parameters {
            let entry = PyDict::new(py);
            entry.set_item("name", &parameter.name)?;
            entry.set_item("unit", parameter.unit)?;
            entry.set_item("value", parameter.value)?;
            entry.set_item("low", parameter.low)?;
            entry.set_item("high", parameter.high)?;
            list.append(entry)?;
        }
        Ok(list)
    }

    /// Cells that were used.
    #[getter]
    fn cells(&self) -> usize {
        self.fitted.cells
    }

    /// Writes the preset, as `cim device fit --out` does.
    fn save(&self, path: PathBuf) -> Result<(), PythonError> {
        Ok(cim_report::files::write_bytes(&path, self.preset.as_bytes())?)
    }

    fn __repr__(&self) -> &str {
        &self.text
    }
}
