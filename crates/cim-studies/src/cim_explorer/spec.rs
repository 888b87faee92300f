//! The study as written in a file.

use cim_chip::ChipError;
use cim_chip::sections::{
    CalibrationSpec, DataSpec, EnergySpec, EvaluationSpec, Recipe, energy, listed, need,
    need_positive, need_within, training,
};
use cim_core::{Ohms, Siemens, Volts};
use cim_tile::mapping::LowBit;
use serde::{Deserialize, Serialize};

use super::architecture::HiddenSpec;
use super::range::{Range, Steps};
use super::reads::DisturbSpec;
use crate::error::StudyError;
use crate::experiment::Experiment;
use crate::study::{StudySpec, shared_keys};

/// Networks of signs under every mapping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    pub experiment: Experiment,
    /// Of weights, cells and points.
    pub seed: u64,
    /// Both networks.
    pub network: HiddenSpec,
    /// What they learn.
    pub data: DataSpec,
    /// Recipes.
    pub training: TrainingSpec,
    /// Arrays.
    pub array: ArraySpec,
    /// The design of the first table.
    pub design: PointSpec,
    /// What is swept.
    pub sweep: SweepSpec,
    /// Images on which currents are seen.
    pub calibration: CalibrationSpec,
    /// Prices of operations.
    pub energy: EnergySpec,
    /// What many reads do to cells.
    pub disturb: DisturbSpec,
    /// Chips of the first table.
    pub evaluation: EvaluationSpec,
}

/// How networks of this study learn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// Both networks.
    pub network: Recipe,
}

/// Arrays.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArraySpec {
    /// Rows of the design's arrays, 2 to 4096.
    pub rows: usize,
    /// Columns of all arrays, 2 to 4096.
    pub columns: usize,
    /// Voltage of a driven row.
    pub read_voltage: Volts,
}

/// One design.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointSpec {
    /// Conductance of the state of high resistance.
    pub low: Siemens,
    /// Conductance of the state of low resistance.
    pub high: Siemens,
    /// Resolution of the output converters, 2 to 16 bits.
    pub adc_bits: u32,
    /// Standard deviation of what cells hold.
    pub spread: Siemens,
    /// Resistance of one cell pitch of a row and of a column.
    pub wire: Ohms,
    /// How converters get their ranges or thresholds.
    pub range: Range,
}

/// Lists of which every element meets every other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepSpec {
    /// Mappings, by their names.
    pub mappings: Vec<String>,
    /// Conductances of the state of high resistance.
    pub low: Vec<Siemens>,
    /// Conductances of the state of low resistance.
    pub high: Vec<Siemens>,
    /// Resolutions of the output converters.
    pub adc_bits: Vec<u32>,
    /// Standard deviations of what cells hold.
    pub spreads: Vec<Siemens>,
    /// Resistances of one cell pitch.
    pub wires: Vec<Ohms>,
    /// How converters get their ranges or thresholds.
    pub ranges: Vec<Range>,
    /// Rows of an array.
    pub rows: Vec<usize>,
    /// Chips that share the test images at every point, 2 to 100.
    pub chips: usize,
}

/// Largest conductance of a cell.
const MOST: Siemens = Siemens(0.1);
/// Largest resistance of a cell pitch.
const MOST_OF_WIRES: Ohms = Ohms(1e6);

impl PointSpec {
    /// `plural` are the keys of lists, each of one value here.
    fn check(&self, section: &str, plural: &str) -> Result<(), ChipError> {
        let key = |key: &str| match key {
            "spread" | "wire" | "range" => format!("{section}.{key}{plural}"),
            _ => format!("{section}.{key}"),
        };
        need_within(&key("low"), self.low, Siemens::ZERO, MOST)?;
        need_within(&key("high"), self.high, Siemens::ZERO, MOST)?;
        let help = "give a state of low resistance that conducts more than the other";
        need(self.low < self.high, &key("high"), self.high, help)?;
        need_within(&key("adc_bits"), self.adc_bits, 2, 16)?;
        need_within(&key("spread"), self.spread, Siemens::ZERO, MOST)?;
        need_within(&key("wire"), self.wire, Ohms::ZERO, MOST_OF_WIRES)?;
        match self.range.steps() {
            Steps::Equal(policy) => policy.check().or_else(|error| {
                need(false, &key("range"), error, "give a percentile or a current that can be")
            }),
            Steps::Placed { .. } => Ok(()),
        }
    }
}

