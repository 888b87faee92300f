//! What is to be trained, on what, for which chip.

use cim_chip::{
    ChipDesign, ChipError, ChipPreset, Foreign, LayerInputs, Moment, Parts, Scaled, WrittenDesign,
};
use cim_graph::Files;
use cim_nn::{Optimiser, Recipe};

use super::super::samples::Samples;
use super::super::stages::as_designed;
use crate::error::StudyError;

/// Passes over the samples where nobody says how many.
pub const EPOCHS: usize = 10;

/// Largest learning rates that are tried where nobody says which.
pub const RATES: [f32; 2] = [3e-4, 3e-3];

/// Share of the samples that is held out where nobody says how much.
pub const HOLDOUT: f64 = 0.2;

/// Samples of one step.
const BATCH: usize = 64;

/// A network, samples and a chip.
pub struct Tuning<'a> {
    /// The files of the network.
    pub files: &'a Files,
    /// Samples with labels: most to learn from, the others to choose and judge with.
    pub samples: &'a Samples,
    /// Samples of their own to judge with, looked at once when all is chosen.
    pub test: Option<&'a Samples>,
    /// Share of the samples that nothing learns from.
    pub holdout: f64,
    /// Samples on which designs are set, the first that are learned from.
    pub calibration: usize,
    /// The chip.
    pub chip: ChipPreset,
    /// The design of the chips; left out, that of the preset's policy.
    pub written: Option<WrittenDesign>,
    /// When chips are looked at.
    pub moment: Moment,
    /// Chips that networks are judged on, two or more.
    pub chips: usize,
    /// Passes over the samples that are learned from.
    pub epochs: usize,
    /// Largest learning rates to try; the one that does best on held-out samples stays.
    pub rates: Vec<f32>,
}

impl Tuning<'_> {
    /// Refuses numbers that cannot be.
    ///
    /// # Errors
    /// [`StudyError::Refused`] naming the first.
    pub(super) fn check(&self) -> Result<(), StudyError> {
        let refused =
            |what: String, help: &str| Err(StudyError::Refused { what, help: help.to_owned() });
        if !(0.0 < self.holdout && self.holdout < 1.0) {
            return refused(
                format!("a share of {} of the samples held out", self.holdout),
                "give a share above 0 and below 1",
            );
        }
        if self.test.is_some_and(|test| test.rows == self.samples.rows) {
            return refused(
                "samples of the test that are those of the data, most of which is learned from"
                    .into(),
                "give others, or none: held-out samples judge then",
            );
        }
        if self.rates.is_empty() {
            return refused("no learning rate".into(), "give one or more, such as 0.001");
        }
        let twice = |(idx, rate): (usize, &f32)| self.rates[..idx].contains(rate);
        if let Some((_, rate)) = self.rates.iter().enumerate().find(|own| twice(*own)) {
            return refused(format!("learning rate {rate:e} twice"), "give every rate once");
        }
        if self.chips < 2 {
            return refused(format!("{} chips", self.chips), "an interval needs 2 or more");
        }
        self.rates.iter().try_for_each(|&rate| Ok(self.recipe(rate).check()?))
    }

    /// How a run learns: Adam on cross-entropy, with three tenths of the target from the network as it was.
    pub(super) fn recipe(&self, rate: f32) -> Recipe {
        Recipe {
            epochs: self.epochs,
            batch: BATCH,
            learning_rate: rate,
            weight_decay: 0.0,
            optimiser: Optimiser::Adam { beta1: 0.9, beta2: 0.999 },
            max_shift: 0,
            distillation: 0.3,
            teacher_temperature: 2.0,
            full_scale_rate: 0.0,
        }
    }

    /// `network` as chips carry it.
    pub(super) fn scaled<'n>(&self, network: &'n Foreign) -> Scaled<'n, Foreign> {
        as_designed(network, &self.chip, self.written.as_ref())
    }

    /// The design of chips of `network`: as written, or by the preset's policy on `inputs`.
    ///
    /// # Errors
    /// [`ChipError`] for a design of another network, or inputs that converters cannot carry.
    pub(super) fn design(
        &self,
        parts: Parts,
        network: &Scaled<'_, Foreign>,
        inputs: &LayerInputs,
    ) -> Result<ChipDesign, ChipError> {
        match &self.written {
            Some(written) => written.build(parts, network),
            None => self.chip.design(parts, network, inputs),
        }
    }
}
