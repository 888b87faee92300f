//! A network on simulated chips.

use std::path::PathBuf;
use std::sync::Arc;

use cim_chip::{Metric, WrittenDesign};
use cim_core::Seconds;
use cim_data::npz::Named;
use cim_device::compensation::Scope;
use cim_studies::own;
use pyo3::Borrowed;
use pyo3::prelude::*;

use crate::arrays::{named, samples};
use crate::design::Design;
use crate::error::PythonError;
use crate::evaluation::Evaluation;
use crate::interrupt;
use crate::network::NetworkFile;
use crate::preset::Preset;
use crate::quantity::Quantity;
use crate::question::{Asked, Calibration};
use crate::tuned::{ToTune, Tuned};

/// A network on chips as a preset describes them.
#[pyclass(frozen, module = "cim")]
pub struct Chip {
    /// The network.
    pub network: Arc<NetworkFile>,
    /// The preset.
    pub preset: Arc<Preset>,
    written: Option<WrittenDesign>,
}

/// A design, or the path of its file.
pub struct Config(pub WrittenDesign);

impl<'a, 'py> FromPyObject<'a, 'py> for Config {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(design) = given.cast::<Design>() {
            return Ok(Self(design.get().written.clone()));
        }
        Ok(Self(Design::read(&given.extract::<PathBuf>()?)?))
    }
}

impl Chip {
    fn open(
        path: PathBuf,
        [layers, weights]: [Option<PathBuf>; 2],
        preset: PathBuf,
        config: Option<Config>,
    ) -> Result<Self, PythonError> {
        let network = NetworkFile::open(&path, layers.as_deref(), weights.as_deref())?;
        Ok(Self {
            network: Arc::new(network),
            preset: Arc::new(Preset::open(&preset)?),
            written: config.map(|Config(written)| written),
        })
    }
}

#[pymethods]
impl Chip {
    /// Reads an ONNX file.
    ///
    /// path: the file. weights: tensors (safetensors) in place of the initializers that have their names, such as
    /// finetune gives. preset: a name of presets(), the path of a TOML file, or its text.
    /// config: a Design, or the path of one that `cim optimise NETWORK` or Design.save wrote.
    ///
    /// Raises NetworkError naming the node that is not supported, InputError for the preset, OSError.
    #[staticmethod]
    #[pyo3(signature = (path, *, weights=None, preset=PathBuf::from("paper"), config=None))]
    fn from_onnx(
        path: PathBuf,
        weights: Option<PathBuf>,
        preset: PathBuf,
        config: Option<Config>,
    ) -> Result<Self, PythonError> {
        Self::open(path, [None, weights], preset, config)
    }

    /// Reads weights from a safetensors file, and layers from TOML (a path, or text of several lines).
    ///
    /// Other arguments and exceptions as of from_onnx.
    #[staticmethod]
    #[pyo3(signature = (path, layers, *, preset=PathBuf::from("paper"), config=None))]
    fn from_safetensors(
        path: PathBuf,
        layers: PathBuf,
        preset: PathBuf,
        config: Option<Config>,
    ) -> Result<Self, PythonError> {
        Self::open(path, [Some(layers), None], preset, config)
    }

    /// Names of the products that go to tiles, in the order of the network.
    #[getter]
    fn products(&self) -> Result<Vec<String>, PythonError> {
        let network = self.network.network()?;
        Ok(network.products().iter().map(|product| product.name.clone()).collect())
    }

