//! `[circuit]`: how cells are read.

use cim_core::{Hertz, Kelvin, Volts};
use cim_crossbar::Ambient;
use serde::{Deserialize, Serialize};

use super::need::{need, need_within};
use crate::error::ChipError;

/// The circuit around the cells.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CircuitSpec {
    /// Row voltage of the largest input code (V); 1 µV to 100 V, up to `disturb_voltage`.
    pub read_voltage: Volts,
    /// Voltage from which on reading changes the cells (V), 1 µV to 100 V.
    pub disturb_voltage: Volts,
    /// Temperature of the circuit (K), 1 mK to 2000 K.
    pub temperature: Kelvin,
    /// Noise bandwidth of a read (Hz), 0 for no noise of the circuit, up to 1 THz.
    pub bandwidth: Hertz,
    /// Thermal noise of the amplifier over that of the cells: variance is multiplied by it, 1 to
    /// 1,000,000.
    pub amplifier_factor: f64,
    /// Shot noise over that of independent electrons, 0 for none, up to 1,000.
    pub fano_factor: f64,
}

impl CircuitSpec {
    /// Checks voltages and surroundings.
    ///
    /// # Errors
    /// [`ChipError`] for the first that cannot be.
    pub fn check(&self) -> Result<(), ChipError> {
        let (least, most) = (Volts(1e-6), Volts(100.0));
        need_within("circuit.read_voltage", self.read_voltage, least, most)?;
        need_within("circuit.disturb_voltage", self.disturb_voltage, least, most)?;
        need(
            self.read_voltage <= self.disturb_voltage,
            "circuit.read_voltage",
            format!("{}, above disturb_voltage {}", self.read_voltage, self.disturb_voltage),
            "read at or below the voltage from which on reading changes the cells",
        )?;
        need_within("circuit.temperature", self.temperature, Kelvin(1e-3), Kelvin(2000.0))?;
        need_within("circuit.bandwidth", self.bandwidth, Hertz::ZERO, Hertz(1e12))?;
        need_within("circuit.amplifier_factor", self.amplifier_factor, 1.0, 1e6)?;
        need_within("circuit.fano_factor", self.fano_factor, 0.0, 1e3)?;
        Ok(self.ambient().check()?)
    }

    /// The surroundings of a read.
    pub fn ambient(&self) -> Ambient {
        let Self { temperature, bandwidth, amplifier_factor, fano_factor, .. } = *self;
        Ambient { temperature, bandwidth, amplifier_factor, fano_factor }
    }
}
