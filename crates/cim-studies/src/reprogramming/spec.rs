//! The study as written in a file.

use std::sync::Arc;

use cim_chip::ChipError;
use cim_chip::sections::{
    DataSpec, DeviceSpec, EvaluationSpec, NetworkSpec, TileSpec, listed, need, need_fraction,
    need_positive, need_within, network, training,
};
use cim_core::Stream;
use cim_device::Device;
use cim_tile::reprogram::{Bank, Drawn, Prices, Schedule, Skipping, WordSpec};
use serde::{Deserialize, Serialize};

use crate::error::StudyError;
use crate::experiment::Experiment;
use crate::shared::bit_cells;
use crate::shared::foreign::ForeignSpec;
use crate::shared::training::AsNumbersSpec;
use crate::study::{StudySpec, shared_keys};

/// A bank of crossbars that is written over and over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    pub experiment: Experiment,
    /// Of weights and of bits that stay.
    pub seed: u64,
    /// The network that is trained here.
    pub network: NetworkSpec,
    /// Networks of others.
    pub foreign: ForeignSpec,
    /// Images that it learns.
    pub data: DataSpec,
    /// How it learns.
    pub training: AsNumbersSpec,
    /// Cells of a weight.
    pub cells: WordSpec,
    /// What they are: in low resistance at the top of the window, else at its bottom.
    pub device: DeviceSpec,
    /// A crossbar: the weights of a section, one a row, of one output at a time.
    pub tile: TileSpec,
    /// Crossbars.
    pub bank: BankSpec,
    /// Writes of low bits that are left out at random.
    pub stucking: StuckingSpec,
    /// Weights that take fewer writes.
    pub cheapest: CheapestSpec,
    /// What is swept.
    pub sweep: SweepSpec,
    /// Prices of writes.
    pub prices: Prices,
    /// Draws of every point.
    pub evaluation: EvaluationSpec,
}

/// Crossbars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankSpec {
    /// Crossbars that share the network, 1 to 65,536.
    pub crossbars: usize,
    /// From one section of a crossbar to its next; divides the crossbars.
    pub stride: usize,
}

/// Bit stucking.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StuckingSpec {
    /// Bits of a magnitude that count as low.
    pub low_bits: u32,
    /// Share of their writes that is done, 0 to 1.
    pub share: f64,
    /// When it is drawn which.
    pub drawn: Drawn,
}

/// Weights that take fewer writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheapestSpec {
    /// How far a weight may be off (steps).
    pub steps: u32,
}

/// What is swept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepSpec {
    /// Outputs sorted together where columns are grouped.
    pub columns: usize,
    /// Strides, each a divisor of the number of crossbars.
    pub strides: Vec<usize>,
    /// Shares of stucking.
    pub shares: Vec<f64>,
    /// Steps that weights may be off.
    pub steps: Vec<u32>,
}

/// Most crossbars and rows: enough for any chip, and few enough to be counted cell by cell.
const MOST: usize = 1 << 16;

