//! Analog RRAM of a conductive metal oxide on HfOₓ: programming, relaxation, slow read noise.

use std::sync::Arc;

use cim_core::{Seconds, Siemens};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::card::{Entry, Listed, Registered};
use crate::conduction::Conduction;
use crate::device::{Device, Life, Moments};
use crate::error::DeviceError;
use crate::law::{PosynomialFit, SigmaLaw};
use crate::models::PolynomialSpec;
use crate::models::normal;
use crate::time::FittedTimes;
use crate::window::Window;

/// A [`CmoHfox`] device as written in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CmoHfoxSpec {
    /// Lowest conductance.
    pub g_off: Siemens,
    /// Highest conductance.
    pub g_on: Siemens,
    /// Error of programming.
    pub programming: PolynomialSpec,
    /// What happens after programming.
    pub relaxation: CmoRelaxation,
    /// Noise of one read.
    pub read: CmoRead,
}

/// Relaxation of a [`CmoHfox`] device from `from` on: the conductance changes by
/// `shift ln(t/1 s) + (spread + spread_growth ln(t/1 s)) ξ`, one `ξ` per cell for its life.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CmoRelaxation {
    /// First time of the fit, at least 1 s.
    pub from: Seconds,
    /// Mean change per natural logarithm of time, negative for a loss.
    pub shift: Siemens,
    /// Standard deviation at 1 s.
    pub spread: Siemens,
    /// Its growth per natural logarithm of time.
    pub spread_growth: Siemens,
}

/// Read noise of a [`CmoHfox`] device: `σ = strength log10(G/µS) √ln((t + pulse) / (2 pulse))`, 0
/// below 1 µS.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CmoRead {
    /// Noise at 10 µS per root of the logarithm of time.
    pub strength: Siemens,
    /// Length of a read.
    pub pulse: Seconds,
}

impl CmoHfoxSpec {
    /// Cells programmed to within 2 % of their target.
    ///
    /// Source: IBM Zurich's array (Falcone et al.; read noise Lombardo et al., DRC 2024), fits as
    /// in aihwkit and CrossSim, window as in aihwkit.
    pub fn published() -> Self {
        Self {
            g_off: Siemens(9e-6),
            g_on: Siemens(88.19e-6),
            programming: PolynomialSpec::in_us(&[0.0112185, 0.0112903], 1.0),
            relaxation: CmoRelaxation {
                from: Seconds(1.0),
                shift: Siemens(-0.0890e-6),
                spread: Siemens(0.4118e-6),
                spread_growth: Siemens(0.0420e-6),
            },
            read: CmoRead { strength: Siemens(0.02773e-6), pulse: Seconds(1e-6) },
        }
    }

    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] for an empty window, or a coefficient that is negative or not finite where
    /// it may not be.
    pub fn build(self) -> Result<CmoHfox, DeviceError> {
        let window = Window::new(self.g_off, self.g_on)?;
        let programming = self.programming.law()?;
        programming.check("programming noise", window)?;
        let Self { relaxation, read, .. } = self;
        for (name, value) in [
            ("relaxation.spread", relaxation.spread.0),
            ("relaxation.spread_growth", relaxation.spread_growth.0),
            ("read.strength", read.strength.0),
        ] {
            if !(0.0 <= value && value.is_finite()) {
                return Err(DeviceError::Coefficient { name, value });
            }
        }
        for (name, value, good, range) in [
            ("relaxation.shift", relaxation.shift.0, true, "the finite numbers"),
            ("relaxation.from", relaxation.from.0, 1.0 <= relaxation.from.0, "1 s or later"),
            ("read.pulse", read.pulse.0, 0.0 < read.pulse.0, "the positive, finite numbers"),
        ] {
            if !(good && value.is_finite()) {
                return Err(DeviceError::Parameter { name, value, range });
            }
        }
        Ok(CmoHfox { window, programming, relaxation, read })
    }
}

impl Registered for CmoHfoxSpec {
    const PUBLISHED: &'static [&'static dyn Listed] = &[&CMO_HFOX];
}

/// Its line of the catalogue.
const CMO_HFOX: Entry = Entry {
    name: "cmo-hfox",
    cell: "CMO/HfOx analog RRAM, 2 % acceptance range",
    law: "programming sigma 0.0112185 + 0.0112903 G µS; relaxation shifts by -0.0890 ln t µS with \
          a spread of 0.0420 ln t + 0.4118 µS, t in s; read sigma 0.02773 log10(G) sqrt(ln((t + 1 \
          µs)/2 µs)) µS, G in µS",
    range: "9 to 88.19 µS, time 0 or from 1 s",
    source: "IBM Zurich array (Falcone et al.; Lombardo et al. 2024), fits as in aihwkit and \
             CrossSim; that relaxation adds to what was programmed ours",
    not_modelled: "temperature, telegraph noise, the last time of the fit is not stated",
    build: || Ok(Arc::new(CmoHfoxSpec::published().build()?)),
};