impl StudySpec for Spec {
    const ONCE: &'static [&'static str] = &[
        "sweep.mappings",
        "sweep.low",
        "sweep.high",
        "sweep.adc_bits",
        "sweep.spreads",
        "sweep.wires",
        "sweep.rows",
        "sweep.ranges",
        "disturb.read_voltages",
        "disturb.read_times",
    ];

    shared_keys!();

    /// The same study within two minutes: fewer epochs, chips and points.
    fn quick(mut self) -> Self {
        self.training.network.epochs = self.training.network.epochs.min(3);
        self.evaluation.chips = self.evaluation.chips.min(4);
        let ends = |bits: &mut Vec<u32>| {
            if let [first, _, .., last] = bits[..] {
                *bits = vec![first, bits[bits.len() / 2], last];
            }
        };
        ends(&mut self.sweep.adc_bits);
        self.sweep.spreads.truncate(2);
        self.sweep.wires.truncate(1);
        let ranges = &mut self.sweep.ranges;
        if let [first, .., last] = ranges[..] {
            *ranges = vec![first, last];
        }
        self.sweep.low.truncate(1);
        self.sweep.high.truncate(1);
        self.sweep.rows.truncate(1);
        self.disturb.read_voltages.truncate(2);
        self.disturb.read_times.truncate(1);
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        self.network.check()?;
        need_within("array.rows", self.array.rows, 2, 4096)?;
        need_within("array.columns", self.array.columns, 2, 4096)?;
        let volts = self.array.read_voltage;
        need_positive("array.read_voltage", volts.0, volts)?;
        need_within("array.read_voltage", volts, Volts::ZERO, Volts(10.0))?;
        self.design.check("design", "")?;
        let sweep = &self.sweep;
        for (key, len) in [
            ("sweep.mappings", sweep.mappings.len()),
            ("sweep.low", sweep.low.len()),
            ("sweep.high", sweep.high.len()),
            ("sweep.adc_bits", sweep.adc_bits.len()),
            ("sweep.spreads", sweep.spreads.len()),
            ("sweep.wires", sweep.wires.len()),
            ("sweep.ranges", sweep.ranges.len()),
            ("sweep.rows", sweep.rows.len()),
        ] {
            need(len > 0, key, "[]", "give at least one")?;
        }
        for name in &sweep.mappings {
            let known = cim_tile::mapping::LOW_BIT.map(|low_bit| low_bit.key).join(", ");
            let help = format!("give some of {known}");
            need(LowBit::named(name).is_some(), "sweep.mappings", listed(&sweep.mappings), &help)?;
        }
        for &rows in &sweep.rows {
            need_within("sweep.rows", rows, 2, 4096)?;
        }
        need_within("sweep.chips", sweep.chips, 2, 100)?;
        for &low in &sweep.low {
            for &high in &sweep.high {
                PointSpec { low, high, ..self.design }.check("sweep", "s")?;
            }
        }
        for &adc_bits in &sweep.adc_bits {
            PointSpec { adc_bits, ..self.design }.check("sweep", "s")?;
            energy::check(&self.energy, adc_bits)?;
        }
        energy::check(&self.energy, self.design.adc_bits)?;
        self.disturb.check()?;
        for &spread in &sweep.spreads {
            PointSpec { spread, ..self.design }.check("sweep", "s")?;
        }
        for &wire in &sweep.wires {
            PointSpec { wire, ..self.design }.check("sweep", "s")?;
        }
        for &range in &sweep.ranges {
            PointSpec { range, ..self.design }.check("sweep", "s")?;
        }
        self.data.check()?;
        training::check_alone(&self.training.network, "training.network")?;
        self.calibration.check()?;
        Ok(self.evaluation.check()?)
    }
}

impl Spec {
    /// Rows of the design's arrays if they are swept, or the first that are.
    pub fn rows_of_design(&self) -> usize {
        let swept = &self.sweep.rows;
        *swept.iter().find(|rows| **rows == self.array.rows).unwrap_or(&swept[0])
    }

    /// All that training depends on.
    pub fn trained_by(&self) -> impl std::fmt::Debug {
        ("cim-explorer", self.seed, &self.network, &self.training)
    }

    /// All that the accuracy at a point of the sweep depends on, the point aside.
    pub fn measured_by(&self) -> impl std::fmt::Debug {
        let Self { array: ArraySpec { columns, read_voltage, .. }, calibration, energy, .. } = self;
        (self.trained_by(), columns, read_voltage, calibration, energy, self.sweep.chips)
    }
}

#[cfg(test)]
mod tests {
    use crate::cim_explorer::CimExplorer;
    use crate::shared::refusals::refuses;

    #[test]
    fn what_cannot_be_is_refused_before_any_work() {
        refuses::<CimExplorer>(&[
            ("hidden = [256]", "hidden = []", "network.hidden"),
            ("\"tnn-v\"]", "\"tnn-vi\"]", "sweep.mappings"),
            ("high = \"150 uS\"", "high = \"20 uS\"", "design.high"),
            ("adc_bits = 5", "adc_bits = 1", "design.adc_bits is 1"),
            ("[3, 4, 5]", "[3, 17]", "sweep.adc_bits is 17"),
            ("rows = [128, 256]", "rows = [1]", "sweep.rows is 1"),
            ("chips = 4", "chips = 1", "sweep.chips is 1"),
            ("wire = \"0 Ohm\"", "wire = \"-1 Ohm\"", "design.wire"),
            ("onsets = 2.0", "onsets = 0.5", "disturb.onsets"),
            ("supply = \"0.9 V\"", "supply = \"0 V\"", "energy.supply"),
            ("percentile = 99.7 }\n\n", "percentile = 101 }\n\n", "design.range"),
            ("read_voltage = \"0.2 V\"", "read_voltage = \"0 V\"", "array.read_voltage"),
        ]);
    }
}
