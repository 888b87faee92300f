//! The study as written in a file.

use cim_adc::{FullScale, Polarity};
use cim_chip::ChipError;
use cim_chip::sections::{
    CircuitSpec, ConverterSpec, DataSpec, EvaluationSpec, listed, need, need_within, training,
};
use cim_core::{Amps, Seconds, Siemens, Volts};
use cim_device::program::VipiSpec;
use cim_nn::{Loss, Tuning};
use cim_tile::{BoardRead, BoardSpec, CountScale};
use serde::{Deserialize, Serialize};

use super::arena::Arena;
use super::cells::{BoardDeviceSpec, Way};
use super::layout::{MOST_HIDDEN, SIDE};
use crate::error::StudyError;
use crate::experiment::Experiment;
use crate::study::{StudySpec, shared_keys};

/// The longest pulse, read or rated width.
const LONGEST: Seconds = Seconds(1e6);

/// The most counts that a window is divided into.
const MOST_COUNTS: f64 = 65_535.0;

/// A board, and two tasks on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    pub experiment: Experiment,
    /// Of cells, pulses, episodes and weights.
    pub seed: u64,
    /// The digits.
    pub data: DataSpec,
    /// The cells.
    pub device: BoardDeviceSpec,
    /// How they are read.
    pub circuit: CircuitSpec,
    /// Converters: of the columns one range for all.
    pub converters: ConverterSpec,
    /// What the board has beyond them.
    pub board: BoardSpec,
    /// How cells that pulses change are programmed; others are by their own law, with as many counts over
    /// their window as the largest weight has.
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
    /// Principal components, which are the inputs: 8, one for each row of the board.
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
    shared_keys!();
    const ONCE: &'static [&'static str] = &["digits.thresholds", "comparison.increments"];

    /// The same study within seconds: fewer chips and lessons.
    fn quick(mut self) -> Self {
        self.evaluation.chips = self.evaluation.chips.min(20);
        self.robot.lessons = self.robot.lessons.min(100);
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        self.data.check()?;
        self.check_cell()?;
        self.check_programmer()?;
        self.ways()?;
        self.check_board()?;
        self.check_digits()?;
        self.check_robot()?;
        let (digits, two) = (&self.digits, &self.digits.two_layers);
        for (key, tuning) in [
            ("digits.tuning", digits.tuning),
            ("digits.two_layers.training", two.training),
            ("digits.two_layers.tuning", two.tuning),
            ("robot.tuning", self.robot.tuning),
        ] {
            need_within(&format!("{key}.epochs"), tuning.epochs, 0, 100_000)?;
            need_within(&format!("{key}.batch"), tuning.batch, 1, 1_000_000)?;
            need_within(&format!("{key}.learning_rate"), tuning.learning_rate, 0.0, 1e3)?;
            tuning.of(Loss::Squares).check().map_err(|error| training::under(key, error))?;
        }
        Ok(self.evaluation.check()?)
    }
}

impl Spec {
    /// Cells with every way of writing them: VIPI with each of the increments, or their own law alone.
    ///
    /// # Errors
    /// [`ChipError`] for cells or a constant that cannot be.
    pub fn ways(&self) -> Result<Vec<Way>, ChipError> {
        let with = |&increment: &Volts| {
            self.device.build(VipiSpec { increment, ..self.programmer }.build()?)
        };
        let different = if self.device.is_pulsed() { self.comparison.increments.len() } else { 1 };
        self.comparison.increments.iter().take(different).map(with).collect()
    }

    /// What counts mean: those of `[programmer]` for cells that pulses change. A device that is known by what
    /// programming leaves has its window for the largest of all weights.
    ///
    /// # Errors
    /// [`ChipError`] for cells that cannot be.
    pub fn counts(&self) -> Result<CountScale, ChipError> {
        let VipiSpec { zero, count, .. } = self.programmer;
        let way = &self.ways()?[0];
        if matches!(way, Way::Pulses(..)) {
            return Ok(CountScale { zero, one: count });
        }
        let (window, digits) = (way.window()?, &self.digits);
        let largest = [digits.largest_weight, digits.two_layers.largest_weight];
        let most = largest.into_iter().fold(self.robot.largest_weight, f64::max);
        Ok(CountScale { zero: window.g_min, one: window.span() * (1.0 / most.round()) })
    }

