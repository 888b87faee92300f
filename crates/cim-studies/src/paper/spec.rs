//! The study as written in a file.

use cim_chip::sections::evaluation::check_chips;
use cim_chip::sections::{
    CalibrationSpec, CircuitSpec, ConverterSpec, DataSpec, DeviceSpec, EnergySpec, EvaluationSpec,
    FrontEnd, MappingSpec, NetworkSpec, OptimiserSpec, TileSpec, Wires, converters, device, energy,
    front_end, need, need_swept, network,
};
use cim_chip::{ChipError, ChipSpec, Parts, Rules, Targets};
use serde::{Deserialize, Serialize};

use super::sections::{DigitalSpec, ErrorModelSpec, SweepSpec, TrainingSpec};
use crate::error::StudyError;
use crate::experiment::Experiment;
use crate::method::choices::ChoiceSpec;
use crate::method::job::{Asking, Job};
use crate::method::part::Part;
use crate::method::sections::{HoldoutSpec, NetworksSpec};
use crate::study::{StudySpec, shared_keys};

/// The built-in preset, as written.
pub const PRESET: &str = include_str!("paper.toml");

/// The window program and training through the hardware.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<Experiment>,
    /// Of training, of programming and of every read.
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
    /// How weights lie on cells.
    pub mapping: MappingSpec,
    /// What designs are fitted to.
    pub calibration: CalibrationSpec,
    /// How designs are optimised.
    pub optimiser: OptimiserSpec,
    /// What everything is chosen on.
    pub holdout: HoldoutSpec,
    /// What is chosen, and among what.
    pub choices: ChoiceSpec,
    /// Recipes.
    pub training: TrainingSpec,
    /// How often everything is done from the start.
    pub networks: NetworksSpec,
    /// Chips of each network, of every row.
    pub evaluation: EvaluationSpec,
    /// What is swept.
    pub sweeps: SweepSpec,
    /// The closed form against Monte Carlo.
    pub error_model: ErrorModelSpec,
}

/// Parts of the method that concern training.
const TRAINED_PARTS: usize = 4;

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
    shared_keys!();
    const ONCE: &'static [&'static str] = &[
        "choices",
        "sweeps.bits",
        "sweeps.program_bits",
        "sweeps.programming_scale",
        "sweeps.temperatures",
        "sweeps.bandwidths",
    ];

    /// The same study within a minute: fewer networks, epochs, chips and choices, which widens the
    /// intervals and lowers the accuracies.
    fn quick(mut self) -> Self {
        self.networks.count = self.networks.count.min(2);
        self.holdout.chips = self.holdout.chips.min(1);
        self.training = self.training.quick();
        self.choices = self.choices.quick();
        self.evaluation.chips = self.evaluation.chips.min(2);
        self.sweeps = self.sweeps.quick();
        self.error_model.chips = self.error_model.chips.min(100);
        self.error_model.designs = self.error_model.designs.min(20);
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        check_design(self)?;
        network::check(&self.network)?;
        self.data.check()?;
        self.calibration.check()?;
        self.digital.check()?;
        self.holdout.check()?;
        self.choices.check()?;
        self.training.check()?;
        self.networks.check()?;
        self.evaluation.check()?;
        self.check_sweeps()?;
        check_chips("error_model.chips", self.error_model.chips)?;
        let (designs, help) =
            (self.error_model.designs, "two designs or more have an order, up to 100000");
        need((2..=100_000).contains(&designs), "error_model.designs", designs, help)?;
        Ok(need(
            (1..=100_000).contains(&self.error_model.images),
            "error_model.images",
            self.error_model.images,
            "use 1 to 100000 images",
        )?)
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
        for (key, resolutions) in
            [("sweeps.bits", &sweeps.bits), ("sweeps.program_bits", &sweeps.program_bits)]
        {
            for &bits in resolutions {
                converters::check_bits(key, bits)?;
                // Tables of a front end are of one resolution.
                let swept = ConverterSpec { adc_bits: bits, ..self.converters };
                need_swept(key, bits, front_end::check(&self.front_end, &swept))?;
                need_swept(key, bits, energy::check(&self.energy, bits))?;
            }
        }
        for &scale in &sweeps.programming_scale {
            let scaled = device::with_programming_noise(&self.device, scale)?;
            need_swept("sweeps.programming_scale", scale, device::build(&scaled).map(drop))?;
        }
        for &temperature in &sweeps.temperatures {
            let swept = CircuitSpec { temperature, ..self.circuit };
            need_swept("sweeps.temperatures", temperature, swept.check())?;
        }
        for &bandwidth in &sweeps.bandwidths {
            let swept = CircuitSpec { bandwidth, ..self.circuit };
            need_swept("sweeps.bandwidths", bandwidth, swept.check())?;
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

    /// What the method is done with.
    ///
    /// # Errors
    /// As [`parts`](Self::parts).
    pub(crate) fn job(&self) -> Result<Job, ChipError> {
        let TrainingSpec { digital, further, bits, ablation } = &self.training;
        let epochs = self.epochs_of_a_network() - digital.epochs;
        Ok(Job {
            seed: self.seed,
            network: self.network.clone(),
            parts: self.parts()?,
            full_scale: self.converters.full_scale,
            circuit: self.circuit,
            energy: self.energy,
            optimiser: self.optimiser,
            calibration: self.calibration,
            holdout: self.holdout,
            choices: self.choices.clone(),
            digital: digital.clone(),
            further: further.clone(),
            asking: Asking::of([further, bits, ablation], epochs),
        })
    }

    /// Epochs that all runs of one network have together.
    pub fn epochs_of_a_network(&self) -> usize {
        let (training, choices) = (&self.training, &self.choices);
        let others = self.sweeps.bits.iter().filter(|&&bits| bits != self.converters.adc_bits);
        // Control, training alone, the full method.
        let long = 3 * training.further.epochs + others.count() * training.bits.epochs;
        // A control, one run for each part that is trained with, one for each that is left out, and those
        // with a percentile in place of a part.
        let replaced = 1 + choices.clip_percentiles().len();
        let short = 1 + TRAINED_PARTS + choices.clip_shares.len() + Part::ALL.len() + replaced;
        training.digital.epochs + long + short * training.ablation.epochs
    }

    /// All that training depends on: the rest is set to one value.
    pub fn trained_by(&self) -> Self {
        let mut same = self.clone();
        same.evaluation.chips = 0;
        same.networks.count = 0;
        same.sweeps = SweepSpec::NONE;
        same.error_model = ErrorModelSpec::NONE;
        same.digital = DigitalSpec::FREE;
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
