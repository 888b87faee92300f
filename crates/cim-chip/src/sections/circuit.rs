//! `[circuit]`: how cells are read.

use cim_core::{Hertz, Kelvin, Volts};
use cim_crossbar::Ambient;
use serde::{Deserialize, Serialize};

use super::need::{need, need_positive};
use crate::error::ChipError;

/// The circuit around the cells.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CircuitSpec {
    /// Row voltage of the largest input code (V); above 0, up to `disturb_voltage`.
    pub read_voltage: Volts,
    /// Voltage from which on reading changes the cells (V).
    pub disturb_voltage: Volts,
    /// Temperature of the circuit (K), above 0.
    pub temperature: Kelvin,
    /// Noise bandwidth of a read (Hz), above 0.
    pub bandwidth: Hertz,
    /// Thermal noise of the amplifier over that of the cells: variance is multiplied by it, 1 or more.
    pub amplifier_factor: f64,
    /// Shot noise over that of independent electrons, 0 for none.
    pub fano_factor: f64,
}

impl CircuitSpec {
    /// Checks voltages and surroundings.
    ///
    /// # Errors
    /// [`ChipError`] for the first that cannot be.
    pub fn check(&self) -> Result<(), ChipError> {
        need_positive("circuit.read_voltage", self.read_voltage.0, self.read_voltage)?;
        need_positive("circuit.disturb_voltage", self.disturb_voltage.0, self.disturb_voltage)?;
        need(
            self.read_voltage <= self.disturb_voltage,
            "circuit.read_voltage",
            format!("{}, above disturb_voltage {}", self.read_voltage, self.disturb_voltage),
            "read at or below the voltage from which on reading changes the cells",
        )?;
        Ok(self.ambient().check()?)
    }

    /// The surroundings of a read.
    pub fn ambient(&self) -> Ambient {
        let Self { temperature, bandwidth, amplifier_factor, fano_factor, .. } = *self;
        Ambient { temperature, bandwidth, amplifier_factor, fano_factor }
    }
}
