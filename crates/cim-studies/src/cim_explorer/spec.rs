//! The study as written in a file.

use cim_chip::sections::{
    CalibrationSpec, CircuitSpec, ConverterSpec, DataSpec, DeviceSpec, EnergySpec, EvaluationSpec,
    FrontEnd, Recipe, TileSpec, Wires, energy, front_end, listed, need, need_swept, need_within,
    training,
};
use cim_chip::{ChipError, ChipSpec, Parts, Targets};
use cim_core::{Ohms, Volts};
use cim_tile::TileError;
use cim_tile::mapping::LowBit;
use serde::{Deserialize, Serialize};

use super::architecture::HiddenSpec;
use super::design::{Design, IDEAL_BITS};
use super::further::FurtherSpec;
use super::range::Range;
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
    pub hidden: HiddenSpec,
    /// What they learn.
    pub data: DataSpec,
    /// Recipes.
    pub training: TrainingSpec,
    /// Size of the design's arrays: outputs are at most so many, and no more than columns hold.
    pub tile: TileSpec,
    /// The cell.
    pub device: DeviceSpec,
    /// How cells are read.
    pub circuit: CircuitSpec,
    /// Output converters of the design; inputs drive rows as the mapping has it.
    pub converters: ConverterSpec,
    /// Wires of the design.
    pub wires: Wires,
    /// Drivers, amplifiers and converters, as far as they are not ideal; ideal if left out.
    #[serde(default, skip_serializing_if = "FrontEnd::is_ideal")]
    pub front_end: FrontEnd,
    /// What else the design of the first table is.
    pub design: DesignSpec,
    /// What is swept, in place of what the sections say.
    pub sweep: SweepSpec,
    /// Every mapping at the design on wires, its arrays solved exactly.
    pub wired: WiredSpec,
    /// Further networks, each under every mapping at the design.
    pub further: Vec<FurtherSpec>,
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

/// What a design is beside its sections.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesignSpec {
    /// Where in the window of the device the state of high resistance lies, 0 to 1.
    pub low: f64,
    /// Where in the window of the device the state of low resistance lies, 0 to 1, above `low`.
    pub high: f64,
    /// Standard deviation of a normal error on top of what cells hold by their device and its effects, of
    /// the span of its window, 0 to 1; what would be negative is zero.
    pub spread: f64,
    /// Columns of all arrays, 2 to 4096.
    pub columns: usize,
    /// How converters get their ranges or thresholds; left out, as `converters.full_scale` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
}

/// Lists of which every element meets every other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepSpec {
    /// Mappings, by their names.
    pub mappings: Vec<String>,
    /// Where the state of high resistance lies in the window.
    pub low: Vec<f64>,
    /// Where the state of low resistance lies in the window.
    pub high: Vec<f64>,
    /// Resolutions of the output converters.
    pub adc_bits: Vec<u32>,
    /// Standard deviations of errors on top of what cells hold, of the span of the window.
    pub spreads: Vec<f64>,
    /// Resistances of one cell pitch of a row and of a column.
    pub wires: Vec<Ohms>,
    /// How converters get their ranges or thresholds.
    pub ranges: Vec<Range>,
    /// Rows of an array.
    pub rows: Vec<usize>,
    /// Chips that share the test images at every point, 2 to 100.
    pub chips: usize,
}

/// Every mapping at the design on wires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WiredSpec {
    /// Resistances of one cell pitch of a row and of a column, in place of those of `[wires]`.
    pub pitches: Vec<Ohms>,
}