    /// Makes chips and measures the network on each.
    ///
    /// x: samples (samples × …), or a dictionary of them by the names of the inputs.
    /// y: one whole label a sample, or as many numbers as the network puts out; left out, what the network
    ///    puts out digitally.
    /// seed: seed of all randomness; the same seed gives the same numbers as `cim eval --seed`.
    /// chips: how many chips; left out, the preset's number.
    /// until: makes chips until the 95 % interval is this narrow (half its width, in the metric's unit; 0.005 is half a point).
    /// metric: "top1", "top5", "mse", "cosine" or "nearest"; left out, what y allows.
    /// calibration: samples on which full scales are set: a number of the first ones, or an array or
    ///    dictionary of their own; left out, the preset's number of the first ones.
    /// config: a Design, or the path of one, in place of the chip's.
    /// after: time since programming, seconds or "1 day". compensate: "global" or "per-column" drift factors.
    /// held: the folder of conductances measured on one chip, as `cim eval --dump` writes it, in place of
    ///    programming; chips then counts readings of that chip.
    /// budget: tell the loss effect by effect, on the same chips.
    /// threads: 0 for all cores; results do not depend on it.
    ///
    /// Ctrl-C ends it at the next chip. Raises InputError for samples that do not fit.
    #[pyo3(signature = (x, y=None, *, seed, chips=None, until=None, metric=None, calibration=None,
        config=None, after=None, compensate=None, held=None, budget=false, threads=0))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn evaluate(
        &self,
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        y: Option<&Bound<'_, PyAny>>,
        seed: u64,
        chips: Option<usize>,
        until: Option<f64>,
        metric: Option<&str>,
        calibration: Option<&Bound<'_, PyAny>>,
        config: Option<Config>,
        after: Option<Quantity<Seconds>>,
        compensate: Option<&str>,
        held: Option<PathBuf>,
        budget: bool,
        threads: usize,
    ) -> Result<Evaluation, PythonError> {
        let mut arrays = samples(x)?;
        if let Some(y) = y {
            arrays.push(named("y", y)?);
        }
        let mut chip = self.preset.chip.clone();
        chip.seed = seed;
        let after =
            after.map_or(Ok(Seconds::ZERO), |after| after.not_negative("after", |s| s.0))?;
        let asked = Asked {
            network: Arc::clone(&self.network),
            arrays,
            metric: metric.map(metric_named).transpose()?,
            calibration: calibration.map_or(Ok(Calibration::Preset), calibration_of)?,
            preset: Arc::clone(&self.preset),
            written: config.map(|Config(written)| written).or_else(|| self.written.clone()),
            moment: own::moment(&chip, after, compensate.map(scope).transpose()?)?,
            held: held.as_deref().map(own::read_chip).transpose()?,
            chips: own::chips(&chip, chips.map(count_of_chips).transpose()?, until_of(until)?),
            chip,
            budget,
            threads,
        };
        interrupt::beside(py, |stop| asked.answer(stop))
    }

    /// Trains the network through the hardware of its chips (clips, codes, noise of cells and currents).
    ///
    /// x: samples (samples × …) of the one input. y: one whole label a sample, from 0 on.
    /// seed: seed of all randomness; the same seed gives the same numbers as `cim finetune --seed`.
    /// test: a pair (x, y) of samples to judge with, looked at once; left out, half of what is held out.
    /// holdout: share of the samples that nothing learns from and choices are made with.
    /// epochs: passes over the others. learning_rates: those to try, of which held-out samples choose.
    /// chips: chips that are judged, two or more; left out, the preset's number.
    /// config, after, compensate, threads: as of evaluate.
    ///
    /// Ctrl-C ends it at the next epoch. Raises NetworkError naming the first node that cannot be learned
    /// through, InputError for samples that do not fit.
    #[pyo3(signature = (x, y, *, seed, test=None, holdout=own::HOLDOUT, epochs=own::EPOCHS,
        learning_rates=None, chips=None, config=None, after=None, compensate=None, threads=0))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn finetune(
        &self,
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        y: &Bound<'_, PyAny>,
        seed: u64,
        test: Option<(Bound<'_, PyAny>, Bound<'_, PyAny>)>,
        holdout: f64,
        epochs: usize,
        learning_rates: Option<Vec<f32>>,
        chips: Option<usize>,
        config: Option<Config>,
        after: Option<Quantity<Seconds>>,
        compensate: Option<&str>,
        threads: usize,
    ) -> Result<Tuned, PythonError> {
        let mut chip = self.preset.chip.clone();
        chip.seed = seed;
        let after =
            after.map_or(Ok(Seconds::ZERO), |after| after.not_negative("after", |s| s.0))?;
        let asked = ToTune {
            network: Arc::clone(&self.network),
            arrays: labelled(x, y)?,
            test: test.map(|(x, y)| labelled(&x, &y)).transpose()?,
            written: config.map(|Config(written)| written).or_else(|| self.written.clone()),
            moment: own::moment(&chip, after, compensate.map(scope).transpose()?)?,
            chips: own::chips(&chip, chips.map(count_of_chips).transpose()?, None).most,
            chip,
            holdout,
            epochs,
            rates: learning_rates.unwrap_or_else(|| own::RATES.to_vec()),
            threads,
        };
        interrupt::beside(py, |stop| asked.tuned(stop))
    }

    fn __repr__(&self) -> String {
        format!("Chip({:?}, preset={:?})", self.network.name, self.preset.name)
    }
}

/// Samples with answers.
fn labelled(x: &Bound<'_, PyAny>, y: &Bound<'_, PyAny>) -> Result<Vec<Named>, PythonError> {
    let mut arrays = samples(x)?;
    arrays.push(named("y", y)?);
    Ok(arrays)
}

fn metric_named(name: &str) -> Result<Metric, PythonError> {
    Metric::ALL.into_iter().find(|metric| metric.name() == name).ok_or_else(|| {
        let names = Metric::ALL.map(Metric::name).join(", ");
        PythonError::input(format!("metric is {name:?}"), format!("give one of {names}"))
    })
}

fn scope(name: &str) -> Result<Scope, PythonError> {
    match name {
        "global" => Ok(Scope::Global),
        "per-column" => Ok(Scope::PerColumn),
        other => Err(PythonError::input(
            format!("compensate is {other:?}"),
            "give \"global\" or \"per-column\"",
        )),
    }
}

fn count_of_chips(chips: usize) -> Result<usize, PythonError> {
    const MOST: usize = 100_000;
    match chips {
        1..=MOST => Ok(chips),
        other => Err(PythonError::input(format!("chips is {other}"), format!("give 1 to {MOST}"))),
    }
}

fn until_of(until: Option<f64>) -> Result<Option<f64>, PythonError> {
    match until {
        Some(width) if !(0.0 < width && width.is_finite()) => Err(PythonError::input(
            format!("until is {width}"),
            "give half the width of the interval",
        )),
        other => Ok(other),
    }
}

fn calibration_of(given: &Bound<'_, PyAny>) -> Result<Calibration, PythonError> {
    match given.extract::<usize>() {
        Ok(0) => {
            Err(PythonError::input("calibration is 0", "give a number of samples, or samples"))
        }
        Ok(count) => Ok(Calibration::First(count)),
        Err(_) => Ok(Calibration::Own(samples(given)?)),
    }
}
