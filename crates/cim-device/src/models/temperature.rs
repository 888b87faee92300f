//! Conductance at another temperature than that of programming.

use std::sync::Arc;

use cim_core::{BOLTZMANN_J_K, ELEMENTARY_CHARGE_C, Kelvin, Seconds, Volts};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::card::Registered;
use crate::conduction::Conduction;
use crate::device::{Device, Life, Moments};
use crate::error::DeviceError;
use crate::law::{Posynomial, PosynomialFit};
use crate::time::FittedTimes;
use crate::window::Window;

/// A [`Temperature`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemperatureSpec {
    /// Temperature at which cells are programmed, and at which their window and targets are stated.
    pub programmed_at: Kelvin,
    /// Temperature at which they are read.
    pub read_at: Kelvin,
    /// Activation energy over the elementary charge: `"50 mV"` for 0.05 eV; `"0 V"` where the
    /// conductance does not depend on temperature.
    pub activation: Volts,
}

impl Registered for TemperatureSpec {
    fn examples() -> Vec<(&'static str, Self)> {
        let (programmed_at, read_at) = (Kelvin(300.0), Kelvin(250.0));
        vec![("cold", Self { programmed_at, read_at, activation: Volts(0.0) })]
    }
}

impl TemperatureSpec {
    /// Checks the specification and puts it around a device.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] for a temperature that is not above absolute zero, or an energy
    /// that is not finite.
    pub fn build(self, inner: Arc<dyn Device>) -> Result<Temperature, DeviceError> {
        for (name, value) in [("programmed_at", self.programmed_at.0), ("read_at", self.read_at.0)]
        {
            if !(0.0 < value && value.is_finite()) {
                let range = "the positive, finite numbers";
                return Err(DeviceError::Parameter { name, value, range });
            }
        }
        let (name, value) = ("activation", self.activation.0);
        if !value.is_finite() {
            return Err(DeviceError::Parameter { name, value, range: "the finite numbers" });
        }
        let inverse = 1.0 / self.read_at.0 - 1.0 / self.programmed_at.0;
        let factor = libm::exp(-value * KELVIN_PER_VOLT * inverse);
        if !(0.0 < factor && factor.is_finite()) {
            let range = "what leaves a conductance that is positive and finite";
            return Err(DeviceError::Parameter { name, value, range });
        }
        Ok(Temperature { inner, factor })
    }
}

/// Elementary charge over Boltzmann's constant.
const KELVIN_PER_VOLT: f64 = ELEMENTARY_CHARGE_C / BOLTZMANN_J_K;

/// A device that is programmed at one temperature and read at another.
///
/// *What it models:* thermally activated conduction.
///
/// *Law:* `G(T) = G(T₀) exp(−(E/k)(1/T − 1/T₀))`, for programmed and aged cells alike. Noise of
/// programming is that at `T₀`; read noise keeps its size relative to the conductance. Thermal noise
/// belongs to the array that reads, which has a temperature of its own.
///
/// *Parameters:* see [`TemperatureSpec`]. *Source:* Arrhenius' law. The activation energy is that of
/// a device and has to be given; none of the sources of the presets states one, so no preset has it.
///
/// *Not modelled:* activation energies that depend on the state, drift and relaxation that are
/// faster when hot.
#[derive(Clone)]
pub struct Temperature {
    inner: Arc<dyn Device>,
    factor: f64,
}

impl Temperature {
    /// Conductance as read over conductance as programmed.
    pub fn factor(&self) -> f64 {
        self.factor
    }
}

impl Device for Temperature {
    /// That of the targets, at the temperature of programming.
    fn window(&self) -> Window {
        self.inner.window()
    }

    fn held_window(&self) -> Window {
        let Window { g_min, g_max } = self.inner.held_window();
        Window { g_min: g_min * self.factor, g_max: g_max * self.factor }
    }

    fn effects(&self) -> u64 {
        1 + self.inner.effects()
    }

    fn drawn(&self, target_s: ArrayView2<'_, f64>, life: Life) -> Array2<f64> {
        self.inner.drawn(target_s, life) * self.factor
    }

    fn programmed(&self, target_s: f64) -> Moments {
        let Moments { mean, variance } = self.inner.programmed(target_s);
        Moments { mean: self.factor * mean, variance: self.factor.powi(2) * variance }
    }

