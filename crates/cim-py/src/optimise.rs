//! The convex program for one network.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cim_chip::Foreign;
use cim_core::Joules;
use cim_studies::own::{CALIBRATION, Samples, optimised};
use pyo3::prelude::*;

use crate::arrays::samples;
use crate::chip::Chip;
use crate::design::Design;
use crate::error::PythonError;
use crate::interrupt::{self, Stop};
use crate::network::NetworkFile;
use crate::preset::Preset;
use crate::quantity::Quantity;
use crate::question::within;

/// A file of a network, or a chip with its preset.
#[derive(FromPyObject)]
pub enum Subject<'py> {
    /// A chip.
    #[pyo3(transparent)]
    Chip(PyRef<'py, Chip>),
    /// A path.
    #[pyo3(transparent)]
    Path(PathBuf),
}

/// Optimises conductance window, read voltage, weight clips and full scales for a network, by a convex program
/// with a certificate.
///
/// network: the path of an .onnx file, of a .safetensors file with layers=, or a Chip, whose preset counts.
/// calibration: samples (samples × …) or a dictionary by input, of which the preset says how many are taken.
/// preset: a name of presets(), a path, or text; "paper" where nothing is said.
/// adc_bits: bits of the converters, instead of the preset's.
/// energy_budget: most energy of cells and sensing for one inference, J or "5 nJ".
///
/// The design is that of `cim optimise`, to the byte. Raises InputError, NetworkError, InfeasibleError for a
/// budget that no design meets, NotConverged for an answer without its certificate.
#[pyfunction]
#[pyo3(signature = (network, calibration, *, preset=None, layers=None, adc_bits=None, energy_budget=None))]
pub fn optimise(
    py: Python<'_>,
    network: Subject<'_>,
    calibration: &Bound<'_, PyAny>,
    preset: Option<PathBuf>,
    layers: Option<PathBuf>,
    adc_bits: Option<u32>,
    energy_budget: Option<Quantity<Joules>>,
) -> Result<Design, PythonError> {
    let (file, preset) = match network {
        Subject::Chip(_) if preset.is_some() || layers.is_some() => {
            let what = "preset or layers beside a Chip, which has its own";
            return Err(PythonError::input(
                what,
                "leave them out, or give the path of the network",
            ));
        }
        Subject::Chip(chip) => (Arc::clone(&chip.network), Arc::clone(&chip.preset)),
        Subject::Path(path) => (
            Arc::new(NetworkFile::open(&path, layers.as_deref(), None)?),
            Arc::new(Preset::open(preset.as_deref().unwrap_or(Path::new("paper")))?),
        ),
    };
    let mut chip = preset.chip.clone();
    chip.converters.adc_bits = adc_bits.unwrap_or(chip.converters.adc_bits);
    chip.parts()?;
    let energy =
        energy_budget.map(|budget| budget.not_negative("energy_budget", |j| j.0)).transpose()?;
    let arrays = samples(calibration)?;
    let work = move |stop: &Stop| {
        let graph = file.network()?;
        let most = chip.calibration.map_or(CALIBRATION, |section| section.images);
        let samples = Samples::of(arrays, &graph, most)?;
        let row = samples.rows.row(0).to_vec();
        let network = Foreign::new(graph, &samples.shapes, &row)?;
        let rows = samples.rows.view();
        Ok(within(0, stop, |context| optimised(&network, chip, rows, energy, context))??)
    };
    Ok(Design::of(interrupt::beside(py, work)?))
}
