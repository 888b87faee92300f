//! The study as written in a file.

use cim_chip::ChipError;
use cim_chip::sections::{
    CalibrationSpec, DataSpec, DeviceSpec, EvaluationSpec, MappingSpec, NetworkSpec, TileSpec,
    Wires, listed, need, need_within, network, training, wires,
};
use cim_core::Ohms;
use cim_tile::placement::SlicesSpec;
use serde::{Deserialize, Serialize};

use crate::error::StudyError;
use crate::experiment::Experiment;
use crate::shared::bit_cells;
use crate::shared::foreign::ForeignSpec;
use crate::shared::training::AsNumbersSpec;
use crate::study::{StudySpec, shared_keys};

/// Bit-sliced arrays in several orders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    pub experiment: Experiment,
    /// Of weights, cells and images.
    pub seed: u64,
    /// Recipes.
    pub training: AsNumbersSpec,
    /// What it learns.
    pub data: DataSpec,
    /// The network that is trained here.
    pub network: NetworkSpec,
    /// An array: its rows, and the outputs whose bits it holds.
    pub tile: TileSpec,
    /// Bit-sliced differential, one bit a slice: each sign has arrays of its own here.
    pub mapping: MappingSpec,
    /// Ends and terminals of the wires; their pitches are those of `factors.wire` and `accuracy.wires`.
    pub wires: Wires,
    /// Networks of others that arrays are filled with.
    pub foreign: ForeignSpec,
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
    /// All that remedies are tried on: the plain, the published and that of least error.
    Remedied,
}

/// Most rows and columns of an array that is solved.
const MOST: usize = 1024;

impl StudySpec for Spec {
    fn foreign(&mut self) -> Option<&mut ForeignSpec> {
        Some(&mut self.foreign)
    }

    shared_keys!();
    const ONCE: &'static [&'static str] = &["accuracy.wires"];

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
        self.tile.check()?;
        need_within("tile.rows", self.tile.rows, 1, MOST)?;
        self.slices()?;
        let help = format!("an array has up to {MOST} columns, one for every bit of an output");
        need(self.columns() <= MOST, "tile.outputs", self.tile.outputs, &help)?;
        bit_cells::device(&self.device)?;
        wires::check_swept(&self.wires, "factors.wire and accuracy.wires")?;
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
    /// Wires of one resistance a cell.
    pub fn wires_of(&self, ohm: Ohms) -> Wires {
        Wires { row: ohm, column: ohm, ..self.wires }
    }

    /// Columns of an array: one for every bit of its outputs.
    pub fn columns(&self) -> usize {
        self.tile.outputs * self.bits().unwrap_or(0) as usize
    }

    /// Arrays of bits.
    ///
    /// # Errors
    /// [`ChipError::Section`] for a mapping that does not put one bit on a cell.
    pub fn slices(&self) -> Result<SlicesSpec, ChipError> {
        let bits = self.bits()?;
        Ok(SlicesSpec { rows: self.tile.rows, columns: self.columns(), bits })
    }

    /// Bits of a magnitude.
    fn bits(&self) -> Result<u32, ChipError> {
        let help = "give bit-sliced-differential with 1 to 15 slices of 1 bit: single bits are placed here";
        let MappingSpec::BitSlicedDifferential(spec) = self.mapping else {
            return need(false, "mapping.kind", self.mapping.kind(), help).map(|()| 0);
        };
        need(spec.bits == 1, "mapping.bits", spec.bits, help)?;
        need((1..=15).contains(&spec.slices), "mapping.slices", spec.slices, help)?;
        let layers = format_args!("{:?}", spec.layers);
        let help = "leave it out: every layer is cut alike here";
        need(spec.layers.is_none(), "mapping.layers", layers, help)?;
        Ok(spec.slices)
    }

    /// All that training depends on.
    pub fn trained_by(&self) -> impl std::fmt::Debug {
        ("mdm", self.seed, &self.network, &self.training)
    }
}

#[cfg(test)]
mod tests {
    use crate::mdm::Mdm;
    use crate::shared::refusals::refuses;

    #[test]
    fn arrays_and_wires_that_cannot_be_are_refused() {
        refuses::<Mdm>(&[
            ("slices = 8", "slices = 16", "mapping.slices is 16"),
            ("bits = 1", "bits = 2", "mapping.bits is 2"),
            (
                "kind = \"bit-sliced-differential\"\nslices = 8\nbits = 1",
                "kind = \"differential\"",
                "single bits are placed here",
            ),
            ("rows = 64", "rows = 2048", "tile.rows is 2048"),
            ("outputs = 8", "outputs = 129", "tile.outputs is 129"),
            ("arrays = 200", "arrays = 1", "factors.arrays is 1"),
            ("wire = \"2.5 Ohm\"", "wire = \"0 Ohm\"", "factors.wire"),
            ("row = \"0 Ohm\"", "row = \"5 Ohm\"", "wires.row is 5 Ω"),
            ("\"100 Ohm\"", "\"5 Ohm\"", "accuracy.wires is [50 Ω, 5 Ω, 200 Ω]"),
            ("images = 16", "images = 0", "calibration.images is 0"),
        ]);
    }
}