    /// How the board reads.
    ///
    /// # Errors
    /// [`ChipError`] for a part that cannot be.
    pub fn read(&self) -> Result<BoardRead, ChipError> {
        let CircuitSpec { read_voltage, .. } = self.circuit;
        let ConverterSpec { dac_bits, adc_bits, adc_noise, full_scale, .. } = self.converters;
        let full_scale = match full_scale {
            FullScale::Fixed { full_scale } => full_scale,
            // Every row at the read voltage, every cell at the top of the window.
            _ => {
                let most = self.ways()?[0].window()?.g_max;
                Amps(SIDE as f64 * most.0 * read_voltage.0)
            }
        };
        let (board, ambient) = (self.board, self.circuit.ambient());
        Ok(BoardRead { board, read_voltage, dac_bits, adc_bits, full_scale, adc_noise, ambient })
    }

    fn check_board(&self) -> Result<(), ChipError> {
        let board = &self.board;
        self.circuit.check()?;
        self.converters.check()?;
        let unipolar = self.converters.dac_polarity == Polarity::Unipolar;
        let help = "give unipolar: rows of the board are driven from virtual ground up";
        need(unipolar, "converters.dac_polarity", "another", help)?;
        let policy = self.converters.full_scale;
        let known = matches!(policy, FullScale::Fixed { .. } | FullScale::WorstCase);
        let help = "the board has one range, set before its cells are: give fixed or worst-case";
        need(known, "converters.full_scale", "set by currents", help)?;
        need_within("board.dac_reference", board.dac_reference, Volts(1e-3), Volts(100.0))?;
        need_within("board.conversions", board.conversions, 1, 10_000)?;
        let (read, dac) = (self.circuit.read_voltage, board.dac_reference);
        let shown = format!("{read}, not below board.dac_reference {dac}");
        let help = "read within the range of the converters";
        need(read < dac, "circuit.read_voltage", shown, help)?;
        if let Some(cell) = self.device.threshold() {
            let (up, down) = (cell.threshold_up, cell.threshold_down);
            let least = if up < down { up } else { down };
            let disturb = self.circuit.disturb_voltage;
            need(
                disturb <= least,
                "circuit.disturb_voltage",
                format!("{disturb}, above the cells' threshold of {least}"),
                "a read above a threshold changes the cells: lower it",
            )?;
        }
        Ok(self.read()?.check()?)
    }

    fn check_cell(&self) -> Result<(), ChipError> {
        let Some(cell) = self.device.threshold() else { return Ok(()) };
        let (none, most) = (Siemens::ZERO, Siemens(1.0));
        need_within("device.model.g_min", cell.g_min, none, most)?;
        need_within("device.model.g_max", cell.g_max, none, most)?;
        let (least, most) = (Volts(1e-3), Volts(100.0));
        need_within("device.model.threshold_up", cell.threshold_up, least, most)?;
        need_within("device.model.threshold_down", cell.threshold_down, least, most)?;
        need_within("device.model.rated_voltage", cell.rated_voltage, least, most)?;
        need_within("device.model.rated_width", cell.rated_width, Seconds(1e-12), LONGEST)?;
        need_within("device.model.exponent", cell.exponent, 1e-3, 100.0)?;
        for (key, sigma) in [
            ("device.model.cycle_noise", cell.cycle_noise),
            ("device.model.threshold_spread", cell.threshold_spread),
            ("device.model.read_noise", cell.read_noise),
            ("device.model.relaxation", cell.relaxation),
        ] {
            need_within(key, sigma, 0.0, 10.0)?;
        }
        Ok(())
    }

