//! `[device]` of a board: cells that pulses change, or any device by what programming leaves in it.

use std::sync::Arc;

use cim_chip::ChipError;
use cim_chip::sections::device::{self, DeviceSpec, EffectSpec, ModelSpec};
use cim_chip::sections::need;
use cim_core::{Seconds, Stream, Tally};
use cim_device::program::{Outcome, Programmer, PulseCells, PulseCellsSpec, Vipi};
use cim_device::{Conduction, Device, DeviceError, Life, ThresholdSpec, Window};
use cim_tile::HeldCells;
use ndarray::{Array2, ArrayView2, Zip};
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use super::layout::SIDE;

/// Cells of a board, and what comes on top of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardDeviceSpec {
    /// The cell itself: one that pulses change, or any other by what programming leaves in it.
    pub model: BoardModel,
    /// What comes on top, from the inside out; of cells that pulses change nothing does.
    pub effects: Vec<EffectSpec>,
}

/// A cell of a board.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BoardModel {
    /// Bipolar cells that move gradually above a threshold, written by the pulses of `[programmer]`.
    Threshold(ThresholdSpec),
    /// Synaptogen cells as published, written by the pulses of `[programmer]`.
    SynaptogenPulses(SynaptogenPulses),
    /// As `device.model` of any chip: written once, by its own law of what programming leaves.
    #[serde(untagged)]
    Own(ModelSpec),
}

/// Pulses on Synaptogen cells.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SynaptogenPulses {
    /// Width of calibrated pulses.
    pub width: Seconds,
}

/// Those that pulses change, as they are told apart from all others.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Pulsed {
    Threshold(ThresholdSpec),
    SynaptogenPulses(SynaptogenPulses),
}

impl<'de> Deserialize<'de> for BoardModel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = toml::Table::deserialize(deserializer)?;
        let is = |name: &str| table.get("kind").and_then(toml::Value::as_str) == Some(name);
        let read = if is("threshold") || is("synaptogen-pulses") {
            Pulsed::deserialize(table).map(|pulsed| match pulsed {
                Pulsed::Threshold(spec) => Self::Threshold(spec),
                Pulsed::SynaptogenPulses(spec) => Self::SynaptogenPulses(spec),
            })
        } else {
            ModelSpec::deserialize(table).map(Self::Own)
        };
        read.map_err(|error| D::Error::custom(error.message()))
    }
}

impl BoardDeviceSpec {
    /// Checks the specification and builds what makes cells; those that pulses change with `vipi`.
    ///
    /// # Errors
    /// [`ChipError`] for a cell that cannot be, or effects around one that pulses change.
    pub fn build(&self, vipi: Vipi) -> Result<Way, ChipError> {
        let cells = match &self.model {
            BoardModel::Threshold(spec) => PulseCellsSpec::Threshold(*spec),
            BoardModel::SynaptogenPulses(spec) => PulseCellsSpec::Synaptogen { width: spec.width },
            BoardModel::Own(model) => {
                let spec = DeviceSpec { model: model.clone(), effects: self.effects.clone() };
                return Ok(Way::OwnLaw(device::build(&spec)?));
            }
        };
        let help = "give [] with cells that pulses change (threshold, synaptogen-pulses): an effect comes around what \
                    programming leaves by a law, and theirs is left by pulses";
        let shown = format!("{} around such cells", self.effects.len());
        need(self.effects.is_empty(), "device.effects", shown, help)?;
        // Cells that cannot be are refused here, not by the first chip.
        cells.window()?;
        Ok(Way::Pulses(cells, vipi))
    }

    /// The threshold cells, if that is what they are.
    pub fn threshold(&self) -> Option<&ThresholdSpec> {
        match &self.model {
            BoardModel::Threshold(spec) => Some(spec),
            _ => None,
        }
    }

    /// Whether pulses change them.
    pub fn is_pulsed(&self) -> bool {
        !matches!(self.model, BoardModel::Own(_))
    }
}

/// Cells, and the way in which they are written.
#[derive(Clone)]
pub enum Way {
    /// By pulses, looked at after each.
    Pulses(PulseCellsSpec, Vipi),
    /// Once, with what the device's own law leaves.
    OwnLaw(Arc<dyn Device>),
}

/// The cells of one chip, as they are written and read.
pub trait BoardCells {
    /// Writes those that are `chosen` to `target_s` (S) and leaves the others alone; what that took, where
    /// pulses are known.
    ///
    /// # Errors
    /// [`DeviceError`] for targets that the cells cannot hold.
    fn write(
        &mut self,
        target_s: ArrayView2<'_, f64>,
        chosen: ArrayView2<'_, bool>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Option<Outcome>, DeviceError>;

    /// What they hold.
    fn held(&self) -> HeldCells;
}

impl Way {
    /// Conductances that can be asked for.
    ///
    /// # Errors
    /// [`DeviceError`] of the cells.
    pub fn window(&self) -> Result<Window, DeviceError> {
        match self {
            Self::Pulses(cells, _) => cells.window(),
            Self::OwnLaw(device) => Ok(device.window()),
        }
    }