/// Most rows and columns of an array.
const MOST: usize = 4096;
/// Largest resistance of a cell pitch.
const MOST_OF_WIRES: Ohms = Ohms(1e6);

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
        "wired.pitches",
    ];

    shared_keys!();

    /// The same study within two minutes: fewer epochs, chips and points.
    fn quick(mut self) -> Self {
        self.training.network.epochs = self.training.network.epochs.min(3);
        self.calibration.images = self.calibration.images.min(128);
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
        self.wired.pitches.truncate(1);
        self.further.clear();
        self.disturb.read_voltages.truncate(2);
        self.disturb.read_times.truncate(1);
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        self.hidden.check("hidden")?;
        self.tile.check()?;
        need_within("tile.rows", self.tile.rows, 2, MOST)?;
        need_within("design.columns", self.design.columns, 2, MOST)?;
        let design = self.design();
        design.check("design", "")?;
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
            let low_bit = LowBit::named(name);
            need(low_bit.is_some(), "sweep.mappings", listed(&sweep.mappings), &help)?;
            low_bit.map_or(Ok(()), |low_bit| self.parts(low_bit, self.tile.rows).map(drop))?;
        }
        for &rows in &sweep.rows {
            need_within("sweep.rows", rows, 2, MOST)?;
        }
        need_within("sweep.chips", sweep.chips, 2, 100)?;
        for &low in &sweep.low {
            for &high in &sweep.high {
                Design { low, high, ..design }.check("sweep", "s")?;
            }
        }
        energy::check(&self.energy, design.adc_bits)?;
        for &adc_bits in &sweep.adc_bits {
            need_within("sweep.adc_bits", adc_bits, 2, 16)?;
            need_swept("sweep.adc_bits", adc_bits, energy::check(&self.energy, adc_bits))?;
        }
        // A table is of one resolution, and every point is compared with converters of another.
        let ideal = ConverterSpec { adc_bits: IDEAL_BITS, ..self.converters };
        front_end::check(&self.front_end, &ideal).or_else(|error| {
            let help =
                "give sigmas, no tables: resolutions are swept, and stand beside ideal converters";
            need(false, "front_end", error, help)
        })?;
        self.disturb.check()?;
        for &volts in &self.disturb.read_voltages {
            let most = self.circuit.disturb_voltage;
            need_within("disturb.read_voltages", volts, Volts::ZERO, most)?;
        }
        for &spread in &sweep.spreads {
            Design { spread, ..design }.check("sweep", "s")?;
        }
        for &ohm in &sweep.wires {
            need_within("sweep.wires", ohm, Ohms::ZERO, MOST_OF_WIRES)?;
        }
        for &ohm in &self.wired.pitches {
            need_within("wired.pitches", ohm, Ohms::ZERO, MOST_OF_WIRES)?;
        }
        for (idx, further) in self.further.iter().enumerate() {
            let at = format!("further.{idx}");
            further.check(&at, &self.training.network)?;
            let others = self.further.iter().filter(|other| other.name == further.name);
            let help = "give each network a name of its own";
            need(others.count() == 1, &format!("{at}.name"), &further.name, help)?;
        }
        for &range in &sweep.ranges {
            Design { range, ..design }.check("sweep", "s")?;
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
        *swept.iter().find(|rows| **rows == self.tile.rows).unwrap_or(&swept[0])
    }

    /// The study of a further network.
    pub fn of_further(&self, further: &FurtherSpec) -> Self {
        let mut own = self.clone();
        own.hidden.clone_from(&further.hidden);
        own.training.network.epochs = further.epochs;
        own
    }

    /// The design of the first table.
    pub fn design(&self) -> Design {
        let DesignSpec { low, high, spread, range, .. } = self.design;
        let range = range.unwrap_or_else(|| self.converters.full_scale.into());
        Design { low, high, adc_bits: self.converters.adc_bits, spread, wires: self.wires, range }
    }

    /// The parts of the design's chips under a mapping, over the whole window of the device; `rows` are those of an array.
    ///
    /// # Errors
    /// [`ChipError`] for a section that cannot be.
    pub fn parts(&self, low_bit: &LowBit, rows: usize) -> Result<Parts, ChipError> {
        let mapping = low_bit.mapping.build().map_err(TileError::from)?;
        let most = self.design.columns.min(self.tile.outputs);
        let held = (1..=most).take_while(|held| mapping.columns(*held) <= self.design.columns);
        let tile = TileSpec { rows, outputs: held.last().unwrap_or(most.min(1)) };
        let Self { device, circuit, converters, front_end, .. } = self;
        let (wires, mapping) = (self.wires, low_bit.mapping);
        let chip = ChipSpec { tile, device, circuit, converters, wires, front_end, mapping };
        let parts = Parts { dac: low_bit.dac(), ..chip.build(Targets::Nominal)? };
        parts.check()?;
        Ok(parts)
    }

    /// All that training depends on.
    pub fn trained_by(&self) -> impl std::fmt::Debug {
        ("cim-explorer", self.seed, &self.hidden, &self.training)
    }

    /// All that the accuracy at a point of the sweep depends on, the point aside.
    pub fn measured_by(&self) -> impl std::fmt::Debug {
        let Self { tile: TileSpec { outputs, .. }, device, circuit, wires, front_end, .. } = self;
        let noise = (self.converters.adc_noise, circuit, wires, front_end);
        let size = (outputs, self.design.columns, self.sweep.chips);
        (self.trained_by(), size, device, noise, &self.calibration, &self.energy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim_explorer::CimExplorer;
    use crate::parse::parse;
    use crate::shared::refusals::refuses;
    use crate::study::Study;

    #[test]
    fn what_cannot_be_is_refused_before_any_work() {
        refuses::<CimExplorer>(&[
            ("widths = [256]", "widths = []", "hidden.widths"),
            ("\"tnn-v\"]", "\"tnn-vi\"]", "sweep.mappings"),
            ("high = 1.0", "high = 0.0", "design.high"),
            ("adc_bits = 5", "adc_bits = 1", "converters.adc_bits is 1"),
            ("[3, 4, 5]", "[3, 17]", "sweep.adc_bits is 17"),
            ("rows = [128, 64, 256]", "rows = [1]", "sweep.rows is 1"),
            ("rows = 256", "rows = 1", "tile.rows is 1"),
            ("columns = 256", "columns = 1", "design.columns is 1"),
            ("chips = 4", "chips = 1", "sweep.chips is 1"),
            ("wires = [\"0 Ohm\"]", "wires = [\"-1 Ohm\"]", "sweep.wires"),
            ("\"vgg\"", "\"lenet\"", "further.0.name is lenet"),
            ("\"vgg\"", "\"a VGG\"", "further.1.name is a VGG"),
            (
                "channels = 8, kernel = 3",
                "channels = 8, kernel = 0",
                "further.1.hidden.blocks.0.kernel",
            ),
            ("channels = 8, kernel = 3", "channels = 8, kernel = 20", "further.1.hidden.blocks is"),
            ("0.1 Ohm", "-0.1 Ohm", "wired.pitches"),
            ("\"0.3 V\", \"0.4 V\"", "\"0.3 V\", \"0.6 V\"", "disturb.read_voltages"),
            (
                "[design]\n",
                "[front_end]\n\
                 amplifier_offset = \"0 V\"\n\
                 gain_spread = 0.0\n\
                 driver_noise = \"0 V\"\n\
                 dac_integral = { sigma_lsb = 0.0 }\n\
                 adc_integral = { table_lsb = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1] }\n\
                 adc_differential = 0.0\n\
                 calibration = { kind = \"none\" }\n\
                 drivers = \"supply\"\n\
                 driver_power = \"0 W\"\n\
                 amplifier_power = \"0 W\"\n\
                 leakage = \"0 W\"\n\n[design]\n",
                "resolutions are swept",
            ),
            ("onsets = 2.0", "onsets = 0.5", "disturb.onsets"),
            ("supply = \"0.9 V\"", "supply = \"0 V\"", "energy.supply"),
            ("percentile = 99.7 }\n\n", "percentile = 101 }\n\n", "percentile"),
        ]);
    }

    /// Arrays are square whatever a weight takes: pairs have half as many outputs, and never more than asked for.
    #[test]
    fn outputs_are_what_columns_hold() {
        let mut spec: Spec = parse(CimExplorer::PRESET).expect("valid");
        for (name, columns, most, outputs) in
            [("bnn-i", 256, 256, 128), ("bnn-iii", 256, 256, 256), ("bnn-iii", 256, 9, 9)]
        {
            (spec.design.columns, spec.tile.outputs) = (columns, most);
            let low_bit = LowBit::named(name).expect("listed");
            assert_eq!(spec.parts(low_bit, 128).expect("parts").outputs, outputs);
        }
    }
}
