//! One matrix on the tiles of one chip.

use std::path::PathBuf;

use cim_chip::{
    ChipBlueprint, Grid, Layer, LayerInputs, MatMul, Network, Polarity, Scratch, Tally,
};
use cim_core::Seconds;
use cim_studies::own;
use ndarray::{Array1, Array2};
use numpy::{AllowTypeChange, IntoPyArray, PyArray2, PyArrayLike2};
use pyo3::prelude::*;

use crate::error::PythonError;
use crate::interrupt;
use crate::preset::Preset;
use crate::quantity::Quantity;

/// Weights that are programmed in a few milliseconds.
const SHORT: usize = 1 << 14;

/// Single precision: viewed if it is, else converted.
type Singles<'py> = PyArrayLike2<'py, f32, AllowTypeChange>;

/// A matrix on the tiles of one chip: product(x, call=k) is x @ weights as the chip computes it.
///
/// weights: inputs × outputs. calibration: inputs that it will see (vectors × inputs), on which converters are set.
/// preset: as of Chip.from_onnx. seed: seed of all randomness; chip: which chip of that seed.
/// after: time since programming, seconds or "1 day".
///
/// The chip is programmed once, here. Raises InputError for weights or inputs that cannot be.
#[pyclass(frozen, module = "cim")]
pub struct Product {
    grid: Grid,
}

#[pymethods]
impl Product {
    #[new]
    #[pyo3(signature = (weights, calibration, *, seed, preset=PathBuf::from("paper"), chip=0, after=None))]
    fn new(
        py: Python<'_>,
        weights: Singles<'_>,
        calibration: Singles<'_>,
        seed: u64,
        preset: PathBuf,
        chip: u64,
        after: Option<Quantity<Seconds>>,
    ) -> Result<Self, PythonError> {
        let (weights, inputs) = (weights.as_array().to_owned(), calibration.as_array().to_owned());
        if inputs.is_empty() || inputs.ncols() != weights.nrows() {
            let what = format!("weights {:?}, calibration {:?}", weights.dim(), inputs.dim());
            return Err(PythonError::input(what, "give (inputs × outputs) and (vectors × inputs)"));
        }
        if let Some(value) = inputs.iter().find(|value| !value.is_finite()) {
            let what = format!("calibration holds {value}");
            return Err(PythonError::input(what, "every input must be finite"));
        }
        let short = weights.len() <= SHORT && inputs.len() <= SHORT;
        let mut preset = Preset::open(&preset)?.chip;
        preset.seed = seed;
        let after =
            after.map_or(Ok(Seconds::ZERO), |after| after.not_negative("after", |s| s.0))?;
        let moment = own::moment(&preset, after, None)?;
        let work = move || {
            let bias = Array1::zeros(weights.ncols());
            let network = Network::from_layers(vec![Layer { weights, bias }])?;
            let inputs = LayerInputs::driven(&network, inputs.view())?;
            if inputs.are_signed() && !preset.converters.dac_polarity.is_signed() {
                preset.converters.dac_polarity = Polarity::Bipolar;
            }
            let design = preset.design(preset.parts()?, &network, &inputs)?;
            let tally = &mut Tally::default();
            let blueprint = ChipBlueprint::of(&design, &network, tally)?;
            let at = preset.chips().child("chip", chip);
            let grid = moment.grids(&blueprint, at, tally)?.swap_remove(0);
            Ok(Self { grid })
        };
        interrupt::run(py, short, work)
    }

    /// Inputs and outputs.
    #[getter]
    fn shape(&self) -> (usize, usize) {
        self.grid.shape()
    }

    /// The product of x (vectors × inputs) with the weights that the chip holds, vectors × outputs.
    ///
    /// call numbers the reads: the same call gives the same noise, another one noise of its own.
    #[pyo3(signature = (x, *, call))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        x: Singles<'py>,
        call: u64,
    ) -> Result<Bound<'py, PyArray2<f32>>, PythonError> {
        let x = x.as_array();
        let (inputs, outputs) = self.grid.shape();
        if x.ncols() != inputs {
            let what = format!("vectors of {} numbers for {inputs} inputs", x.ncols());
            return Err(PythonError::input(what, "give (vectors × inputs)"));
        }
        let y = py.detach(|| {
            let mut y = Array2::zeros((x.nrows(), outputs));
            let (scratch, tally) = (&mut Scratch::default(), &mut Tally::default());
            self.grid.apply(x, call, y.view_mut(), scratch, tally);
            y
        });
        Ok(y.into_pyarray(py))
    }

    fn __repr__(&self) -> String {
        let (inputs, outputs) = self.grid.shape();
        format!("Product({inputs} inputs, {outputs} outputs)")
    }
}
