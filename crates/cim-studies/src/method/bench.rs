//! Where one network is trained, designed for and judged.

use cim_chip::sections::{CircuitSpec, OptimiserSpec};
use cim_chip::{ChipDesign, Goal, LayerInputs, Optimised, Parts, Rules, accuracies, optimise};
use cim_core::{Stream, Volts};
use cim_nn::network::first_images;
use cim_nn::{LayerPath, Network, Recipe, Teacher};
use ndarray::Array2;

use super::job::Job;
use crate::error::StudyError;
use crate::shared::learning::Learning;
use crate::shared::training::{Run, Trained, Training};

/// One network's bench: what the study says, what may be looked at, and an address of its own. There is
/// no test set on it.
pub struct Bench<'a> {
    /// What is done with it.
    pub job: &'a Job,
    /// Parts of the naive design.
    pub parts: Parts,
    /// What is learned from and chosen on.
    pub learning: &'a Learning,
    /// Checkpoints and progress.
    pub training: &'a Training<'a>,
    /// What its checkpoints are named after.
    pub name: String,
    /// Address of all its draws.
    pub at: Stream,
    calibration: Array2<f32>,
}

impl<'a> Bench<'a> {
    /// The bench of network `index`.
    pub fn new(
        job: &'a Job,
        learning: &'a Learning,
        training: &'a Training<'a>,
        index: usize,
    ) -> Self {
        Self {
            job,
            parts: job.parts.clone(),
            learning,
            training,
            name: format!("network-{index}"),
            at: Stream::root(job.seed).child("network", index as u64),
            calibration: first_images(&learning.data, job.calibration.images),
        }
    }

    /// The same bench for another design of the same networks: checkpoints of its own, draws and chips
    /// the same.
    #[must_use]
    pub fn called(self, suffix: &str) -> Self {
        Self { name: format!("{}-{suffix}", self.name), ..self }
    }

    /// The same bench with column converters of another resolution.
    #[must_use]
    pub fn at_bits(&self, bits: u32) -> Self {
        Self {
            job: self.job,
            parts: Parts { adc_bits: bits, ..self.parts.clone() },
            learning: self.learning,
            training: self.training,
            name: self.name.clone(),
            at: self.at,
            calibration: self.calibration.clone(),
        }
    }

    /// What drives the layers of `network` on the calibration images.
    pub fn inputs_of(&self, network: &Network) -> LayerInputs {
        LayerInputs::of(network, self.calibration.view())
    }

    /// The naive mapping at a read voltage.
    pub fn naive(
        &self,
        network: &Network,
        inputs: &LayerInputs,
        volts: Volts,
    ) -> Result<ChipDesign, StudyError> {
        let parts = Parts { read_voltage: volts, ..self.parts.clone() };
        Ok(ChipDesign::by_policy(parts, network, inputs, self.job.full_scale)?)
    }

    /// The program, with `tolerance` of the error given for energy.
    pub fn optimise(
        &self,
        start: &ChipDesign,
        network: &Network,
        inputs: &LayerInputs,
        goal: Goal,
        tolerance: f64,
    ) -> Result<Optimised, StudyError> {
        let optimiser = OptimiserSpec { energy_tolerance: tolerance, ..self.job.optimiser };
        let rules = Rules { optimiser: &optimiser, ..self.job.rules() };
        Ok(optimise(rules, start, network, inputs, goal)?)
    }

    /// The program at one read voltage: the window of least energy whose error is within `tolerance` of
    /// the least at that voltage, for weights that were trained within their clip.
    pub fn optimise_at(
        &self,
        start: &ChipDesign,
        network: &Network,
        inputs: &LayerInputs,
        volts: Volts,
        tolerance: f64,
    ) -> Result<ChipDesign, StudyError> {
        // The program needs an interval, however narrow; what it finds is then put at the voltage.
        let optimiser = OptimiserSpec {
            energy_tolerance: tolerance,
            least_read_voltage: volts * 0.999,
            ..self.job.optimiser
        };
        let circuit =
            CircuitSpec { read_voltage: volts, disturb_voltage: volts, ..self.job.circuit };
        let rules = Rules { optimiser: &optimiser, circuit: &circuit, energy: &self.job.energy };
        let goal = Goal::with_trained_clip(true, true);
        let found = optimise(rules, start, network, inputs, goal)?.design;
        Ok(found.at_read_voltage(inputs, volts)?)
    }

    /// Mean accuracy on the held-out images, over chips of their own.
    pub fn holdout(&self, design: &ChipDesign, network: &Network) -> Result<f64, StudyError> {
        let (task, chips) = (&self.learning.task, self.job.holdout.chips);
        let found = accuracies(design, network, task, chips, self.at.child("holdout", 0), || ())?;
        Ok(found.iter().sum::<f64>() / chips as f64)
    }

    /// Trains from `start` through `paths`; draws are below `at`, the same for all runs that are
    /// compared. Nobody watches: the history is on what is learned from.
    pub fn train(
        &self,
        stage: &str,
        recipe: &Recipe,
        start: &Network,
        paths: Vec<LayerPath>,
        teacher: Option<Teacher<'_>>,
        at: Stream,
    ) -> Result<Trained, StudyError> {
        let stage = format!("{}-{stage}", self.name);
        self.training.train(Run { stage, recipe, start, paths, teacher, at }, None)
    }
}