impl StudySpec for Spec {
    shared_keys!();
    const ONCE: &'static [&'static str] = &["sweep.strides", "sweep.shares", "sweep.steps"];

    /// The same study within about a minute: fewer epochs, draws and points.
    fn quick(mut self) -> Self {
        self.training.digital.epochs = self.training.digital.epochs.min(2);
        self.evaluation.chips = self.evaluation.chips.min(2);
        let ends = |list: &mut Vec<f64>| {
            if let [first, _, .., last] = list[..] {
                *list = vec![first, last];
            }
        };
        ends(&mut self.sweep.shares);
        if let [first, .., last] = self.sweep.steps[..] {
            self.sweep.steps = vec![first, last];
        }
        if let [first, .., last] = self.sweep.strides[..] {
            self.sweep.strides =
                vec![first, self.sweep.strides[self.sweep.strides.len() / 2], last];
            self.sweep.strides.dedup();
        }
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        let BankSpec { crossbars, stride } = self.bank;
        need_within("cells.bits", self.cells.bits, 1, 15)?;
        self.tile.check()?;
        let outputs = self.tile.outputs;
        let help = "give 1: crossbars of this study hold one section at a time, whose products are read \
                    one after another where its weights are of several outputs";
        need(outputs == 1, "tile.outputs", outputs, help)?;
        need_within("bank.crossbars", crossbars, 1, MOST)?;
        let divides = |key: &str, stride: usize| {
            let ok = 0 < stride && crossbars % stride == 0;
            need(ok, key, stride, &format!("give a divisor of the {crossbars} crossbars"))
        };
        divides("bank.stride", stride)?;
        need_within("stucking.low_bits", self.stucking.low_bits, 0, self.cells.bits)?;
        need_fraction("stucking.share", self.stucking.share)?;
        let top = self.cells.top().unsigned_abs();
        need_within("cheapest.steps", self.cheapest.steps, 0, top)?;
        need_within("sweep.columns", self.sweep.columns, 1, MOST)?;
        let SweepSpec { strides, shares, steps, .. } = &self.sweep;
        let some = |key: &str, empty: bool| need(!empty, key, "[]", "give at least one");
        some("sweep.strides", strides.is_empty())?;
        some("sweep.shares", shares.is_empty())?;
        some("sweep.steps", steps.is_empty())?;
        for stride in strides {
            divides("sweep.strides", *stride)
                .map_err(|_| listed_wrong("sweep.strides", listed(strides), crossbars))?;
        }
        for &share in shares {
            need_fraction("sweep.shares", share)?;
        }
        for &steps in steps {
            need_within("sweep.steps", steps, 0, top)?;
        }
        need_positive("prices.set", self.prices.set.0, self.prices.set)?;
        need_positive("prices.reset", self.prices.reset.0, self.prices.reset)?;
        need_positive("prices.time", self.prices.time.0, self.prices.time)?;
        need_within("prices.endurance", self.prices.endurance, 1.0, 1e18)?;
        let device = bit_cells::device(&self.device)?;
        let on = (self.stride(stride), self.stuck(self.stucking.share));
        self.bank(on, device, Stream::root(self.seed))?;
        network::check(&self.network)?;
        self.data.check()?;
        self.foreign.check()?;
        training::check(&self.training.digital, "training.digital")?;
        Ok(self.evaluation.check()?)
    }

    fn foreign(&mut self) -> Option<&mut ForeignSpec> {
        Some(&mut self.foreign)
    }
}

fn listed_wrong(key: &str, value: String, crossbars: usize) -> ChipError {
    let help = format!("give divisors of the {crossbars} crossbars");
    ChipError::Section { key: key.to_owned(), value, help }
}

impl Spec {
    /// The crossbars at a stride.
    pub fn stride(&self, stride: usize) -> Schedule {
        Schedule { crossbars: self.bank.crossbars, stride }
    }

    /// Bit stucking with a share.
    pub fn stuck(&self, share: f64) -> Skipping {
        let StuckingSpec { low_bits, drawn, .. } = self.stucking;
        Skipping::Stuck { low_bits, share, drawn }
    }

    /// An empty bank of cells of a device, made at `at`.
    ///
    /// # Errors
    /// [`StudyError`] for a part that cannot be.
    pub fn bank(
        &self,
        on: (Schedule, Skipping),
        device: Arc<dyn Device>,
        at: Stream,
    ) -> Result<Bank, StudyError> {
        let bank = Bank::new(self.cells, self.tile.rows, on, device, at);
        Ok(bank.map_err(cim_tile::TileError::from)?)
    }

    /// All that training depends on.
    pub fn trained_by(&self) -> impl std::fmt::Debug {
        ("reprogramming", self.seed, &self.network, &self.training)
    }
}

#[cfg(test)]
mod tests {
    use crate::reprogramming::Reprogramming;
    use crate::shared::refusals::refuses;

    #[test]
    fn banks_and_schedules_that_cannot_be_are_refused() {
        refuses::<Reprogramming>(&[
            ("bits = 8", "bits = 16", "cells.bits is 16"),
            ("stride = 1", "stride = 3", "bank.stride is 3"),
            ("outputs = 1", "outputs = 2", "tile.outputs is 2"),
            ("low_bits = 3", "low_bits = 9", "stucking.low_bits is 9"),
            ("share = 0.25", "share = 1.25", "stucking.share is 1.25"),
            ("steps = 4", "steps = 256", "cheapest.steps is 256"),
            ("strides = [1, 2, 4, 8, 16]", "strides = [1, 5]", "sweep.strides is [1, 5]"),
            ("steps = [0, 1, 2, 4, 8, 16]", "steps = []", "sweep.steps is []"),
            ("sign = \"own-cell\"", "sign = \"none\"", "own-cell"),
            ("set = \"33 pJ\"", "set = \"0 J\"", "prices.set"),
        ]);
    }
}