/// Analog RRAM, conductive metal oxide on HfOₓ.
///
/// *What it models:* cells programmed to within an accepted range of their target, their
/// relaxation, which does not depend on the state, and read noise that grows with age.
///
/// *Law:* `G = max(0, G* + σ(G*) n)`; `G(t) = max(0, G + s L + (a + b L) ξ)` with `L = ln(t/1 s)`,
/// `ξ` drawn once per cell; reads differ by `c log10(G/µS) √ln((t + pulse)/(2 pulse))`.
///
/// *Parameters:* see [`CmoHfoxSpec`].
///
/// *Source:* [`CmoHfoxSpec::published`]. That the change adds to what was programmed, and that a
/// cell keeps its place in the spread, is ours: aihwkit draws the spread anew around the target.
/// Its factor of 0.9985 on the target, within the accepted range, is left out.
///
/// *Range:* from 1 s on; the last time of the fit is not stated. An earlier time but zero is an
/// error, and the read noise at zero is that at 1 s. *Residual of the fits:* not stated. *Not
/// modelled:* temperature, telegraph noise, the acceptance step itself.
#[derive(Clone, Debug, PartialEq)]
pub struct CmoHfox {
    window: Window,
    programming: SigmaLaw,
    relaxation: CmoRelaxation,
    read: CmoRead,
}

impl CmoHfox {
    /// Standard deviation of programming before the floor at 0 S.
    pub fn programming_sigma(&self, target: Siemens) -> Siemens {
        Siemens(self.programming.sigma(target.0))
    }

    /// Mean and standard deviation of the change by relaxation.
    ///
    /// # Errors
    /// [`DeviceError`] for a time at which the device is not known.
    pub fn relaxed_by(&self, elapsed: Seconds) -> Result<(Siemens, Siemens), DeviceError> {
        self.fitted_times().check(elapsed)?;
        if elapsed == Seconds::ZERO {
            return Ok((Siemens::ZERO, Siemens::ZERO));
        }
        let ln_t = libm::log(elapsed.0);
        let CmoRelaxation { shift, spread, spread_growth, .. } = self.relaxation;
        Ok((shift * ln_t, spread + spread_growth * ln_t))
    }

    fn variance_when_read(&self, g_s: f64, elapsed: Seconds) -> f64 {
        let CmoRead { strength, pulse } = self.read;
        let age = Seconds(elapsed.0.max(self.relaxation.from.0));
        let log_age = libm::log((age + pulse) / (2.0 * pulse)).max(0.0);
        let decades = libm::log10(g_s.max(1e-6) * 1e6);
        (strength.0 * decades).powi(2) * log_age
    }
}

impl Device for CmoHfox {
    fn window(&self) -> Window {
        self.window
    }

    fn drawn(&self, target_s: ArrayView2<'_, f64>, life: Life) -> Array2<f64> {
        normal::drawn(target_s, |g| self.programming.sigma(g), life.at)
    }

    fn programmed(&self, target_s: f64) -> Moments {
        normal::rectified(target_s, self.programming.sigma(target_s))
    }

    fn program_variance(&self) -> PosynomialFit {
        self.programming.posynomial_above(self.window)
    }

    fn read_variance(&self, g_s: f64) -> f64 {
        self.variance_when_read(g_s, Seconds::ZERO)
    }

    fn read_variance_above(&self) -> PosynomialFit {
        PosynomialFit::above(|g| self.read_variance(g), self.window)
    }

    fn current_voltage(&self) -> &Conduction {
        &Conduction::Ohmic
    }

    fn fitted_times(&self) -> FittedTimes {
        FittedTimes { from: self.relaxation.from, ..FittedTimes::ALL }
    }

    fn ages(&self) -> bool {
        true
    }

    fn aged_in(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
        life: Life,
    ) -> Result<Array2<f64>, DeviceError> {
        let (shift, spread) = self.relaxed_by(elapsed)?;
        let mut g_s = programmed_s.to_owned();
        if elapsed > Seconds::ZERO {
            normal::for_each(&mut g_s, life.at.child("relaxation", 0), |g, n| {
                *g = (*g + shift.0 + spread.0 * n).max(0.0);
            });
        }
        Ok(g_s)
    }

    fn read_variance_aged(&self, _programmed_s: f64, aged_s: f64, elapsed: Seconds) -> f64 {
        self.variance_when_read(aged_s, elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out by hand from the printed coefficients; `ln 86400 = 11.3668`.
    #[test]
    fn relaxation_and_read_noise_are_those_of_the_source() {
        let device = CmoHfoxSpec::published().build().expect("a device");
        let (shift, spread) = device.relaxed_by(Seconds(86_400.0)).expect("a time");
        assert!((shift.0 * 1e6 + 1.01164).abs() < 1e-4, "{shift}");
        assert!((spread.0 * 1e6 - 0.88920).abs() < 1e-4, "{spread}");
        let (shift, spread) = device.relaxed_by(Seconds(1.0)).expect("a time");
        assert_eq!((shift.0, spread), (0.0, Siemens(0.4118e-6)));
        // 0.02773 · 1.69897 · √ln(86400.000001 / 2e-6) = 0.02773 · 1.69897 · √24.48914.
        let sigma = device.read_variance_aged(50e-6, 50e-6, Seconds(86_400.0)).sqrt() * 1e6;
        assert!((sigma - 0.23315).abs() < 1e-4, "{sigma}");
        assert!(device.read_variance(50e-6) > 0.0);
        assert_eq!(device.read_variance(0.5e-6), 0.0);
    }

    #[test]
    fn times_before_the_fit_are_refused() {
        let device = CmoHfoxSpec::published().build().expect("a device");
        assert!(matches!(
            device.relaxed_by(Seconds(0.1)),
            Err(DeviceError::OutsideFittedTimes { .. })
        ));
        assert!(matches!(device.relaxed_by(Seconds(-1.0)), Err(DeviceError::NegativeTime { .. })));
    }
}
