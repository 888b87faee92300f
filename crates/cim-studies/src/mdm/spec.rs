//! The study as written in a file.

use cim_chip::sections::{
    CalibrationSpec, DataSpec, DeviceSpec, EvaluationSpec, NetworkSpec, device, listed, need,
    need_within, network, training,
};
use cim_core::Ohms;
use cim_crossbar::Wires;
use cim_device::Conduction;
use cim_tile::placement::SlicesSpec;
use serde::{Deserialize, Serialize};

use crate::error::StudyError;
use crate::experiment::Experiment;
use crate::shared::foreign::ForeignSpec;
use crate::shared::training::AsNumbersSpec;
use crate::study::{Shared, StudySpec};

/// Bit-sliced arrays in several orders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    pub experiment: Experiment,
    /// Of weights, cells and images.
    pub seed: u64,
    /// The network that is trained here.
    pub network: NetworkSpec,
    /// What it learns.
    pub data: DataSpec,
    /// Networks of others that arrays are filled with.
    pub foreign: ForeignSpec,
    /// Recipes.
    pub training: AsNumbersSpec,
    /// Arrays of bits.
    pub arrays: SlicesSpec,
    /// The cell: active ones have the top of its window, others the bottom.
    pub device: DeviceSpec,
    /// Where factors are computed.
    pub factors: FactorSpec,
    /// Where networks are run.
    pub accuracy: AccuracySpec,
    /// Images on which gains of columns are fitted.
    pub calibration: CalibrationSpec,
    /// Chips of every point.
    pub evaluation: EvaluationSpec,
}

/// Where factors are computed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorSpec {
    /// One cell pitch of row and of column wire (Ω).
    pub wire: Ohms,
    /// Arrays of a network that factors are a mean over, 2 or more; drawn, if it has more.
    pub arrays: usize,
}

/// Where networks are run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccuracySpec {
    /// One cell pitch of row and of column wire (Ω), rising.
    pub wires: Vec<Ohms>,
    /// Placements whose targets are also solved for the wires, which takes longest.
    pub solved: SolvedFor,
}

/// Placements whose targets are solved for the wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SolvedFor {
    /// That of least error.
    LeastError,
    /// That of least error, and the plain one to compare with.
    LeastErrorAndPlain,
}

impl StudySpec for Spec {
    fn foreign(&mut self) -> Option<&mut ForeignSpec> {
        Some(&mut self.foreign)
    }

    fn shared(&mut self) -> Shared<'_> {
        Shared { seed: &mut self.seed, evaluation: &mut self.evaluation, data: &self.data }
    }

    /// The same study within about two minutes: fewer epochs, arrays and chips, one kind of wire.
    fn quick(mut self) -> Self {
        self.training.digital.epochs = self.training.digital.epochs.min(2);
        self.factors.arrays = self.factors.arrays.min(60);
        let middle = self.accuracy.wires.len() / 2;
        self.accuracy.wires = self.accuracy.wires.get(middle).copied().into_iter().collect();
        self.accuracy.solved = SolvedFor::LeastError;
        self.evaluation.chips = self.evaluation.chips.min(2);
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        let SlicesSpec { rows, columns, bits } = self.arrays;
        need_within("arrays.bits", bits, 1, 15)?;
        need_within("arrays.rows", rows, 1, 1024)?;
        need_within("arrays.columns", columns, bits as usize, 1024)?;
        let ohmic = *device::build(&self.device)?.current_voltage() == Conduction::Ohmic;
        let help = "choose ohmic cells: arrays of this study are linear circuits";
        need(ohmic, "device.model.current_voltage", "another law than Ohm's", help)?;
        need_within("factors.wire", self.factors.wire, Ohms(1e-6), Ohms(1e6))?;
        need_within("factors.arrays", self.factors.arrays, 2, 1_000_000)?;
        let wires = &self.accuracy.wires;
        let rise = !wires.is_empty() && wires.windows(2).all(|pair| pair[0] < pair[1]);
        let help = "give at least one resistance per cell, from small to large: they must rise";
        need(rise, "accuracy.wires", listed(wires), help)?;
        for &wire in wires {
            need_within("accuracy.wires", wire, Ohms(1e-6), Ohms(1e6))?;
        }
        network::check(&self.network)?;
        self.data.check()?;
        self.foreign.check()?;
        training::check(&self.training.digital, "training.digital")?;
        self.calibration.check()?;
        Ok(self.evaluation.check()?)
    }
}

impl Spec {
    /// All that training depends on.
    pub fn trained_by(&self) -> impl std::fmt::Debug {
        ("mdm", self.seed, &self.network, &self.training)
    }
}

/// Wires of one resistance a cell.
pub fn uniform(ohm: Ohms) -> Wires {
    Wires::new(ohm, ohm)
}

#[cfg(test)]
mod tests {
    use crate::mdm::Mdm;
    use crate::shared::refusals::refuses;

    #[test]
    fn arrays_and_wires_that_cannot_be_are_refused() {
        refuses::<Mdm>(&[
            ("bits = 8", "bits = 16", "arrays.bits is 16"),
            ("columns = 64", "columns = 7", "arrays.columns is 7"),
            ("arrays = 200", "arrays = 1", "factors.arrays is 1"),
            ("wire = \"2.5 Ohm\"", "wire = \"0 Ohm\"", "factors.wire"),
            ("\"100 Ohm\"", "\"5 Ohm\"", "accuracy.wires is [50 Ω, 5 Ω, 200 Ω]"),
            ("images = 16", "images = 0", "calibration.images is 0"),
        ]);
    }
}
