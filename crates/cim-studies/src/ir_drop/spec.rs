//! The study as written in a file.

use cim_chip::sections::{
    CalibrationSpec, CircuitSpec, ConverterSpec, DataSpec, DeviceSpec, EvaluationSpec, FrontEnd,
    GainSpec, MappingSpec, NetworkSpec, NoisySpec, Recipe, TileSpec, Wires, listed, need,
    need_within, network, training, wires,
};
use cim_chip::{ChipError, ChipSpec, Parts, Targets};
use cim_core::Ohms;
use serde::{Deserialize, Serialize};

use crate::error::StudyError;
use crate::experiment::Experiment;
use crate::study::{StudySpec, shared_keys};

/// A network behind wires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    pub experiment: Experiment,
    /// Of weights, cells, reads and training.
    pub seed: u64,
    /// What is swept.
    pub arrays: ArraySpec,
    /// Ends and terminals of the wires; their pitches are those of `arrays.wires`.
    pub wires: Wires,
    /// Drivers, amplifiers and converters, as far as they are not ideal; ideal if left out.
    #[serde(default, skip_serializing_if = "FrontEnd::is_ideal")]
    pub front_end: FrontEnd,
    /// The cell.
    pub device: DeviceSpec,
    /// How cells are read.
    pub circuit: CircuitSpec,
    /// Converters.
    pub converters: ConverterSpec,
    /// How weights become conductances.
    pub mapping: MappingSpec,
    /// The network.
    pub network: NetworkSpec,
    /// What it learns.
    pub data: DataSpec,
    /// Images on which full scales are set.
    pub calibration: CalibrationSpec,
    /// How the gain of every column is measured.
    pub gains: GainSpec,
    /// Recipes.
    pub training: TrainingSpec,
    /// Chips of every point.
    pub evaluation: EvaluationSpec,
}

/// Square arrays, half as many outputs as rows, and the wires that are swept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArraySpec {
    /// Rows of the arrays, each 2 or more.
    pub rows: Vec<usize>,
    /// One cell pitch of row and of column wire (Ω), rising; in place of those of `[wires]`.
    pub wires: Vec<Ohms>,
}

/// Training as numbers, then through wires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// The digital network.
    pub digital: Recipe,
    /// Fine-tuning under Gaussian noise.
    pub noise: NoisySpec,
}

impl StudySpec for Spec {
    shared_keys!();
    const ONCE: &'static [&'static str] = &["arrays.rows", "arrays.wires"];

    /// The same study within about a minute: one size, fewer resistances, epochs and chips.
    fn quick(mut self) -> Self {
        let middle = self.arrays.rows.len() / 2;
        self.arrays.rows = vec![self.arrays.rows[middle]];
        if let [first, _, .., last] = self.arrays.wires[..] {
            let middle = self.arrays.wires[self.arrays.wires.len() / 2];
            self.arrays.wires = vec![first, middle, last];
        }
        self.training.digital.epochs = self.training.digital.epochs.min(5);
        self.training.noise.recipe.epochs = self.training.noise.recipe.epochs.min(2);
        self.evaluation.chips = self.evaluation.chips.min(3);
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        let ArraySpec { rows, wires: wires_ohm } = &self.arrays;
        let help = "give the rows of at least one array, each 2 to 65536";
        let sizes = rows.iter().all(|rows| (2..=1 << 16).contains(rows));
        need(!rows.is_empty() && sizes, "arrays.rows", listed(rows), help)?;
        need(
            !wires_ohm.is_empty() && wires_ohm.windows(2).all(|pair| pair[0] < pair[1]),
            "arrays.wires",
            listed(wires_ohm),
            "give at least one resistance per cell, from small to large: they must rise",
        )?;
        wires::check_swept(&self.wires, "arrays.wires")?;
        for &ohm in wires_ohm {
            need_within("arrays.wires", ohm, Ohms::ZERO, Ohms(1e12))?;
        }
        for &rows in rows {
            self.parts(rows, wires_ohm[0], Targets::Nominal)?;
        }
        for &ohm in wires_ohm {
            self.parts(rows[0], ohm, Targets::Nominal)?;
        }
        network::check(&self.network)?;
        self.data.check()?;
        training::check(&self.training.digital, "training.digital")?;
        self.training.noise.check()?;
        self.calibration.check()?;
        self.gains.check()?;
        Ok(self.evaluation.check()?)
    }
}

impl Spec {
    /// The parts of square arrays on wires of `ohm` a cell.
    ///
    /// # Errors
    /// [`ChipError`] for a part that cannot be.
    pub fn parts(&self, rows: usize, ohm: Ohms, targets: Targets) -> Result<Parts, ChipError> {
        let tile = TileSpec { rows, outputs: rows / 2 };
        let wires = Wires { row: ohm, column: ohm, ..self.wires };
        let (device, circuit, mapping) = (&self.device, &self.circuit, self.mapping);
        let (converters, front_end) = (&self.converters, &self.front_end);
        ChipSpec { tile, device, circuit, converters, wires, front_end, mapping }.build(targets)
    }

    /// All that training depends on.
    pub fn trained_by(&self) -> impl std::fmt::Debug {
        ("ir-drop", self.seed, &self.network, &self.training)
    }
}
