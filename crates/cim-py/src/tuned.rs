//! Networks trained through the hardware of their chips.

use std::path::PathBuf;
use std::sync::Arc;

use cim_chip::{ChipPreset, Estimate, Moment, WrittenDesign};
use cim_data::npz::Named;
use cim_studies::own::{self, CALIBRATION, Samples, Tuning};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::Serialize;

use crate::error::PythonError;
use crate::interrupt::Stop;
use crate::network::NetworkFile;
use crate::question::within;

/// What is to be trained, with all that it takes beside the interpreter.
pub struct ToTune {
    /// The network.
    pub network: Arc<NetworkFile>,
    /// Samples, and labels as `y`.
    pub arrays: Vec<Named>,
    /// The same to judge with.
    pub test: Option<Vec<Named>>,
    /// The chip: the preset's with the seed of the question.
    pub chip: ChipPreset,
    /// A design in place of the preset's policy.
    pub written: Option<WrittenDesign>,
    /// When chips are looked at.
    pub moment: Moment,
    /// Chips that are judged.
    pub chips: usize,
    /// Share of the samples that is held out.
    pub holdout: f64,
    /// Passes over the others.
    pub epochs: usize,
    /// Learning rates to try.
    pub rates: Vec<f32>,
    /// Threads; 0 for all cores.
    pub threads: usize,
}

impl ToTune {
    /// The fine-tuned network, unless `stop` ends it.
    ///
    /// # Errors
    /// [`PythonError`] for samples that the network cannot take, and nodes that cannot be learned through.
    pub fn tuned(self, stop: &Stop) -> Result<Tuned, PythonError> {
        let graph = self.network.network()?;
        let samples = Samples::of(self.arrays, &graph, usize::MAX)?;
        let test = self.test.map(|test| Samples::of(test, &graph, usize::MAX)).transpose()?;
        let tuning = Tuning {
            files: &self.network.files,
            samples: &samples,
            test: test.as_ref(),
            holdout: self.holdout,
            calibration: self.chip.calibration.map_or(CALIBRATION, |section| section.images),
            chip: self.chip,
            written: self.written,
            moment: self.moment,
            chips: self.chips,
            epochs: self.epochs,
            rates: self.rates,
        };
        Ok(Tuned(within(self.threads, stop, |context| own::tuned(tuning, context))??))
    }
}

/// A fine-tuned network, and what it is better by.
#[pyclass(frozen, module = "cim")]
pub struct Tuned(own::Tuned);

/// What the command line prints.
#[derive(Serialize)]
struct Said<'a> {
    command: &'static str,
    #[serde(flatten)]
    result: &'a own::Tuned,
}

fn interval(estimate: Estimate) -> (f64, f64) {
    (estimate.mean - estimate.ci95, estimate.mean + estimate.ci95)
}

#[pymethods]
impl Tuned {
    /// Its weights as the bytes of a safetensors file: names and layouts are those of the network's file.
    #[getter]
    fn weights<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.weights)
    }

    /// Accuracy without a chip, before and after.
    #[getter]
    fn digital(&self) -> (f64, f64) {
        self.0.digital.into()
    }

    /// Mean accuracy over chips, before and after.
    #[getter]
    fn accuracy(&self) -> (f64, f64) {
        self.0.on_chips.map(|score| score.mean).into()
    }

    /// Mean accuracy that is gained on the same chips.
    #[getter]
    fn gain(&self) -> f64 {
        self.0.gain.mean
    }

    /// The 95 % interval of the gain over chips.
    #[getter]
    fn interval(&self) -> (f64, f64) {
        interval(self.0.gain)
    }

    /// The learning rate that was chosen; None where nothing that was learned does better, and weights are as
    /// they were.
    #[getter]
    fn learning_rate(&self) -> Option<f32> {
        self.0.candidates[self.0.chosen].rate
    }

    /// What came of it as JSON, as `cim finetune --json` prints it.
    fn to_json(&self) -> Result<String, PythonError> {
        let said = Said { command: "finetune", result: &self.0 };
        let text = serde_json::to_string_pretty(&said).map_err(|error| {
            let help = "check the weights and the samples";
            PythonError::input(format!("the result is not a set of finite numbers: {error}"), help)
        })?;
        Ok(text + "\n")
    }

    /// Writes the weights (.safetensors), for PyTorch, `cim eval --weights` and Chip.from_onnx(weights=…).
    fn save(&self, path: PathBuf) -> Result<(), PythonError> {
        Ok(cim_report::files::write_bytes(&path, &self.0.weights)?)
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}