    /// Fresh cells of a chip.
    ///
    /// # Errors
    /// [`DeviceError`] of the cells.
    pub fn fresh(&self, at: Stream) -> Result<Box<dyn BoardCells>, DeviceError> {
        Ok(match self {
            Self::Pulses(cells, vipi) => {
                Box::new(ByPulses { cells: cells.fresh((SIDE, SIDE), at)?, vipi: *vipi })
            }
            Self::OwnLaw(device) => {
                let bottom_s = Array2::from_elem((SIDE, SIDE), device.window().g_min.0);
                let held_s = device.program(bottom_s.view(), at, &mut Tally::default());
                Box::new(ByOwnLaw { device: device.clone(), held_s, born: at })
            }
        })
    }
}

/// Cells that pulses change.
struct ByPulses {
    cells: Box<dyn PulseCells>,
    vipi: Vipi,
}

impl BoardCells for ByPulses {
    fn write(
        &mut self,
        target_s: ArrayView2<'_, f64>,
        chosen: ArrayView2<'_, bool>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Option<Outcome>, DeviceError> {
        self.vipi.program_chosen(&mut *self.cells, target_s, chosen, at, tally).map(Some)
    }

    fn held(&self) -> HeldCells {
        let g_s = self.cells.conductances();
        let variance_s2 = g_s.mapv(|g| self.cells.read_variance(g));
        HeldCells { g_s, variance_s2, law: Conduction::Ohmic }
    }
}

/// Cells of a device that is known by what programming leaves.
struct ByOwnLaw {
    device: Arc<dyn Device>,
    held_s: Array2<f64>,
    born: Stream,
}

impl BoardCells for ByOwnLaw {
    fn write(
        &mut self,
        target_s: ArrayView2<'_, f64>,
        chosen: ArrayView2<'_, bool>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Option<Outcome>, DeviceError> {
        self.device.window().check_targets(target_s)?;
        let life = Life { born: self.born, at };
        let written_s = self.device.program_in(target_s, life, &mut Tally::default());
        Zip::from(&mut self.held_s).and(&written_s).and(chosen).for_each(|held, &written, &own| {
            if own {
                *held = written;
                tally.cells_programmed += 1;
            }
        });
        Ok(None)
    }

    fn held(&self) -> HeldCells {
        HeldCells {
            g_s: self.held_s.clone(),
            variance_s2: self.held_s.mapv(|g| self.device.read_variance(g)),
            law: self.device.current_voltage().clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use cim_device::program::VipiSpec;

    use super::*;

    fn way(text: &str) -> Result<Way, ChipError> {
        let spec: BoardDeviceSpec = toml::from_str(text).expect("TOML");
        spec.build(VipiSpec::OPENMENA.build().expect("constants"))
    }

    /// A fifth of the cells is stuck at the bottom, the same in every writing; the others hold what they are
    /// asked to, those that are not chosen what they held.
    #[test]
    fn cells_are_written_by_their_own_law_with_their_defects() {
        let way = way(
            "model = { kind = 'ideal', g_off = '1 uS', g_on = '100 uS' }\neffects = [{ kind = 'stuck', \
             cells = 'random', share_low = 0.2, share_high = 0.0, low = '1 uS', high = '100 uS' }]",
        );
        let mut cells = way.expect("a device").fresh(Stream::root(5)).expect("cells");
        let target_s = Array2::from_elem((SIDE, SIDE), 50e-6);
        let all = Array2::from_elem((SIDE, SIDE), true);
        let mut tally = Tally::default();
        let outcome = cells.write(target_s.view(), all.view(), Stream::root(6), &mut tally);
        assert!(outcome.expect("within the window").is_none() && tally.cells_programmed == 64);
        let first = cells.held().g_s;
        let stuck = first.iter().filter(|g| **g == 1e-6).count();
        assert!((2..=26).contains(&stuck), "{stuck} of 64");
        assert!(first.iter().all(|g| [1e-6, 50e-6].contains(g)), "{first}");
        let some = Array2::from_shape_fn((SIDE, SIDE), |(row, _)| row == 0);
        let more_s = Array2::from_elem((SIDE, SIDE), 80e-6);
        cells.write(more_s.view(), some.view(), Stream::root(7), &mut tally).expect("within");
        let second = cells.held().g_s;
        for ((row, col), &held) in second.indexed_iter() {
            let moved = row == 0 && first[[row, col]] != 1e-6;
            assert_eq!(held, if moved { 80e-6 } else { first[[row, col]] });
        }
    }

    #[test]
    fn what_no_cells_are_is_told() {
        let told = |text: &str| toml::from_str::<BoardDeviceSpec>(text).expect_err("no cells");
        let unknown = told("model = { kind = 'treshold' }\neffects = []").to_string();
        assert!(unknown.contains("treshold") && unknown.contains("cmo-hfox"), "{unknown}");
        let key = told("model = { kind = 'synaptogen-pulses', wdith = '1 us' }\neffects = []");
        assert!(key.to_string().contains("wdith"), "{key}");
        let around = "model = { kind = 'synaptogen-pulses', width = '1 us' }\neffects = [{ kind = 'stuck', \
             cells = 'random', share_low = 0.2, share_high = 0.0, low = '1 uS', high = '100 uS' }]";
        let error = way(around).err().expect("refused");
        assert!(error.to_string().contains("device.effects is 1"), "{error}");
    }
}
