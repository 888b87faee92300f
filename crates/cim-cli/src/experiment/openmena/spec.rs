//! The experiment as written in a file.

use cim_core::Volts;
use cim_device::program::{Vipi, VipiSpec};
use cim_device::{DeviceError, ThresholdSpec};
use cim_nn::{Loss, Tuning};
use cim_tile::BoardSpec;
use serde::Deserialize;

use super::arena::Arena;
use crate::error::CliError;

/// The built-in preset, as written.
pub const OPENMENA: &str = include_str!("openmena.toml");

/// The only value of the key `experiment` for which this is the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Openmena,
}

/// The whole experiment.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub experiment: Kind,
    pub seed: u64,
    pub board: BoardSpec,
    pub cell: ThresholdSpec,
    pub programmer: VipiSpec,
    pub digits: DigitsSpec,
    pub robot: RobotSpec,
    pub evaluation: EvaluationSpec,
}

/// Fine-tuning with the chip in the loop.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TuningSpec {
    pub epochs: usize,
    pub batch: usize,
    pub learning_rate: f32,
}

impl TuningSpec {
    /// The same for a loss.
    pub fn of(self, loss: Loss) -> Tuning {
        let Self { epochs, batch, learning_rate } = self;
        Tuning { loss, epochs, batch, learning_rate, least_weight: f32::NEG_INFINITY }
    }
}

/// The digits 0 and 1.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigitsSpec {
    /// Principal components, which are the inputs.
    pub components: usize,
    /// Bound of the weights (counts).
    pub largest_weight: f64,
    pub logit_per_count: f64,
    /// Decision thresholds of the curve.
    pub thresholds: Vec<f64>,
    pub tuning: TuningSpec,
    pub two_layers: TwoLayersSpec,
}

/// A network of two layers for the digits, both on the chip.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwoLayersSpec {
    /// Columns between the layers.
    pub hidden: usize,
    /// The largest weight of a layer (counts).
    pub largest_weight: f64,
    /// Range of hidden values over the largest of the training set.
    pub headroom: f64,
    /// In software.
    pub training: TuningSpec,
    /// With the chip in the loop.
    pub tuning: TuningSpec,
}

/// The robot.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotSpec {
    /// The largest weight (counts).
    pub largest_weight: f64,
    /// Weight of the squared weights in the fit.
    pub ridge: f64,
    /// Episodes that the teacher shows.
    pub lessons: usize,
    /// By how much it is turned after every step meanwhile (degrees, standard deviation).
    pub disturbance_deg: f64,
    /// Episodes that are driven on every chip.
    pub episodes: usize,
    /// Samples of the lessons that fine-tuning sees.
    pub tuning_samples: usize,
    pub tuning: TuningSpec,
    pub arena: Arena,
}

/// On how many chips everything is measured, and with which increments of VIPI.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSpec {
    pub chips: usize,
    /// Steps of the amplitude; the first is that of the headline figures.
    pub increments: Vec<Volts>,
}

/// Rows and columns of the board's crossbar.
pub const SIDE: usize = 8;

impl Spec {
    /// The same experiment within seconds: fewer chips and lessons.
    pub fn quick(mut self) -> Self {
        self.evaluation.chips = self.evaluation.chips.min(20);
        self.robot.lessons = self.robot.lessons.min(100);
        self
    }

    /// VIPI with each of the increments.
    ///
    /// # Errors
    /// [`DeviceError`] for a constant that cannot be.
    pub fn programmers(&self) -> Result<Vec<Vipi>, DeviceError> {
        let with = |&increment: &Volts| VipiSpec { increment, ..self.programmer }.build();
        self.evaluation.increments.iter().map(with).collect()
    }

