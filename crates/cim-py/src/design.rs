//! Designs that the optimiser chose.

use std::path::{Path, PathBuf};

use cim_chip::WrittenDesign;
use cim_studies::own::Chosen;
use cim_studies::parse;
use ndarray::Array2;
use numpy::IntoPyArray;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::error::PythonError;
use crate::preset::{placed, text};

/// Window, read voltage, clips and full scales of one network, as evaluate(config=…) takes them.
#[pyclass(frozen, module = "cim")]
pub struct Design {
    /// The design.
    pub written: WrittenDesign,
    found: Option<Figures>,
}

/// What the optimiser says of its design.
#[derive(Clone, Copy, Debug)]
struct Figures {
    error: f64,
    error_before: f64,
    energy_j: f64,
    certified_gap: f64,
}

impl Design {
    /// A design from its file.
    ///
    /// # Errors
    /// [`PythonError`] for a file that cannot be read or is no design, with the place.
    pub fn read(path: &Path) -> Result<WrittenDesign, PythonError> {
        let help = "give what `cim optimise NETWORK --out` or Design.save wrote";
        let (name, text) = text(path, help)?;
        parse(&text).map_err(|error| placed(&name, &text, error.into()))
    }

    /// A design with what the optimiser says of it.
    pub fn of(chosen: Chosen) -> Self {
        let Chosen { written, optimised, error: [error_before, error], .. } = chosen;
        let energy_j = optimised.chosen_energy.0;
        let certified_gap = optimised.conic.certificate.gap;
        Self { written, found: Some(Figures { error, error_before, energy_j, certified_gap }) }
    }
}

#[pymethods]
impl Design {
    /// Reads a design that save or `cim optimise NETWORK --out` wrote. Raises InputError, OSError.
    #[staticmethod]
    fn load(path: PathBuf) -> Result<Self, PythonError> {
        Ok(Self { written: Self::read(&path)?, found: None })
    }

    /// Writes the file that evaluate(config=…) and `cim eval --config` take, whole or not at all.
    fn save(&self, path: PathBuf) -> Result<(), PythonError> {
        Ok(cim_report::files::write_bytes(&path, self.toml()?.as_bytes())?)
    }

    /// The design as TOML, the text of its file.
    #[getter]
    fn toml(&self) -> Result<String, PythonError> {
        toml::to_string(&self.written).map_err(|error| {
            let help = "check the weights and the samples";
            PythonError::input(format!("the design cannot be written: {error}"), help)
        })
    }

    /// Lowest and highest conductance that weights are mapped to (S).
    #[getter]
    fn window(&self) -> (f64, f64) {
        (self.written.g_min.0, self.written.g_max.0)
    }

    /// Row voltage of the largest input code (V).
    #[getter]
    fn read_voltage(&self) -> f64 {
        self.written.read_voltage.0
    }

    /// Every product, a dictionary each: name, weight_clip, input_limit, drive_gain, and full_scale_a (row tiles ×
    /// (column tiles · groups), A).
    #[getter]
    fn products<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for product in &self.written.product {
            let own = PyDict::new(py);
            own.set_item("name", &product.name)?;
            own.set_item("weight_clip", product.weight_clip)?;
            own.set_item("input_limit", product.input_limit)?;
            own.set_item("drive_gain", product.drive_gain)?;
            let rows = product.full_scale.len();
            let columns = product.full_scale.first().map_or(0, Vec::len);
            let place = |(row, column): (usize, usize)| {
                product.full_scale[row].get(column).map_or(f64::NAN, |amps| amps.0)
            };
            let full_scale_a = Array2::from_shape_fn((rows, columns), place);
            own.set_item("full_scale_a", full_scale_a.into_pyarray(py))?;
            list.append(own)?;
        }
        Ok(list)
    }

    /// Squared error of the products per unit of their power, in closed form; None for a loaded design.
    #[getter]
    fn error(&self) -> Option<f64> {
        self.found.map(|found| found.error)
    }

    /// The same of the design that the preset's policy makes.
    #[getter]
    fn error_before(&self) -> Option<f64> {
        self.found.map(|found| found.error_before)
    }

    /// Energy of cells and sense amplifiers for one inference (J).
    #[getter]
    fn energy_j(&self) -> Option<f64> {
        self.found.map(|found| found.energy_j)
    }

    /// Relative gap between the optimum and a proven bound.
    #[getter]
    fn certified_gap(&self) -> Option<f64> {
        self.found.map(|found| found.certified_gap)
    }

    fn __repr__(&self) -> String {
        let (g_min, g_max) = (self.written.g_min, self.written.g_max);
        let (products, volts) = (self.written.product.len(), self.written.read_voltage);
        format!("Design({products} products, {g_min:.3} to {g_max:.3}, {volts:.3})")
    }
}