    fn program_variance(&self) -> PosynomialFit {
        let fit = self.inner.program_variance();
        let (square, Posynomial { a0, a1, a2, am }) = (self.factor.powi(2), fit.posynomial);
        let posynomial =
            Posynomial { a0: a0 * square, a1: a1 * square, a2: a2 * square, am: am * square };
        PosynomialFit { posynomial, ..fit }
    }

    fn read_variance(&self, g_s: f64) -> f64 {
        self.factor.powi(2) * self.inner.read_variance(g_s / self.factor)
    }

    fn read_variance_above(&self) -> PosynomialFit {
        if self.factor == 1.0 {
            return self.inner.read_variance_above();
        }
        PosynomialFit::above(|g| self.read_variance(g), self.window())
    }

    fn current_voltage(&self) -> &Conduction {
        self.inner.current_voltage()
    }

    fn fitted_times(&self) -> FittedTimes {
        self.inner.fitted_times()
    }

    fn ages(&self) -> bool {
        self.inner.ages()
    }

    fn aged_in(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
        life: Life,
    ) -> Result<Array2<f64>, DeviceError> {
        self.fitted_times().check(elapsed)?;
        if elapsed == Seconds::ZERO || !self.inner.ages() {
            // There and back again would not be to the bit.
            return Ok(programmed_s.to_owned());
        }
        let at_programming = programmed_s.mapv(|g| g / self.factor);
        Ok(self.inner.aged_in(at_programming.view(), elapsed, life)? * self.factor)
    }

    fn read_variance_aged(&self, programmed_s: f64, aged_s: f64, elapsed: Seconds) -> f64 {
        let [programmed_s, aged_s] = [programmed_s, aged_s].map(|g| g / self.factor);
        self.factor.powi(2) * self.inner.read_variance_aged(programmed_s, aged_s, elapsed)
    }

    fn read_variances_aged(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        aged_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
    ) -> Array2<f64> {
        let [programmed_s, aged_s] =
            [programmed_s, aged_s].map(|g_s| g_s.mapv(|g| g / self.factor));
        let there = self.inner.read_variances_aged(programmed_s.view(), aged_s.view(), elapsed);
        self.factor.powi(2) * there
    }
}

#[cfg(test)]
mod tests {
    use cim_core::{Stream, Tally};

    use super::*;
    use crate::PcmSpec;

    fn pcm() -> Arc<dyn Device> {
        Arc::new(PcmSpec::PUBLISHED.build().expect("the published model"))
    }

    fn at(read_at: f64, activation: f64) -> Result<Temperature, DeviceError> {
        let activation = Volts(activation);
        TemperatureSpec { programmed_at: Kelvin(300.0), read_at: Kelvin(read_at), activation }
            .build(pcm())
    }

    /// `exp(0.05 · 11604.518 (1/300 − 1/350))` = exp(0.276298).
    #[test]
    fn conductance_follows_arrhenius() {
        let device = at(350.0, 0.05).expect("a device");
        assert!((device.factor() - 1.318_240).abs() < 1e-5, "{}", device.factor());
        assert_eq!(at(300.0, 0.05).expect("a device").factor(), 1.0);
        assert_eq!(at(400.0, 0.0).expect("a device").factor(), 1.0);
        let targets = Array2::from_elem((3, 5), 10e-6);
        let programmed = |device: &dyn Device| {
            device.program(targets.view(), Stream::root(1), &mut Tally::default())
        };
        let (hot, cold) = (programmed(&device), programmed(pcm().as_ref()));
        let day = Seconds(86_400.0);
        let aged_hot = device.aged(hot.view(), day, Stream::root(1)).expect("a time");
        let aged_cold = pcm().aged(cold.view(), day, Stream::root(1)).expect("a time");
        for (hot, cold) in hot.iter().chain(&aged_hot).zip(cold.iter().chain(&aged_cold)) {
            assert!((hot / cold / device.factor() - 1.0).abs() < 1e-13);
        }
        assert_eq!(device.aged(hot.view(), Seconds::ZERO, Stream::root(1)), Ok(hot));
        // The noise of a read keeps its relative size.
        let relative = |device: &dyn Device, g: f64| device.read_variance(g) / (g * g);
        let ratio = relative(&device, 10e-6 * device.factor()) / relative(pcm().as_ref(), 10e-6);
        assert!((ratio - 1.0).abs() < 1e-12);
    }

    #[test]
    fn temperatures_that_cannot_be_are_refused() {
        for (read_at, activation) in [(0.0, 0.1), (-3.0, 0.1), (300.0, f64::NAN), (1.0, -10.0)] {
            assert!(at(read_at, activation).is_err(), "{read_at} K");
        }
    }
}
