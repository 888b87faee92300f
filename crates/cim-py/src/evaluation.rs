//! What came of a network on chips.

use std::path::PathBuf;

use cim_chip::{Estimate, Ledger, Metric, ProductAnatomy};
use cim_report::{Report, Timing};
use cim_studies::own::{Answer, Findings};
use numpy::{PyArray1, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::error::PythonError;

/// What came of a network on chips: scores with their interval, product by product, and the report.
#[pyclass(frozen, module = "cim")]
pub struct Evaluation {
    metric: Metric,
    findings: Findings,
    report: Report,
    timing: Timing,
}

impl Evaluation {
    /// What an answer says, judged by `metric`.
    pub fn new(answer: Answer, metric: Metric) -> Self {
        let Answer { found, findings, .. } = answer;
        Self { metric, findings, report: found.report, timing: found.timing }
    }

    fn estimate(&self) -> Estimate {
        self.findings.evaluated.score()
    }
}

#[pymethods]
impl Evaluation {
    /// How answers were judged: "top1", "top5", "mse", "cosine" or "nearest".
    #[getter]
    fn metric(&self) -> &'static str {
        self.metric.name()
    }

    /// Mean score over chips, in the metric's unit (a share of samples for top1, top5 and nearest).
    #[getter]
    fn score(&self) -> f64 {
        self.estimate().mean
    }

    /// Mean accuracy over chips (a share of samples); None where answers are no labels.
    #[getter]
    fn accuracy(&self) -> Option<f64> {
        self.metric.takes_labels().then(|| self.score())
    }

    /// Score of the network without a chip.
    #[getter]
    fn digital(&self) -> f64 {
        self.findings.digital
    }

    /// What chips lose against the network without a chip; above zero where they are worse.
    #[getter]
    fn loss(&self) -> f64 {
        self.metric.loss(self.findings.digital, self.score())
    }

    /// Half the width of the 95 % interval of the score over chips; 0 for one chip, which has none.
    #[getter]
    fn ci95(&self) -> f64 {
        self.estimate().ci95
    }

    /// The 95 % interval of the score over chips.
    #[getter]
    fn interval(&self) -> (f64, f64) {
        let Estimate { mean, ci95, .. } = self.estimate();
        (mean - ci95, mean + ci95)
    }

    /// Score of each chip (chips).
    #[getter]
    fn chips<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.findings.evaluated.scores.to_pyarray(py)
    }

    /// Squared error of the outputs of each chip over their power (chips).
    #[getter]
    fn output_error<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.findings.evaluated.output_mse.to_pyarray(py)
    }

    /// Every product on tiles, a dictionary each: name, inputs, outputs, vectors a sample, tiles (rows,
    /// columns), cells, scaling, input_range, input_limit, weight_clip, full_scale_a (least, largest; A), dac_clips and
    /// adc_clips (shares), signal_to_noise (a ratio of powers), energy_j (J a sample, or None) and errors
    /// (squared, per unit of the outputs' power, by source).
    #[getter]
    fn layers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for (product, tally) in self.findings.products.iter().zip(&self.findings.evaluated.products)
        {
            let layer = layer(py, product)?;
            layer.set_item("dac_clips", tally.dac_clipped_fraction())?;
            layer.set_item("adc_clips", tally.adc_clipped_fraction())?;
            layer.set_item("dac_conversions", tally.dac_conversions)?;
            layer.set_item("adc_conversions", tally.adc_conversions)?;
            list.append(layer)?;
        }
        Ok(list)
    }

    /// The loss of the score, effect by effect: a dictionary of whole, rest, remainder and effects, each (mean,
    /// half the width of its 95 % interval); None where it was not asked for.
    #[getter]
    fn budget<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.findings.budget.as_ref().map(|budget| ledger(py, &budget.score)).transpose()
    }

    /// The report as JSON, as `cim eval --json` prints it.
    fn to_json(&self) -> Result<String, PythonError> {
        self.report.check()?;
        let text = serde_json::to_string_pretty(&self.report).map_err(|error| {
            let help = "check the weights and the samples";
            PythonError::input(format!("the result is not a set of finite numbers: {error}"), help)
        })?;
        Ok(text + "\n")
    }

    /// Writes the report (a page, Markdown, JSON, pictures) into a folder, as `cim eval --out` does; returns the
    /// paths of its files.
    fn save(&self, folder: PathBuf) -> Result<Vec<PathBuf>, PythonError> {
        Ok(cim_report::write(&self.report, &self.timing, &folder)?)
    }

    fn __repr__(&self) -> String {
        let Estimate { mean, ci95, chips } = self.estimate();
        let (name, digital) = (self.metric.words(), self.findings.digital);
        if self.metric.counts() {
            let [mean, ci95, digital] = [mean, ci95, digital].map(|share| 100.0 * share);
            format!("{name} {mean:.2} ± {ci95:.2} % on {chips} chips, {digital:.2} % digitally")
        } else {
            format!("{name} {mean:.4} ± {ci95:.4} on {chips} chips, {digital:.4} digitally")
        }
    }
}

fn layer<'py>(py: Python<'py>, product: &ProductAnatomy) -> PyResult<Bound<'py, PyDict>> {
    let layer = PyDict::new(py);
    layer.set_item("name", &product.name)?;
    layer.set_item("inputs", product.shape.0)?;
    layer.set_item("outputs", product.shape.1)?;
    layer.set_item("vectors", product.per_sample)?;
    layer.set_item("tiles", product.tiles)?;
    layer.set_item("cells", product.cells)?;
    layer.set_item("scaling", product.scaling.name())?;
    layer.set_item("input_range", (product.input_range[0], product.input_range[1]))?;
    layer.set_item("input_limit", product.input_limit)?;
    layer.set_item("weight_clip", product.weight_clip)?;
    let [least, most] = product.full_scale.map(|amps| amps.0);
    layer.set_item("full_scale_a", (least, most))?;
    layer.set_item("signal_to_noise", product.signal_to_noise)?;
    layer.set_item("energy_j", product.energy.map(|energy| energy.total()))?;
    let errors = PyDict::new(py);
    for (source, error) in product.errors.sources() {
        errors.set_item(source, error)?;
    }
    layer.set_item("errors", errors)?;
    Ok(layer)
}

fn ledger<'py>(py: Python<'py>, ledger: &Ledger) -> PyResult<Bound<'py, PyDict>> {
    let pair = |estimate: Estimate| (estimate.mean, estimate.ci95);
    let effects = PyDict::new(py);
    for effect in &ledger.effects {
        let own = PyDict::new(py);
        own.set_item("share", pair(effect.share))?;
        own.set_item("alone", pair(effect.alone))?;
        own.set_item("removed", pair(effect.removed))?;
        own.set_item("interaction", pair(effect.interaction))?;
        effects.set_item(effect.effect.key(), own)?;
    }
    let all = PyDict::new(py);
    all.set_item("whole", pair(ledger.whole))?;
    all.set_item("rest", pair(ledger.rest))?;
    all.set_item("remainder", pair(ledger.remainder))?;
    all.set_item("effects", effects)?;
    Ok(all)
}
