//! What surrounds a read: temperature, bandwidth, the noise factors of the read-out.

use cim_core::{Hertz, Kelvin};
use serde::{Deserialize, Serialize};

use crate::error::CircuitError;

/// Conditions of a read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ambient {
    /// Temperature of the array.
    pub temperature: Kelvin,
    /// Noise bandwidth of the read-out.
    pub bandwidth: Hertz,
    /// Thermal noise of the amplifier as a multiple `γ` of the array's own.
    pub amplifier_factor: f64,
    /// Fano factor of the cells: 1 is full shot noise, 0 a metallic filament without any.
    pub fano_factor: f64,
}

impl Ambient {
    /// No noise from the circuit at all.
    pub const SILENT: Self = Self {
        temperature: Kelvin::ZERO,
        bandwidth: Hertz::ZERO,
        amplifier_factor: 0.0,
        fano_factor: 0.0,
    };

    /// Whether the circuit adds no noise: nothing is let through, or there is none to let through.
    pub fn is_silent(&self) -> bool {
        let is_cold = self.temperature == Kelvin::ZERO && self.fano_factor == 0.0;
        self.bandwidth == Hertz::ZERO || is_cold
    }

    /// Checks every quantity.
    ///
    /// # Errors
    /// [`CircuitError::Ambient`] naming the first that is negative or not finite.
    pub fn check(&self) -> Result<(), CircuitError> {
        for (name, value) in [
            ("temperature", self.temperature.0),
            ("bandwidth", self.bandwidth.0),
            ("amplifier_factor", self.amplifier_factor),
            ("fano_factor", self.fano_factor),
        ] {
            if !(0.0 <= value && value.is_finite()) {
                let expected = "zero or a positive, finite number";
                return Err(CircuitError::Ambient { name, value, expected });
            }
        }
        Ok(())
    }
}