    fn check_programmer(&self) -> Result<(), ChipError> {
        let vipi = &self.programmer;
        need_within("programmer.count", vipi.count, Siemens(1e-15), Siemens(1.0))?;
        need_within("programmer.zero", vipi.zero, Siemens::ZERO, Siemens(1.0))?;
        need_within("programmer.tolerance", vipi.tolerance, 1e-6, 1e6)?;
        need_within("programmer.most_iterations", vipi.most_iterations, 1, 1_000_000)?;
        need_within("programmer.increment_every", vipi.increment_every, 1, 1_000_000)?;
        need_within("programmer.conversions", vipi.conversions, 1, 1_000_000)?;
        for (key, gain) in [
            ("programmer.error_gain", vipi.error_gain),
            ("programmer.proportional", vipi.proportional),
            ("programmer.integral", vipi.integral),
            ("programmer.integrator_limit", vipi.integrator_limit),
            ("programmer.stuck_below", vipi.stuck_below),
        ] {
            need_within(key, gain, 0.0, 1e9)?;
        }
        for (key, time) in [
            ("programmer.width_unit", vipi.width_unit),
            ("programmer.shortest", vipi.shortest),
            ("programmer.longest", vipi.longest),
            ("programmer.stuck_width", vipi.stuck_width),
            ("programmer.read_time", vipi.read_time),
        ] {
            need_within(key, time, Seconds::ZERO, LONGEST)?;
        }
        for (key, voltage) in [
            ("programmer.amplitude_up", vipi.amplitude_up),
            ("programmer.amplitude_down", vipi.amplitude_down),
            ("programmer.stuck_amplitude", vipi.stuck_amplitude),
            ("programmer.increment", vipi.increment),
            ("programmer.greatest_voltage", vipi.greatest_voltage),
        ] {
            need_within(key, voltage, Volts::ZERO, Volts(100.0))?;
        }
        let (key, increments) = ("comparison.increments", &self.comparison.increments);
        need(!increments.is_empty(), key, "empty", "give the increment of VIPI; 0 V is none")?;
        increments.iter().try_for_each(|v| need_within(key, *v, Volts::ZERO, Volts(100.0)))
    }

    fn check_digits(&self) -> Result<(), StudyError> {
        let components = self.digits.components;
        let eight = "give 8: the board has 8 rows, and every component drives one";
        need(components == SIDE, "digits.components", components, eight)?;
        let zero = self.programmer.zero;
        let bottom = self.ways()?[0].window()?.g_min;
        need(
            bottom <= zero || !self.device.is_pulsed(),
            "programmer.zero",
            format!("{zero}, below the window"),
            "choose a conductance that the cells can hold",
        )?;
        let two = &self.digits.two_layers;
        self.check_counts("digits.largest_weight", self.digits.largest_weight)?;
        self.check_counts("digits.two_layers.largest_weight", two.largest_weight)?;
        let per_count = self.digits.logit_per_count;
        need_within("digits.logit_per_count", per_count, 1e-9, 1e6)?;
        need(
            (1..=MOST_HIDDEN).contains(&two.hidden),
            "digits.two_layers.hidden",
            two.hidden,
            "1 to 4 columns are left for it",
        )?;
        need_within("digits.two_layers.headroom", two.headroom, 1.0, 1e6)?;
        let thresholds = &self.digits.thresholds;
        Ok(need(
            thresholds.iter().all(|t| 0.0 < *t && *t < 1.0),
            "digits.thresholds",
            listed(thresholds),
            "give probabilities between 0 and 1",
        )?)
    }

    fn check_robot(&self) -> Result<(), StudyError> {
        let robot = &self.robot;
        self.check_counts("robot.largest_weight", robot.largest_weight)?;
        need_within("robot.ridge", robot.ridge, 1e-12, 1e12)?;
        need_within("robot.disturbance_deg", robot.disturbance_deg, 0.0, 360.0)?;
        for (key, value) in [
            ("robot.lessons", robot.lessons),
            ("robot.episodes", robot.episodes),
            ("robot.tuning_samples", robot.tuning_samples),
        ] {
            need_within(key, value, 1, 1_000_000)?;
        }
        Ok(robot.arena.check()?)
    }

