//! The study as written in a file.

use cim_chip::sections::{
    CalibrationSpec, CircuitSpec, CompensationSpec, ConverterSpec, DataSpec, DeviceSpec,
    EnergySpec, EvaluationSpec, FrontEnd, MappingSpec, NetworkSpec, NoisySpec, OptimiserSpec,
    Recipe, TileSpec, Wires, energy, listed, need, need_within, network, training,
};
use cim_chip::{ChipError, ChipSpec, Parts, Targets};
use cim_core::Seconds;
use cim_device::compensation::Scope;
use serde::{Deserialize, Serialize};

use crate::error::StudyError;
use crate::experiment::Experiment;
use crate::study::{StudySpec, shared_keys};

/// A network on cells that drift.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    pub experiment: Experiment,
    /// Of programming, drift, reads and training.
    pub seed: u64,
    /// The cell.
    pub device: DeviceSpec,
    /// When it is looked at.
    pub drift: DriftSpec,
    /// How drift is measured; all scopes are compared.
    pub compensation: CompensationSpec,
    /// The network.
    pub network: NetworkSpec,
    /// What it learns.
    pub data: DataSpec,
    /// Recipes.
    pub training: TrainingSpec,
    /// Images on which the largest input of every layer is found.
    pub calibration: CalibrationSpec,
    /// Size of a tile.
    pub tile: TileSpec,
    /// Wires of the tiles.
    pub wires: Wires,
    /// Drivers, amplifiers and converters, as far as they are not ideal; ideal if left out.
    #[serde(default, skip_serializing_if = "FrontEnd::is_ideal")]
    pub front_end: FrontEnd,
    /// How weights become conductances.
    pub mapping: MappingSpec,
    /// Converters.
    pub converters: ConverterSpec,
    /// How cells are read.
    pub circuit: CircuitSpec,
    /// Prices of operations, for `cim eval` and `cim optimise` with this preset; the study itself tells no energy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<EnergySpec>,
    /// Bounds and grids of `cim optimise` with this preset; the study itself optimises nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimiser: Option<OptimiserSpec>,
    /// Chips of every point.
    pub evaluation: EvaluationSpec,
}

/// Training as numbers, then under noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// The digital network.
    pub digital: Recipe,
    /// Fine-tuning under Gaussian noise on the weights, through the noisy datapath.
    pub noise: NoisySpec,
}

/// When chips are looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftSpec {
    /// Times since programming (s), rising, two or more.
    pub times: Vec<Seconds>,
}

/// Some 3,000 years, longer than anybody asks a memory to last (s).
const LONGEST: Seconds = Seconds(1e11);

impl StudySpec for Spec {
    shared_keys!();
    const ONCE: &'static [&'static str] = &["drift.times"];

    /// The same study within about a minute: fewer epochs, three times and half the chips.
    fn quick(mut self) -> Self {
        let times = &self.drift.times;
        if let [first, .., last] = times[..] {
            self.drift.times = vec![first, times[times.len() / 2], last];
            self.drift.times.dedup();
        }
        self.training.digital.epochs = self.training.digital.epochs.min(5);
        self.training.noise.recipe.epochs = self.training.noise.recipe.epochs.min(3);
        self.evaluation.chips = self.evaluation.chips.min(10);
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        let device = self.parts()?.device;
        self.compensation.build(Scope::Global)?;
        if let Some(prices) = &self.energy {
            energy::check(prices, self.converters.adc_bits)?;
        }
        if let Some(optimiser) = &self.optimiser {
            optimiser.check(&self.circuit)?;
        }
        let times = &self.drift.times;
        need(
            2 <= times.len() && times.windows(2).all(|pair| pair[0] < pair[1]),
            "drift.times",
            listed(times),
            "give at least two times since programming, from early to late: they must rise",
        )?;
        for &time in times {
            need_within("drift.times", time, Seconds::ZERO, LONGEST)?;
            device.fitted_times().check(time)?;
        }
        self.evaluation.check()?;
        self.calibration.check()?;
        self.data.check()?;
        network::check(&self.network)?;
        self.training.noise.check()?;
        Ok(training::check(&self.training.digital, "training.digital")?)
    }
}

impl Spec {
    /// Whether anything is known of the cells at later times.
    pub fn ages(&self) -> bool {
        self.parts().is_ok_and(|parts| parts.device.ages())
    }

    /// What every chip is made of; weights use the whole window of the device.
    ///
    /// # Errors
    /// [`ChipError`] for a part that cannot be.
    pub fn parts(&self) -> Result<Parts, ChipError> {
        let Self { device, circuit, converters, tile, wires, front_end, mapping, .. } = self;
        let (tile, wires, mapping) = (*tile, *wires, *mapping);
        ChipSpec { tile, device, circuit, converters, wires, front_end, mapping }
            .build(Targets::Nominal)
    }

    /// All that training depends on: times, compensation, chips, prices and the optimiser set to one value.
    pub fn trained_by(&self) -> Self {
        let mut same = self.clone();
        same.drift.times.clear();
        same.compensation.repeats = 0;
        same.evaluation.chips = 0;
        (same.energy, same.optimiser) = (None, None);
        same
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;
    use crate::pcm::Pcm;
    use crate::shared::refusals::refuses;
    use crate::study::Study;

    #[test]
    fn the_preset_is_valid_and_quick_keeps_its_ends() {
        let spec: Spec = parse(Pcm::PRESET).expect("parses");
        spec.check().expect("valid");
        assert!(10 <= spec.evaluation.chips);
        let times = &spec.drift.times;
        let quick = spec.clone().quick();
        quick.check().expect("valid");
        assert_eq!(quick.drift.times, [times[0], times[2], times[4]]);
    }

    #[test]
    fn times_and_recipes_that_cannot_be_are_refused() {
        refuses::<Pcm>(&[
            ("name = \"pcm\"", "name = \"pmc\"", "did you mean 'pcm'?"),
            ("\"1 s\", \"1 h\"", "\"1 h\", \"1 s\"", "must rise"),
            ("\"1 s\", \"1 h\"", "\"-1 s\", \"1 h\"", "give 0 s to"),
            ("\"1 s\", \"1 h\"", "1, \"1 h\"", "bare number"),
            ("repeats = 256", "repeats = 0", "repeats"),
            ("weight_noise = 0.1", "weight_noise = -0.1", "weight_noise"),
            ("chips = 20", "chips = 1", "two chips"),
            ("images = 256", "images = 0", "calibration"),
            (
                "{ policy = \"fixed\", full_scale = \"49.8 uA\" }",
                "{ policy = \"optimised\" }",
                "optimiser",
            ),
            // Times at which the device is not known.
            ("name = \"pcm\"", "name = \"rram-wan\"", "not extrapolated"),
        ]);
    }
}
