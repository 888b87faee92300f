//! What reads do to cells in their state of low resistance.
//!
//! *What it models*: the slow loss of conductance of a cell that is read again and again with the polarity of a reset.
//!
//! *Law*: nothing up to an onset, a power of the time under voltage from then on:
//!
//! ```text
//! p   = scale · exp(steepness · |V| / (k T / q))
//! t_t = attempt · (ease · (1 − wear · n^wear_power))^(1 / p)
//! G(t) = G(0) · (t / t_t)^(−p)     for t > t_t, n cycles of set and reset after the first
//! ```
//!
//! *Source*: the public simulator of CIM-Explorer (Pelke et al., arXiv 2505.14303), for TiN/Ti/HfO₂/TiN cells with a
//! transistor each.
//!
//! *Not modelled*: cells in their state of high resistance, spread between cells, recovery.

use cim_core::{Kelvin, Seconds, Volts};
use serde::{Deserialize, Serialize};

use crate::error::DeviceError;

/// Boltzmann's constant over the elementary charge (V/K).
const KELVIN_IN_VOLTS: f64 = 8.617_333_262e-5;

/// The law of read disturb.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadDisturb {
    /// Exponent without a voltage, above 0.
    pub scale: f64,
    /// How steeply the exponent grows with the voltage over `k T / q`, 0 or above.
    pub steepness: f64,
    /// Time from which the onset is counted.
    pub attempt: Seconds,
    /// What is raised to the reciprocal of the exponent for a cell of no cycles, above 0.
    pub ease: f64,
    /// How much of that cycles take, 0 or above.
    pub wear: f64,
    /// With which power of their number, above 0.
    pub wear_power: f64,
    /// Temperature.
    pub temperature: Kelvin,
}

impl ReadDisturb {
    /// The cells of the source at 300 K.
    pub const HFO2: Self = Self {
        scale: 0.0068,
        steepness: 0.11,
        attempt: Seconds(1.55e-8),
        ease: 1.43339,
        wear: 0.003,
        wear_power: 0.41,
        temperature: Kelvin(300.0),
    };

    /// Checks every number.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] for the first that cannot be.
    pub fn check(&self) -> Result<(), DeviceError> {
        for (name, value, may_be_zero) in [
            ("scale", self.scale, false),
            ("steepness", self.steepness, true),
            ("attempt", self.attempt.0, false),
            ("ease", self.ease, false),
            ("wear", self.wear, true),
            ("wear_power", self.wear_power, false),
            ("temperature", self.temperature.0, false),
        ] {
            let fits = 0.0 < value || (may_be_zero && value == 0.0);
            if !(fits && value.is_finite()) {
                let range = if may_be_zero { "0 and above" } else { "numbers above 0" };
                return Err(DeviceError::Parameter { name, value, range });
            }
        }
        Ok(())
    }

    /// Exponent `p` of the loss under a voltage, of which the magnitude counts: that it has the polarity of a reset is
    /// up to the caller.
    pub fn exponent(&self, voltage: Volts) -> f64 {
        let thermal_v = KELVIN_IN_VOLTS * self.temperature.0;
        self.scale * (self.steepness * voltage.0.abs() / thermal_v).exp()
    }

    /// Time under a voltage from which a cell loses conductance, after so many `cycles`; 0 s where nothing of
    /// the barrier is left.
    pub fn onset(&self, voltage: Volts, cycles: u64) -> Seconds {
        let left = 1.0 - self.wear * (cycles as f64).powf(self.wear_power);
        let barrier = (self.ease * left.max(0.0)).powf(1.0 / self.exponent(voltage));
        Seconds(self.attempt.0 * barrier)
    }

    /// What is left of a conductance after a time under voltage, 0 to 1.
    pub fn left(&self, voltage: Volts, cycles: u64, under_voltage: Seconds) -> f64 {
        let onsets = under_voltage.0 / self.onset(voltage, cycles).0;
        if onsets > 1.0 { onsets.powf(-self.exponent(voltage)) } else { 1.0 }
    }

    /// Time under voltage after which so much of a conductance is left: the inverse of [`left`](Self::left), the onset
    /// for 1.
    pub fn time_until(&self, voltage: Volts, cycles: u64, left: f64) -> Seconds {
        let onsets = left.powf(-1.0 / self.exponent(voltage));
        Seconds(self.onset(voltage, cycles).0 * onsets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAW: ReadDisturb = ReadDisturb::HFO2;

    /// By hand: k T / q = 25.852 mV, so that 0.2 V make an exponent of 0.0068 e^0.85098 = 0.015925 and an onset of
    /// 1.55e-8 · 1.43339^62.794 s.
    #[test]
    fn a_point_by_hand() {
        let p = LAW.exponent(Volts(-0.2));
        assert!((p - 0.015_925).abs() < 2e-6, "{p}");
        let want = 1.55e-8 * (1.433_39_f64.ln() / p).exp();
        assert!((LAW.onset(Volts(0.2), 0).0 / want - 1.0).abs() < 1e-9);
        assert!((LAW.onset(Volts(0.2), 0).0 - 102.05).abs() < 0.05, "{}", LAW.onset(Volts(0.2), 0));
    }

    #[test]
    fn a_cell_holds_to_the_onset_and_falls_by_its_power_then() {
        for voltage in [0.1, 0.2, 0.4].map(Volts) {
            for cycles in [0, 1, 1000] {
                let onset = LAW.onset(voltage, cycles);
                assert_eq!(LAW.left(voltage, cycles, onset * 0.99), 1.0);
                let slope = (LAW.left(voltage, cycles, onset * 100.0)
                    / LAW.left(voltage, cycles, onset * 10.0))
                .log10();
                assert!((slope + LAW.exponent(voltage)).abs() < 1e-12);
                for left in [1.0, 0.9, 0.5] {
                    let time = LAW.time_until(voltage, cycles, left);
                    assert!((LAW.left(voltage, cycles, time) - left).abs() < 1e-12);
                }
            }
        }
    }

    /// Higher voltages and more cycles disturb sooner.
    #[test]
    fn voltage_and_wear_bring_the_onset_near() {
        let onset = |volts: f64, cycles| LAW.onset(Volts(volts), cycles).0;
        assert!(onset(0.4, 0) < 1e-3 * onset(0.2, 0));
        assert!(onset(0.2, 10_000) < onset(0.2, 100) && onset(0.2, 100) < onset(0.2, 0));
        // By hand: 1 − 0.003 · 1000^0.41 = 0.949053, and 0.949053^62.794 = 0.03750.
        assert!((onset(0.2, 1000) / onset(0.2, 0) - 0.0375).abs() < 1e-4);
        assert_eq!(onset(0.2, u64::MAX), 0.0);
        assert_eq!(LAW.left(Volts(0.2), u64::MAX, Seconds(1.0)), 0.0);
    }

    #[test]
    fn impossible_laws_are_refused() {
        assert!(LAW.check().is_ok());
        assert!(ReadDisturb { scale: 0.0, ..LAW }.check().is_err());
        assert!(ReadDisturb { wear: -1.0, ..LAW }.check().is_err());
        assert!(ReadDisturb { temperature: Kelvin(f64::NAN), ..LAW }.check().is_err());
    }
}
