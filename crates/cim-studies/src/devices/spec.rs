//! The study as written in a file.

use cim_chip::sections::{
    CalibrationSpec, CircuitSpec, ConverterSpec, DataSpec, DeviceSpec, EnergySpec, EvaluationSpec,
    FrontEnd, MappingSpec, NetworkSpec, OptimiserSpec, Recipe, TileSpec, Wires, need, network,
    training,
};
use cim_chip::{ChipError, ChipSpec, Targets};
use cim_device::{EffectSpec, ModelSpec, published};
use serde::{Deserialize, Serialize};

use crate::error::StudyError;
use crate::experiment::Experiment;
use crate::method::choices::ChoiceSpec;
use crate::method::job::{Asking, Job};
use crate::method::sections::{HoldoutSpec, NetworksSpec};
use crate::study::{StudySpec, shared_keys};

/// The whole method on one device after another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    pub experiment: Experiment,
    /// Of networks, cells and reads, the same for every device.
    pub seed: u64,
    /// The cells that are compared.
    pub devices: DevicesSpec,
    /// The data set.
    pub data: DataSpec,
    /// What is put on every device.
    pub network: NetworkSpec,
    /// Recipes.
    pub training: TrainingSpec,
    /// How many networks.
    pub networks: NetworksSpec,
    /// Training images that choices are made on.
    pub holdout: HoldoutSpec,
    /// Among what is chosen.
    pub choices: ChoiceSpec,
    /// Images that designs are fitted to.
    pub calibration: CalibrationSpec,
    /// Bounds of the program.
    pub optimiser: OptimiserSpec,
    /// Size of a tile.
    pub tile: TileSpec,
    /// How weights become conductances.
    pub mapping: MappingSpec,
    /// Wires of the arrays.
    pub wires: Wires,
    /// How cells are read, all alike.
    pub circuit: CircuitSpec,
    /// Converters; their policy is that of the naive design.
    pub converters: ConverterSpec,
    /// What is around the cells; ideal if left out.
    #[serde(default, skip_serializing_if = "FrontEnd::is_ideal")]
    pub front_end: FrontEnd,
    /// Prices of operations.
    pub energy: EnergySpec,
    /// Chips of each network, of every row.
    pub evaluation: EvaluationSpec,
}

/// The cells that are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevicesSpec {
    /// Names of the catalogue, one or more, none twice. A cell of one's own goes into any other preset.
    pub names: Vec<String>,
    /// Effects around each of them; none if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<EffectSpec>,
    /// Random designs of each by which the order of the program's objective is compared with that of
    /// accuracies, 2 to 100,000.
    pub designs: usize,
    /// Chips by which each of those designs is judged, 1 to 1,000.
    pub design_chips: usize,
}

/// Recipes of the training runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// The digital networks, which all devices share.
    pub digital: Recipe,
    /// What comes on top, the same for the digital control and, through the chip, on every device.
    pub further: Recipe,
}

/// Devices that a quick run keeps.
const QUICK_DEVICES: usize = 6;

impl StudySpec for Spec {
    shared_keys!();
    const ONCE: &'static [&'static str] = &["devices.names", "choices"];

    fn check(&self) -> Result<(), StudyError> {
        network::check(&self.network)?;
        training::check(&self.training.digital, "training.digital")?;
        training::check(&self.training.further, "training.further")?;
        self.networks.check()?;
        self.holdout.check()?;
        self.choices.check()?;
        let names = &self.devices.names;
        let some = "give one or more names of `cim device list`";
        need(!names.is_empty(), "devices.names", "[]", some)?;
        for name in names {
            if let Err(unknown) = published(name) {
                need(false, "devices.names", name, &unknown.to_string())?;
            }
            self.on(name)?.check()?;
        }
        let (designs, help) = (self.devices.designs, "two designs or more have an order");
        need((2..=100_000).contains(&designs), "devices.designs", designs, help)?;
        let chips = self.devices.design_chips;
        need((1..=1000).contains(&chips), "devices.design_chips", chips, "give 1 to 1000")?;
        self.calibration.check()?;
        self.data.check()?;
        Ok(self.evaluation.check()?)
    }

    /// The same study within two minutes: the first devices, two networks and short training.
    fn quick(mut self) -> Self {
        self.devices.names.truncate(QUICK_DEVICES);
        self.devices.designs = self.devices.designs.min(10);
        self.networks.count = self.networks.count.min(2);
        self.training.digital.epochs = self.training.digital.epochs.min(2);
        self.training.further.epochs = self.training.further.epochs.min(1);
        self.choices = self.choices.quick();
        self.holdout.chips = self.holdout.chips.min(1);
        self
    }
}

impl Spec {
    /// The method on one device of the catalogue.
    ///
    /// # Errors
    /// [`ChipError`] for a part that cannot be.
    pub fn on(&self, device: &str) -> Result<Job, ChipError> {
        let model = ModelSpec::Published { name: device.to_owned() };
        let device = &DeviceSpec { model, effects: self.devices.effects.clone() };
        let Self { tile, circuit, converters, front_end, mapping, .. } = self;
        let (tile, mapping, wires) = (*tile, *mapping, self.wires);
        let parts = ChipSpec { tile, device, circuit, converters, wires, front_end, mapping }
            .build(Targets::Nominal)?;
        let TrainingSpec { digital, further } = self.training.clone();
        Ok(Job {
            seed: self.seed,
            network: self.network.clone(),
            parts,
            full_scale: converters.full_scale,
            circuit: *circuit,
            energy: self.energy,
            optimiser: self.optimiser,
            calibration: self.calibration,
            holdout: self.holdout,
            choices: self.choices.clone(),
            asking: Asking::of([&further], self.epochs() / self.networks.count - digital.epochs),
            digital,
            further,
        })
    }

    /// Epochs of all runs together.
    pub fn epochs(&self) -> usize {
        let further = self.training.further.epochs;
        let through = 1 + self.choices.clip_shares.len();
        let of_a_network =
            self.training.digital.epochs + further * (1 + self.devices.names.len() * through);
        self.networks.count * of_a_network
    }

    /// All that training depends on.
    pub fn trained_by(&self) -> Self {
        let mut same = self.clone();
        same.evaluation.chips = 0;
        same.networks.count = 0;
        same.devices.names.clear();
        (same.devices.designs, same.devices.design_chips) = (0, 0);
        same
    }
}
