//! The study as written in a file.

use cim_chip::sections::evaluation::check_chips;
use cim_chip::sections::{
    CalibrationSpec, CircuitSpec, ConverterSpec, DataSpec, DeviceSpec, EnergySpec, EvaluationSpec,
    FrontEnd, MappingSpec, NetworkSpec, OptimiserSpec, Recipe, TileSpec, Wires, converters, device,
    energy, need, need_not_negative, need_positive, need_share_above_zero, network, training,
};
use cim_chip::{ChipError, ChipSpec, Parts, Rules, Targets};
use cim_core::{Hertz, Joules, Kelvin};
use serde::{Deserialize, Serialize};

use crate::error::StudyError;
use crate::study::StudySpec;

/// The built-in preset, as written.
pub const PRESET: &str = include_str!("paper.toml");

/// The only value of the key `experiment` for which this is the specification; it may be left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// This study.
    #[default]
    Paper,
}

/// The whole study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    #[serde(default)]
    pub experiment: Kind,
    /// Seed of all randomness.
    pub seed: u64,
    /// The network.
    pub network: NetworkSpec,
    /// What it learns.
    pub data: DataSpec,
    /// Size of a tile.
    pub tile: TileSpec,
    /// The cell.
    pub device: DeviceSpec,
    /// How cells are read.
    pub circuit: CircuitSpec,
    /// Converters; their policy is that of the naive design.
    pub converters: ConverterSpec,
    /// Prices of operations.
    pub energy: EnergySpec,
    /// Prices of the digital baseline.
    pub digital: DigitalSpec,
    /// Wires of the arrays.
    pub wires: Wires,
    /// Drivers, amplifiers and converters, as far as they are not ideal; ideal if left out.
    #[serde(default, skip_serializing_if = "FrontEnd::is_ideal")]
    pub front_end: FrontEnd,
    /// How weights become conductances.
    pub mapping: MappingSpec,
    /// What designs are fitted to.
    pub calibration: CalibrationSpec,
    /// How designs are optimised.
    pub optimiser: OptimiserSpec,
    /// Recipes.
    pub training: TrainingSpec,
    /// Chips of every row of the ablation.
    pub evaluation: EvaluationSpec,
    /// What is swept.
    pub sweeps: SweepSpec,
    /// The closed form against Monte Carlo.
    pub error_model: ErrorModelSpec,
}

/// Prices of the digital baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigitalSpec {
    /// One multiplication and addition (J).
    pub mac: Joules,
    /// A weight byte from a memory of 8 KB (J).
    pub sram_8kb_byte: Joules,
    /// A weight byte from a memory of 1 MB (J).
    pub sram_1mb_byte: Joules,
}

/// Recipes of the training runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// The digital network.
    pub digital: Recipe,
    /// Fine-tuning of the two single ablations.
    pub single: Recipe,
    /// Fine-tuning of the full method.
    pub full: Recipe,
    /// Fine-tuning to every other resolution.
    pub bits: Recipe,
    /// Fraction of the searched weight clip within which the full method fine-tunes, above 0, up to 1:
    /// weights that are trained for their clip bear a tighter one than weights that are only cut.
    pub clip: f64,
}

/// What is swept, on how many chips a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepSpec {
    /// Chips per point, 2 or more.
    pub chips: usize,
    /// Resolutions of the column converters, 2 to 16 bits.
    pub bits: Vec<u32>,
    /// Factors of the programming noise; of a gaussian cell only.
    pub programming_scale: Vec<f64>,
    /// Temperatures of the circuit (K).
    pub temperatures: Vec<Kelvin>,
    /// Noise bandwidths (Hz).
    pub bandwidths: Vec<Hertz>,
}

/// How the closed form is checked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorModelSpec {
    /// Chips, 2 or more.
    pub chips: usize,
    /// Training images, 1 or more.
    pub images: usize,
}

impl Spec {
    /// Whether this is the built-in preset, whatever its seed and the number of its chips.
    pub fn is_as_built_in(&self) -> bool {
        let Ok(built_in) = crate::parse::parse::<Self>(PRESET) else { return false };
        [None, Some(self.evaluation.chips)].into_iter().any(|chips| {
            let mut built_in = built_in.clone();
            built_in.resize(Some(self.seed), chips);
            *self == built_in
        })
    }
}

impl StudySpec for Spec {
    /// The same study within a minute: fewer epochs and chips, which widens the intervals and lowers
    /// the accuracies a little.
    fn quick(mut self) -> Self {
        self.training.digital.epochs = self.training.digital.epochs.min(5);
        self.training.single.epochs = self.training.single.epochs.min(1);
        self.training.full.epochs = self.training.full.epochs.min(5);
        self.training.bits.epochs = self.training.bits.epochs.min(1);
        self.evaluation.chips = self.evaluation.chips.min(20);
        self.sweeps.chips = self.sweeps.chips.min(3);
        self.error_model.chips = self.error_model.chips.min(300);
        self
    }

