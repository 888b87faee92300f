//! The study as written in a file.

use cim_chip::sections::{DataSpec, EvaluationSpec, need, need_positive};
use cim_core::Volts;
use cim_device::program::{Vipi, VipiSpec};
use cim_device::{DeviceError, ThresholdSpec};
use cim_nn::{Loss, Tuning};
use cim_tile::BoardSpec;
use serde::{Deserialize, Serialize};

use super::arena::Arena;
use super::layout::{MOST_HIDDEN, SIDE};
use crate::error::StudyError;
use crate::study::StudySpec;

/// The only value of the key `experiment` for which this is the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// This study.
    Openmena,
}

/// The whole study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    pub experiment: Kind,
    /// Seed of all randomness.
    pub seed: u64,
    /// The digits.
    pub data: DataSpec,
    /// Converters of the board.
    pub board: BoardSpec,
    /// The cells.
    pub cell: ThresholdSpec,
    /// How they are programmed.
    pub programmer: VipiSpec,
    /// The first task.
    pub digits: DigitsSpec,
    /// The second task.
    pub robot: RobotSpec,
    /// Chips of every figure.
    pub evaluation: EvaluationSpec,
    /// Ways of programming.
    pub comparison: ComparisonSpec,
}

/// Fine-tuning with the chip in the loop.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TuningSpec {
    /// Passes over the samples.
    pub epochs: usize,
    /// Samples of a step.
    pub batch: usize,
    /// Of plain gradient descent.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigitsSpec {
    /// Principal components, which are the inputs.
    pub components: usize,
    /// Bound of the weights (counts).
    pub largest_weight: f64,
    /// Logits of one count, above 0.
    pub logit_per_count: f64,
    /// Decision thresholds of the curve.
    pub thresholds: Vec<f64>,
    /// With the chip in the loop.
    pub tuning: TuningSpec,
    /// The digits once more, on two layers.
    pub two_layers: TwoLayersSpec,
}

/// A network of two layers for the digits, both on the chip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// With the chip in the loop.
    pub tuning: TuningSpec,
    /// Where it drives.
    pub arena: Arena,
}

/// With which increments of VIPI everything is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonSpec {
    /// Steps of the amplitude; the first is that of the headline figures.
    pub increments: Vec<Volts>,
}

impl StudySpec for Spec {
    /// The same study within seconds: fewer chips and lessons.
    fn quick(mut self) -> Self {
        self.evaluation.chips = self.evaluation.chips.min(20);
        self.robot.lessons = self.robot.lessons.min(100);
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        self.data.check()?;
        self.cell.build()?;
        self.programmers()?;
        self.board.check()?;
        self.check_digits()?;
        self.check_robot()?;
        let (digits, two) = (&self.digits, &self.digits.two_layers);
        for tuning in [digits.tuning, two.training, two.tuning, self.robot.tuning] {
            tuning.of(Loss::Squares).check()?;
        }
        need(
            !self.comparison.increments.is_empty(),
            "comparison.increments",
            "empty",
            "give the increment of VIPI; 0 V is none",
        )?;
        Ok(self.evaluation.check()?)
    }

    fn size(&mut self) -> (&mut u64, &mut EvaluationSpec) {
        (&mut self.seed, &mut self.evaluation)
    }

    fn data(&self) -> &DataSpec {
        &self.data
    }
}

impl Spec {
    /// VIPI with each of the increments.
    ///
    /// # Errors
    /// [`DeviceError`] for a constant that cannot be.
    pub fn programmers(&self) -> Result<Vec<Vipi>, DeviceError> {
        let with = |&increment: &Volts| VipiSpec { increment, ..self.programmer }.build();
        self.comparison.increments.iter().map(with).collect()
    }

    fn check_digits(&self) -> Result<(), StudyError> {
        let components = self.digits.components;
        let eight = "the board has 8 rows";
        need((1..=SIDE).contains(&components), "digits.components", components, eight)?;
        let zero = self.programmer.zero;
        need(
            self.cell.g_min <= zero,
            "programmer.zero",
            format!("{zero}, below the window"),
            "choose a conductance that the cells can hold",
        )?;
        let two = &self.digits.two_layers;
        self.check_counts("digits.largest_weight", self.digits.largest_weight)?;
        self.check_counts("digits.two_layers.largest_weight", two.largest_weight)?;
        let per_count = self.digits.logit_per_count;
        need_positive("digits.logit_per_count", per_count, per_count)?;
        need(
            (1..=MOST_HIDDEN).contains(&two.hidden),
            "digits.two_layers.hidden",
            two.hidden,
            "1 to 4 columns are left for it",
        )?;
        need(
            1.0 <= two.headroom && two.headroom.is_finite(),
            "digits.two_layers.headroom",
            two.headroom,
            "give a factor of 1 or more",
        )?;
        let thresholds = &self.digits.thresholds;
        Ok(need(
            thresholds.iter().all(|t| 0.0 < *t && *t < 1.0),
            "digits.thresholds",
            format!("{thresholds:?}"),
            "give probabilities between 0 and 1",
        )?)
    }

    fn check_robot(&self) -> Result<(), StudyError> {
        let robot = &self.robot;
        self.check_counts("robot.largest_weight", robot.largest_weight)?;
        need_positive("robot.ridge", robot.ridge, robot.ridge)?;
        for (key, value) in [
            ("robot.lessons", robot.lessons),
            ("robot.episodes", robot.episodes),
            ("robot.tuning_samples", robot.tuning_samples),
        ] {
            need((1..=1_000_000).contains(&value), key, value, "give 1 to 1000000")?;
        }
        let help = "lengths are shares of the arena's side".to_owned();
        robot.arena.check().map_err(|what| StudyError::Refused { what, help })
    }

    /// Whether a largest weight (counts) is within what the cells hold.
    fn check_counts(&self, key: &str, weight: f64) -> Result<(), StudyError> {
        let top = (self.cell.g_max.0 - self.programmer.zero.0) / self.programmer.count.0;
        let help = format!("the cells hold 1 to {} counts", top.floor());
        Ok(need(0.5 <= weight && weight.round() <= top, key, weight, &help)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openmena::Openmena;
    use crate::parse::parse;
    use crate::study::Study;

    fn with(from: &str, to: &str) -> Result<(), String> {
        assert!(Openmena::PRESET.contains(from), "{from}");
        let text = Openmena::PRESET.replace(from, to);
        let spec: Spec = parse(&text).map_err(|e| e.to_string())?;
        spec.check().map_err(|e| format!("{e}: {}", e.help().unwrap_or_default()))
    }

    #[test]
    fn the_preset_is_that_of_the_released_script() {
        let spec: Spec = parse(Openmena::PRESET).expect("valid");
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
