//! The model and how it is written in a file.

use cim_core::{BOLTZMANN_J_K, ELEMENTARY_CHARGE_C, Hertz, Kelvin};
use serde::{Deserialize, Serialize};

use super::parameters::{Autoregression, ORDER_1, ORDER_10};
use crate::error::DeviceError;

/// A [`Synaptogen`] model as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SynaptogenSpec {
    /// Cycles that a cell remembers: 1 or 10.
    pub order: u32,
    /// Constants of the read noise.
    pub read_noise: SynaptogenNoise,
}

/// Which constants the noise `4 k T B |I/U| + 2 q B |I|` of a read has.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "constants", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SynaptogenNoise {
    /// Those of nature.
    Physical {
        /// Bandwidth of a read.
        bandwidth: Hertz,
        /// Temperature of the cells.
        temperature: Kelvin,
    },
    /// Those of the public speech-recognition library that uses this model: a bandwidth of 1e-8 and
    /// a charge of 2.718. It is about 40 times the noise of nature at 100 MHz. Only to compare with
    /// figures made by it.
    #[serde(deserialize_with = "cim_core::no_keys")]
    LibraryCompatible,
}

impl SynaptogenSpec {
    /// Ten cycles of memory, thermal and shot noise of 100 MHz at 300 K.
    pub const PUBLISHED: Self = Self {
        order: 10,
        read_noise: SynaptogenNoise::Physical { bandwidth: Hertz(1e8), temperature: Kelvin(300.0) },
    };

    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] for an order that was not fitted, or an impossible temperature or
    /// bandwidth.
    pub fn build(self) -> Result<Synaptogen, DeviceError> {
        let latent = match self.order {
            1 => &ORDER_1,
            10 => &ORDER_10,
            other => {
                let (name, value) = ("order", f64::from(other));
                return Err(DeviceError::Parameter { name, value, range: "the fitted 1 and 10" });
            }
        };
        let (bandwidth, temperature, charge) = match self.read_noise {
            SynaptogenNoise::Physical { bandwidth, temperature } => {
                (bandwidth, temperature, ELEMENTARY_CHARGE_C)
            }
            SynaptogenNoise::LibraryCompatible => (Hertz(1e-8), Kelvin(300.0), LIBRARY_CHARGE),
        };
        for (name, value) in [("bandwidth", bandwidth.0), ("temperature", temperature.0)] {
            if !(0.0 <= value && value.is_finite()) {
                return Err(DeviceError::Coefficient { name, value });
            }
        }
        Ok(Synaptogen {
            latent,
            thermal_a2_per_s: 4.0 * BOLTZMANN_J_K * temperature.0 * bandwidth.0,
            shot_a: 2.0 * charge * bandwidth.0,
        })
    }
}

/// What the library has where the elementary charge is meant.
#[expect(clippy::approx_constant, reason = "the library's number to the digit")]
const LIBRARY_CHARGE: f64 = 2.718;

/// HfO₂ cells (1R) that are set and reset by voltage, from a generative model of measured cycling.
///
/// *What it models:* bipolar switching of single cells: resistances after set and reset and the
/// voltages at which both begin, from cycle to cycle with memory and from cell to cell; partial
/// reset; non-linear current; noise of reads. Reads do not disturb.
///
/// *Law:* per cycle `n` of a cell a latent vector `x_n = Σ A_i x_(n−i) + B ε_n`, four features
/// `y = μ + σ Γ(x)` with quantile maps `Γ` of degree 4, and `HRS = 10^y₀`; per cell `(μ, σ)` from a
/// mixture of three Gaussians of eight dimensions. `I(U) = (1 − r) P_L(U) + r P_H(U)`. A voltage
/// `U ≤ U_S` sets a cell; `U > U_R` resets it and starts the next cycle, fully from 1.46 V, else
/// along `I = a |U_max − U|^η + c`. Read variance `4 k T B |I/U| + 2 q B |I|`.
///
/// *Parameters:* see [`SynaptogenSpec`]; all other numbers are the released defaults.
///
/// *Source:* Hennen et al., Front. Neurosci. 16, 941753, 2022, and IEEE Trans. Electron Devices,
/// 2024; parameters copyright 2024 Tyler Hennen and contributors, MIT licence.
///
/// *Range:* fitted to ±1.5 V sweeps of fresh cells. *Not modelled:* pulse width, temperature of
/// switching, retention, wear, disturb by small voltages, access transistors, gradual set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Synaptogen {
    pub(super) latent: &'static Autoregression,
    thermal_a2_per_s: f64,
    shot_a: f64,
}

impl Synaptogen {
    /// Variance (A²) of one read of a current (A) at a conductance (S).
    #[inline]
    pub fn read_variance_a2(&self, current_a: f64, conductance_s: f64) -> f64 {
        self.thermal_a2_per_s * conductance_s.abs() + self.shot_a * current_a.abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At 137 µA and 0.6 V.
    #[test]
    fn both_noises_are_those_stated() {
        let sigma_ua = |read_noise| {
            let model = SynaptogenSpec { read_noise, ..SynaptogenSpec::PUBLISHED }.build();
            model.expect("a model").read_variance_a2(137e-6, 137e-6 / 0.6).sqrt() * 1e6
        };
        assert!((sigma_ua(SynaptogenSpec::PUBLISHED.read_noise) - 0.069).abs() < 5e-4);
        assert!((sigma_ua(SynaptogenNoise::LibraryCompatible) - 2.73).abs() < 5e-3);
    }

    #[test]
    fn an_order_without_a_fit_is_refused() {
        let error = SynaptogenSpec { order: 3, ..SynaptogenSpec::PUBLISHED }.build();
        assert!(matches!(error, Err(DeviceError::Parameter { name: "order", .. })));
    }
}