    fn data(&self) -> &DataSpec {
        &self.data
    }

    fn check(&self) -> Result<(), StudyError> {
        check_design(self)?;
        network::check(&self.network)?;
        self.data.check()?;
        self.calibration.check()?;
        let digital = self.digital;
        need_positive("digital.mac", digital.mac.0, digital.mac)?;
        need_not_negative("digital.sram_8kb_byte", digital.sram_8kb_byte.0, digital.sram_8kb_byte)?;
        need_not_negative("digital.sram_1mb_byte", digital.sram_1mb_byte.0, digital.sram_1mb_byte)?;
        let recipes = &self.training;
        training::check(&recipes.digital, "training.digital")?;
        training::check(&recipes.single, "training.single")?;
        training::check(&recipes.full, "training.full")?;
        training::check(&recipes.bits, "training.bits")?;
        need_share_above_zero("training.clip", recipes.clip)?;
        self.evaluation.check()?;
        self.check_sweeps()?;
        check_chips("error_model.chips", self.error_model.chips)?;
        Ok(need(
            (1..=100_000).contains(&self.error_model.images),
            "error_model.images",
            self.error_model.images,
            "use 1 to 100000 images",
        )?)
    }

    fn size(&mut self) -> (&mut u64, &mut EvaluationSpec) {
        (&mut self.seed, &mut self.evaluation)
    }

    fn resize(&mut self, seed: Option<u64>, chips: Option<usize>) {
        self.seed = seed.unwrap_or(self.seed);
        self.evaluation.chips = chips.unwrap_or(self.evaluation.chips);
        self.sweeps.chips = chips.unwrap_or(self.sweeps.chips);
    }
}

impl Spec {
    fn check_sweeps(&self) -> Result<(), ChipError> {
        let sweeps = &self.sweeps;
        check_chips("sweeps.chips", sweeps.chips)?;
        for &bits in &sweeps.bits {
            converters::check_bits("sweeps.bits", bits)?;
            energy::check(&self.energy, bits)?;
        }
        for &scale in &sweeps.programming_scale {
            device::build(&device::with_programming_noise(&self.device, scale)?)?;
        }
        for &temperature in &sweeps.temperatures {
            CircuitSpec { temperature, ..self.circuit }.check()?;
        }
        for &bandwidth in &sweeps.bandwidths {
            CircuitSpec { bandwidth, ..self.circuit }.check()?;
        }
        Ok(())
    }

    /// The parts of the naive design: the device's whole window, the nominal read voltage.
    ///
    /// # Errors
    /// [`ChipError`] for a part that cannot be.
    pub fn parts(&self) -> Result<Parts, ChipError> {
        let (device, circuit, converters) = (&self.device, &self.circuit, &self.converters);
        let (tile, wires, mapping) = (self.tile, self.wires, self.mapping);
        let front_end = &self.front_end;
        ChipSpec { tile, device, circuit, converters, wires, front_end, mapping }
            .build(Targets::Nominal)
    }

    /// What the optimiser keeps to.
    pub fn rules(&self) -> Rules<'_> {
        Rules { optimiser: &self.optimiser, circuit: &self.circuit, energy: &self.energy }
    }

    /// All that training depends on: the rest is set to one value.
    pub fn trained_by(&self) -> Self {
        let mut same = self.clone();
        same.evaluation.chips = 0;
        same.sweeps = SweepSpec {
            chips: 0,
            bits: Vec::new(),
            programming_scale: Vec::new(),
            temperatures: Vec::new(),
            bandwidths: Vec::new(),
        };
        same.error_model = ErrorModelSpec { chips: 0, images: 0 };
        same.digital = DigitalSpec {
            mac: Joules::ZERO,
            sram_8kb_byte: Joules::ZERO,
            sram_1mb_byte: Joules::ZERO,
        };
        same
    }
}

/// Checks what optimising a design needs, training and evaluation aside: `cim optimise` asks for no
/// more.
///
/// # Errors
/// [`ChipError`] for the first value that cannot be.
pub fn check_design(spec: &Spec) -> Result<(), ChipError> {
    spec.parts()?;
    energy::check(&spec.energy, spec.converters.adc_bits)?;
    spec.optimiser.check(&spec.circuit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;

    #[test]
    fn the_built_in_preset_is_known_whatever_its_seed_and_chips() {
        let spec: Spec = parse(PRESET).expect("valid");
        assert!(spec.is_as_built_in());
        let mut resized = spec.clone();
        resized.resize(Some(7), Some(3));
        assert!(resized.is_as_built_in());
        assert!(!spec.clone().quick().is_as_built_in());
        let mut other = spec;
        other.converters.adc_bits = 5;
        assert!(!other.is_as_built_in());
    }
}
