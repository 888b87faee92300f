//! How row drivers are fed.

use cim_core::Volts;
use serde::{Deserialize, Serialize};

/// How much energy a row takes from the supply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drivers {
    /// From a source of the row's own voltage without loss: what the cells dissipate, `V I t`.
    #[default]
    Lossless,
    /// Through a linear (class A or B) driver from the supply: `V_dd I t`, whatever the row's voltage.
    Supply,
}

impl Drivers {
    /// Voltage through which the current of a row at `row_v` falls. A driver makes no more voltage
    /// than its supply: a row above it is fed without loss.
    pub fn fed_by(self, supply: Volts, row_v: Volts) -> Volts {
        match self {
            Self::Lossless => row_v,
            Self::Supply => Volts(supply.0.max(row_v.0)),
        }
    }
}
