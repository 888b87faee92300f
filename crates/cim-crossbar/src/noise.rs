//! Thermal and shot noise of conductances and currents.

use cim_core::{Amps, BOLTZMANN_J_K, ELEMENTARY_CHARGE_C, Siemens, Volts};
use cim_device::Conduction;

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

    /// Variance (A²) of the full shot noise of a current far above `2kT/q`: `2 q |I| Δf`, times the
    /// Fano factor.
    ///
    /// Source: Schottky 1918.
    pub fn shot_variance(&self, current: Amps) -> f64 {
        2.0 * ELEMENTARY_CHARGE_C * current.0.abs() * self.bandwidth.0 * self.fano_factor
    }

    /// `2 k T / q`: where thermal noise turns into shot noise.
    pub fn crossover(&self) -> Volts {
        Volts(2.0 * BOLTZMANN_J_K * self.temperature.0 / ELEMENTARY_CHARGE_C)
    }

    /// Effective voltage (V) whose full shot noise is what a voltage `v_v` (V) adds to the thermal
    /// noise that a cell has at rest.
    ///
    /// A cell of conductance `G` has `4kTG (1 − F) + 2qF |I| coth(q|V| / 2kT)` per hertz, which is
    /// `4kTG` at rest and `2qF |I|` far above `2kT/q`: the two are one noise, and must not be added
    /// in full. Here it is written as `4kTG + 2qF G s(V)` with
    /// `s = |f(V)| coth(q|V| / 2kT) − f'(0) 2kT/q`, `I = G f(V)`.
    ///
    /// Source: Blanter and Büttiker, Physics Reports 336, 2000, eq. 62.
    pub fn shot_v(&self, law: &Conduction, v_v: f64) -> f64 {
        let (drive_v, Volts(crossover_v)) = (law.effective_v(v_v), self.crossover());
        if crossover_v == 0.0 {
            return drive_v.abs();
        }
        if v_v == 0.0 {
            return 0.0;
        }
        let x = v_v.abs() / crossover_v;
        let excess = if x < 0.05 {
            // The next term of the series is below 1e-11 of the first.
            x * x * (1.0 / 3.0 - x * x * (1.0 / 45.0 - x * x * 2.0 / 945.0))
        } else {
            x / x.tanh() - 1.0
        };
        let (ratio, at_rest) = (drive_v / v_v, law.slope_at_rest());
        (crossover_v * (ratio * excess + (ratio - at_rest))).max(0.0)
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

    const ROOM: Ambient = Ambient {
        temperature: Kelvin(300.0),
        bandwidth: Hertz(1e6),
        amplifier_factor: 0.0,
        fano_factor: 1.0,
    };

    /// Both limits, and the formula in full between them, for an ohmic cell of 1 S.
    #[test]
    fn noise_is_thermal_at_rest_and_shot_noise_far_above_the_crossover() {
        let Volts(crossover_v) = ROOM.crossover();
        assert!((crossover_v - 51.704e-3).abs() < 1e-6, "{crossover_v}");
        for fano_factor in [0.0, 0.3, 1.0] {
            let ambient = Ambient { fano_factor, ..ROOM };
            let thermal = ambient.thermal_variance(Siemens(1.0));
            let total = |v: f64| {
                thermal + ambient.shot_variance(Amps(ambient.shot_v(&Conduction::Ohmic, v)))
            };
            assert_eq!(total(0.0), thermal);
            assert!((total(1e-6) / thermal - 1.0).abs() < 1e-9);
            for v in [1e-4, 2.5e-3, 2.6e-3, 0.02, -0.2, 0.6] {
                // By exponentials in full: coth(q|V|/2kT) = (e^y + 1)/(e^y − 1), y = q|V|/kT.
                let e = (2.0 * f64::abs(v) / crossover_v).exp();
                let shot = ambient.shot_variance(Amps(v)) * (e + 1.0) / (e - 1.0);
                let want = thermal * (1.0 - fano_factor) + shot;
                assert!((total(v) / want - 1.0).abs() < 1e-9, "{v} V: {} for {want}", total(v));
            }
            // Ten volts: what is left of thermal noise is that of the metal.
            let far = thermal * (1.0 - fano_factor) + ambient.shot_variance(Amps(10.0));
            assert!((total(10.0) / far - 1.0).abs() < 1e-9);
        }
        let cold = Ambient { temperature: Kelvin::ZERO, ..ROOM };
        assert_eq!(cold.shot_v(&Conduction::Sinh { scale: Volts(0.1) }, -0.1), 0.1 * 1f64.sinh());
    }
}
