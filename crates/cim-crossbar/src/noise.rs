//! Thermal and shot noise of conductances and currents.

use cim_core::{Amps, BOLTZMANN_J_K, ELEMENTARY_CHARGE_C, Siemens};

use crate::ambient::Ambient;

impl Ambient {
    /// Variance (A²) of the thermal noise current of a conductance: `4 k T G Δf (1 + γ)`.
    ///
    /// Source: Johnson 1928, Nyquist 1928.
    pub fn thermal_variance(&self, conductance: Siemens) -> f64 {
        4.0 * BOLTZMANN_J_K
            * self.temperature.0
            * conductance.0
            * self.bandwidth.0
            * (1.0 + self.amplifier_factor)
    }

    /// Variance (A²) of the shot noise of a current: `2 q |I| Δf`, times the Fano factor.
    ///
    /// Source: Schottky 1918.
    pub fn shot_variance(&self, current: Amps) -> f64 {
        2.0 * ELEMENTARY_CHARGE_C * current.0.abs() * self.bandwidth.0 * self.fano_factor
    }
}

#[cfg(test)]
mod tests {
    use cim_core::{Hertz, Kelvin};

    use super::*;

    /// 128 rows of differential pairs of mean 20 µS at 0.2 V and half activity, 300 K.
    #[test]
    fn typical_sizes_of_thermal_and_shot_noise() {
        for (bandwidth, thermal_na, shot_na) in
            [(1e6, 6.5, 9.1), (1e7, 20.6, 28.6), (1e8, 65.0, 91.0), (1e9, 206.0, 286.0)]
        {
            let ambient = Ambient {
                temperature: Kelvin(300.0),
                bandwidth: Hertz(bandwidth),
                amplifier_factor: 0.0,
                fano_factor: 1.0,
            };
            let total = Siemens(256.0 * 10e-6);
            let thermal = ambient.thermal_variance(total).sqrt() * 1e9;
            let shot = ambient.shot_variance(Amps(0.256e-3)).sqrt() * 1e9;
            // Two significant digits are given.
            assert!((thermal / thermal_na - 1.0).abs() < 0.01, "thermal {thermal} nA");
            assert!((shot / shot_na - 1.0).abs() < 0.01, "shot {shot} nA");
        }
    }
}