    /// Checks everything that the experiment needs before any work is done.
    ///
    /// # Errors
    /// [`CliError`] for the first value that cannot be.
    pub fn check(&self) -> Result<(), CliError> {
        let need = |ok: bool, what: String, help: &str| {
            if ok { Ok(()) } else { Err(CliError::Usage { what, help: help.to_owned() }) }
        };
        self.cell.build()?;
        let programmer = &self.programmer;
        self.programmers()?;
        self.board.check()?;
        let components = self.digits.components;
        need(
            (1..=SIDE).contains(&components),
            format!("digits.components is {components}"),
            "the board has 8 rows",
        )?;
        let top = (self.cell.g_max.0 - programmer.zero.0) / programmer.count.0;
        need(
            self.cell.g_min <= programmer.zero,
            format!("programmer.zero is {}, below the window", programmer.zero),
            "choose a conductance that the cells can hold",
        )?;
        for (name, weight) in [
            ("digits.largest_weight", self.digits.largest_weight),
            ("digits.two_layers.largest_weight", self.digits.two_layers.largest_weight),
            ("robot.largest_weight", self.robot.largest_weight),
        ] {
            need(
                0.5 <= weight && weight.round() <= top,
                format!("{name} is {weight}"),
                &format!("the cells hold 1 to {} counts", top.floor()),
            )?;
        }
        for (name, value) in [
            ("digits.logit_per_count", self.digits.logit_per_count),
            ("robot.ridge", self.robot.ridge),
        ] {
            need(
                0.0 < value && value.is_finite(),
                format!("{name} is {value}"),
                "give a positive number",
            )?;
        }
        let two = &self.digits.two_layers;
        need(
            (1..=super::two_layers::MOST_HIDDEN).contains(&two.hidden),
            format!("digits.two_layers.hidden is {}", two.hidden),
            "1 to 4 columns are left for it",
        )?;
        need(
            1.0 <= two.headroom && two.headroom.is_finite(),
            format!("digits.two_layers.headroom is {}", two.headroom),
            "give a factor of 1 or more",
        )?;
        need(
            self.digits.thresholds.iter().all(|t| 0.0 < *t && *t < 1.0),
            format!("digits.thresholds are {:?}", self.digits.thresholds),
            "give probabilities between 0 and 1",
        )?;
        let robot = &self.robot;
        need(
            0 < robot.lessons && 0 < robot.episodes && 0 < robot.tuning_samples,
            "the robot has no lessons, episodes or samples to tune on".into(),
            "raise robot.lessons, robot.episodes and robot.tuning_samples to 1 or more",
        )?;
        robot.arena.check().map_err(|what| CliError::Usage {
            what,
            help: "lengths are shares of the arena's side".into(),
        })?;
        for tuning in [self.digits.tuning, two.training, two.tuning, robot.tuning]
            .map(|tuning| tuning.of(Loss::Squares))
        {
            tuning.check()?;
        }
        need(
            !self.evaluation.increments.is_empty(),
            "evaluation.increments is empty".into(),
            "give the increment of VIPI; 0 V is none",
        )?;
        need(
            2 <= self.evaluation.chips,
            "an interval needs at least two chips".into(),
            "raise evaluation.chips",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(from: &str, to: &str) -> Result<(), String> {
        assert!(OPENMENA.contains(from), "{from}");
        let text = OPENMENA.replace(from, to);
        let spec: Spec = crate::config::parse("openmena", &text).map_err(|e| e.to_string())?;
        spec.check().map_err(|e| e.to_string())
    }

    #[test]
    fn the_preset_is_that_of_the_released_script() {
        let spec: Spec = crate::config::parse("openmena", OPENMENA).expect("valid");
        spec.check().expect("usable");
        assert_eq!(spec.programmer, VipiSpec::OPENMENA);
        assert_eq!(spec.cell, ThresholdSpec::OPENMENA);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (from, to, what) in [
            ("components = 8", "components = 9", "components is 9"),
            ("largest_weight = 239.0", "largest_weight = 300.0", "largest_weight is 300"),
            ("hidden = 4", "hidden = 5", "hidden is 5"),
            ("headroom = 1.25", "headroom = 0.5", "headroom"),
            ("zero = \"5 uS\"", "zero = \"1 uS\"", "below the window"),
            ("ridge = 1e-3", "ridge = 0.0", "ridge"),
            ("adc_bits = 12", "adc_bits = 0", "adc_bits"),
            ("batch = 5,", "batch = 0,", "batch"),
            ("top_speed = 0.6", "top_speed = -0.6", "top_speed"),
            ("chips = 100", "chips = 1", "two chips"),
            ("chips = 100", "chips = 100\nmore = 1", "more"),
            ("rated_step = 0.02", "rated_step = 2.0", "rated_step"),
        ] {
            let error = with(from, to).expect_err(to);
            assert!(error.contains(what), "{to}: {error}");
        }
    }
}