    /// Whether a largest weight (counts) is within what the cells hold.
    fn check_counts(&self, key: &str, weight: f64) -> Result<(), StudyError> {
        let (scale, window) = (self.counts()?, self.ways()?[0].window()?);
        let top = match self.device.is_pulsed() {
            true => (window.g_max.0 - scale.zero.0) / scale.one.0,
            false => MOST_COUNTS,
        };
        let help = format!("the cells hold 1 to {} counts", top.floor());
        Ok(need(0.5 <= weight && weight.round() <= top, key, weight, &help)?)
    }
}

#[cfg(test)]
mod tests {
    use cim_device::ThresholdSpec;

    use super::*;
    use crate::openmena::Openmena;
    use crate::parse::parse;
    use crate::shared::refusals::refuses;
    use crate::study::Study;

    #[test]
    fn the_preset_is_that_of_the_released_script() {
        let spec: Spec = parse(Openmena::PRESET).expect("valid");
        spec.check().expect("usable");
        assert_eq!(spec.programmer, VipiSpec::OPENMENA);
        assert_eq!(spec.device.threshold(), Some(&ThresholdSpec::OPENMENA));
        // One code is one count.
        let read = spec.read().expect("usable");
        let count_a = spec.programmer.count.0 * read.read_voltage.0;
        assert_eq!(read.full_scale.0 / 4095.0 / count_a, 1.0);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        refuses::<Openmena>(&[
            ("components = 8", "components = 9", "components is 9"),
            ("components = 8", "components = 7", "components is 7"),
            ("largest_weight = 239.0", "largest_weight = 300.0", "largest_weight is 300"),
            ("hidden = 4", "hidden = 5", "hidden is 5"),
            ("headroom = 1.25", "headroom = 0.5", "headroom"),
            ("zero = \"5 uS\"", "zero = \"1 uS\"", "below the window"),
            ("ridge = 1e-3", "ridge = 0.0", "ridge"),
            ("adc_bits = 12", "adc_bits = 0", "adc_bits"),
            ("batch = 5,", "batch = 0,", "batch"),
            ("top_speed = 0.6", "top_speed = -0.6", "top_speed"),
            ("read_voltage = \"50 mV\"", "read_voltage = \"110 mV\"", "above disturb_voltage"),
            ("disturb_voltage = \"100 mV\"", "disturb_voltage = \"110 mV\"", "threshold of 100 mV"),
            (
                "policy = \"fixed\", full_scale = \"409.5 uA\"",
                "policy = \"percentile\", percentile = 99.0",
                "one range",
            ),
            ("\"unipolar\"", "\"bipolar\"", "from virtual ground up"),
            ("most_iterations = 100", "most_iterations = 4000000000", "give 1 to 1000000"),
            ("most_steps = 400", "most_steps = 400000000", "give 1 to 100000"),
            ("step = \"50 ms\"", "step = \"1e300 s\"", "robot.arena.step"),
            ("x = 0.30, y", "x = 1.30, y", "obstacles.0 is at (1.3, 0.62)"),
            ("goal = [0.92, 0.92]", "goal = [0.92, 1.92]", "goal is [0.92, 1.92]"),
            ("goal = [0.92, 0.92]", "goal = [0.30, 0.62]", "on the goal"),
            ("integral = 3.0", "integral = 1e300", "programmer.integral"),
            ("disturbance_deg = 14.0", "disturbance_deg = nan", "disturbance_deg"),
            ("rated_step = 0.02", "rated_step = 1e300", "rated_step"),
            ("chips = 100", "chips = 1", "two chips"),
            ("chips = 100", "chips = 100\nmore = 1", "more"),
            ("rated_step = 0.02", "rated_step = 2.0", "rated_step"),
        ]);
    }
}
