//! Transistors in weak inversion.

use cim_core::{Amps, Farads, Kelvin, Volts};
use serde::{Deserialize, Serialize};

use crate::DynamicsError;
use crate::error::{not_negative, positive, within};

/// Boltzmann's constant (J/K) and the elementary charge (C), exact in the SI since 2019.
const BOLTZMANN: f64 = 1.380_649e-23;
const CHARGE: f64 = 1.602_176_634e-19;

/// `k T / q`.
pub fn thermal_voltage(temperature: Kelvin) -> Volts {
    Volts(BOLTZMANN * temperature.0 / CHARGE)
}

/// Noise of a capacitor that a resistive path keeps in equilibrium: `√(k T / C)`.
pub fn capacitor_noise(temperature: Kelvin, capacitance: Farads) -> Volts {
    Volts((BOLTZMANN * temperature.0 / capacitance.0).sqrt())
}

/// What bias currents do with temperature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bias {
    /// They stay, so that rates fall as `1 / T`.
    Constant,
    /// They are proportional to absolute temperature, so that rates stay.
    Ptat,
}

/// Transistors of one size.
///
/// # Law
/// `I_D = I_0 (W/L) e^{κ V_G / U_T} (e^{−V_S / U_T} − e^{−V_D / U_T})`, times `1 + s V_DS`; thresholds
/// differ by a normal law of `σ = A_VT / √(W L)`.
///
/// # Source
/// Enz, Krummenacher and Vittoz 1995 (weak inversion); Pelgrom et al. 1989 (mismatch). Values are ours.
///
/// # Not modelled
/// Moderate inversion, capacitances of the devices, gradients of mismatch across the die.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transistors {
    /// Current at no voltage between gate and source, for `W = L`.
    pub i_0: Amps,
    /// Gate coupling `κ`.
    pub kappa: f64,
    /// Output conductance: relative change of current per volt (1/V).
    pub early_per_v: f64,
    /// Pelgrom's constant `A_VT` (V·µm).
    pub mismatch_v_um: f64,
    /// Gate area of a device (µm²).
    pub area_um2: f64,
}

impl Transistors {
    /// 1 fA (a threshold of some 0.5 V: diodes then saturate at the least currents), κ = 0.7, 1 %/V, 3.5 mV·µm, 25 µm²: ours.
    pub const TYPICAL: Self = Self {
        i_0: Amps(1e-15),
        kappa: 0.7,
        early_per_v: 0.01,
        mismatch_v_um: 3.5e-3,
        area_um2: 25.0,
    };

    /// Standard deviation of the logarithm of a current: `κ σ(V_T) / U_T`.
    pub fn spread(&self, temperature: Kelvin) -> f64 {
        self.kappa * self.mismatch_v_um / self.area_um2.sqrt() / thermal_voltage(temperature).0
    }

    pub(crate) fn check(&self) -> Result<(), DynamicsError> {
        positive("the current I_0", self.i_0.0, self.i_0)?;
        within("the gate coupling", self.kappa, 0.1, 1.0)?;
        not_negative("the output conductance per volt", self.early_per_v, self.early_per_v)?;
        not_negative("Pelgrom's constant in V·µm", self.mismatch_v_um, self.mismatch_v_um)?;
        positive("the gate area in µm²", self.area_um2, self.area_um2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_those_of_the_specification() {
        assert!((thermal_voltage(Kelvin(300.0)).0 - 25.85e-3).abs() < 5e-6);
        // 64 µV on 1 pF.
        assert!((capacitor_noise(Kelvin(300.0), Farads(1e-12)).0 - 64.4e-6).abs() < 1e-7);
        // 3.6 mV is 10 %.
        let device = Transistors { mismatch_v_um: 3.6e-3, area_um2: 1.0, ..Transistors::TYPICAL };
        assert!((device.spread(Kelvin(300.0)) - 0.0975).abs() < 1e-3);
    }
}
