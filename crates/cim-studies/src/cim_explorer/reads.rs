//! How cells are read over many inferences, and when they are written again.

use std::fmt;

use cim_chip::ChipError;
use cim_chip::sections::{listed, need, need_positive, need_within};
use cim_core::{Kelvin, Seconds, Volts};
use cim_device::{DeviceError, ReadDisturb};
use cim_tile::TileError;
use serde::{Deserialize, Serialize};

/// Read disturb: cells of the state of low resistance lose conductance while they are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisturbSpec {
    /// Voltages of a driven row, whatever the arrays have elsewhere.
    pub read_voltages: Vec<Volts>,
    /// Times of a read.
    pub read_times: Vec<Seconds>,
    /// Inferences in a row.
    pub inferences: u64,
    /// An array is written again when its busiest row was driven for so many onsets, 1 to 1,000,000.
    pub onsets: f64,
    /// A cell is written again when it lost so much of its conductance, above 0 and below 1.
    pub tolerance: f64,
    /// The law of the cells.
    pub law: ReadDisturb,
}

/// When cells are written again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Never.
    Never,
    /// All of an array at once.
    Arrays,
    /// Cell by cell.
    Cells,
}

impl DisturbSpec {
    /// Checks every key.
    ///
    /// # Errors
    /// [`ChipError`] for the first that cannot be.
    pub fn check(&self) -> Result<(), ChipError> {
        for volts in &self.read_voltages {
            need_positive("disturb.read_voltages", volts.0, volts)?;
            need_within("disturb.read_voltages", *volts, Volts::ZERO, Volts(2.0))?;
        }
        for time in &self.read_times {
            need_positive("disturb.read_times", time.0, time)?;
        }
        let both = !self.read_voltages.is_empty() && !self.read_times.is_empty();
        let help = "give at least one of each: read_voltages, read_times";
        need(both, "disturb.read_voltages", listed(&self.read_voltages), help)?;
        need_within("disturb.inferences", self.inferences, 1, 1_000_000_000_000_000)?;
        need_within("disturb.onsets", self.onsets, 1.0, 1e6)?;
        let fits = 0.0 < self.tolerance && self.tolerance < 1.0;
        need(fits, "disturb.tolerance", self.tolerance, "give a fraction above 0 and below 1")?;
        self.law.check().or_else(|error| match error {
            DeviceError::Parameter { name, value, range } => {
                let shown = match name {
                    "attempt" => Seconds(value).to_string(),
                    "temperature" => Kelvin(value).to_string(),
                    _ => value.to_string(),
                };
                need(false, &format!("disturb.law.{name}"), shown, &format!("give {range}"))
            }
            other => Err(TileError::from(other).into()),
        })
    }

    /// Every voltage, time and way to refresh.
    pub fn cases(&self) -> Vec<(Volts, Seconds, Refresh)> {
        let mut cases = Vec::new();
        for &voltage in &self.read_voltages {
            for &read_time in &self.read_times {
                cases.extend(Refresh::ALL.map(|refresh| (voltage, read_time, refresh)));
            }
        }
        cases
    }
}

impl Refresh {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Never, Self::Arrays, Self::Cells];
}

/// For a reader.
impl fmt::Display for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "never",
            Self::Arrays => "whole arrays",
            Self::Cells => "cell by cell",
        })
    }
}
