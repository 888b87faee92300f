//! Cells whose conductance spreads by factors: high-resistance states of filaments.

use std::sync::Arc;

use cim_core::Siemens;
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::card::{Entry, Listed, Registered};
use crate::conduction::Conduction;
use crate::device::{Device, Life, Moments};
use crate::error::DeviceError;
use crate::law::PosynomialFit;
use crate::models::normal;
use crate::window::Window;

/// A [`LogNormal`] device as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogNormalSpec {
    /// Lowest conductance, above 0 S.
    pub g_off: Siemens,
    /// Highest conductance.
    pub g_on: Siemens,
    /// Standard deviation of `ln G` at `g_off`.
    pub spread_off: f64,
    /// Standard deviation of `ln G` at `g_on`.
    pub spread_on: f64,
}

impl LogNormalSpec {
    /// Medians and spreads of both states of HfO₂ cells over cells and cycles.
    ///
    /// Source: percentiles 5, 50 and 95 of the reference statistics of Synaptogen (Hennen et al.
    /// 2022): 75.3 kΩ and 35.8 to 161 kΩ, 4.52 kΩ and 4.17 to 4.99 kΩ; the spread is the logarithm of
    /// the ratio of the outer two over 2 · 1.6449.
    pub const PUBLISHED: Self = Self {
        g_off: Siemens(1.0 / 75.3e3),
        g_on: Siemens(1.0 / 4.52e3),
        spread_off: 0.457,
        spread_on: 0.0546,
    };

    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] for an empty window or one that begins at 0 S, or a negative spread.
    pub fn build(self) -> Result<LogNormal, DeviceError> {
        let window = Window::new(self.g_off, self.g_on)?;
        if self.g_off <= Siemens::ZERO {
            let (name, value) = ("g_off", self.g_off.0);
            return Err(DeviceError::Parameter { name, value, range: "the positive numbers" });
        }
        for (name, value) in [("spread_off", self.spread_off), ("spread_on", self.spread_on)] {
            if !(0.0 <= value && value.is_finite()) {
                return Err(DeviceError::Coefficient { name, value });
            }
        }
        let log_span = libm::log(self.g_on / self.g_off);
        let slope = (self.spread_on - self.spread_off) / log_span;
        Ok(LogNormal { window, spread_off: self.spread_off, slope })
    }
}

impl Registered for LogNormalSpec {
    const PUBLISHED: &'static [&'static dyn Listed] = &[&HFO2_LOG_NORMAL];
}

/// Its line of the catalogue.
const HFO2_LOG_NORMAL: Entry = Entry {
    name: "hfo2-lognormal",
    cell: "HfO2 RRAM, cells and cycles together, log-normal",
    law: "ln G = ln target + s n, s from 0.457 at 13.3 µS to 0.0546 at 221 µS, linear in ln G",
    range: "13.3 to 221 µS",
    source: "percentiles of both states in the reference statistics of Synaptogen (Hennen et \
             al. 2022); the line between the states ours",
    not_modelled: "memory from cycle to cycle, cells that differ for good, time, read noise",
    build: || Ok(Arc::new(LogNormalSpec::PUBLISHED.build()?)),
};

/// Cells whose programmed conductance is log-normal around its target.
///
/// *What it models:* states that spread by factors, as gaps in filaments do, and more so the less
/// they conduct.
///
/// *Law:* `ln G = ln G* + s(G*) n`, so that the target is the median; `s` linear in `ln G*` from
/// `g_off` to `g_on` and not extrapolated. A target of 0 S holds 0 S.
///
/// *Parameters:* window and the spread at both ends. *Source:* [`LogNormalSpec::PUBLISHED`] for the
/// ends; the line between them is ours.
///
/// *Not modelled:* memory from cycle to cycle, cells that differ from each other for good (both in
/// [`Synaptogen`](crate::Synaptogen)), time, read noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogNormal {
    window: Window,
    spread_off: f64,
    /// Change of the spread per natural logarithm of conductance.
    slope: f64,
}

impl LogNormal {
    /// Standard deviation of the natural logarithm of a conductance programmed to a target (S).
    pub fn spread(&self, target_s: f64) -> f64 {
        let inside = target_s.clamp(self.window.g_min.0, self.window.g_max.0);
        self.spread_off + self.slope * libm::log(inside / self.window.g_min.0)
    }
}

impl Device for LogNormal {
    fn window(&self) -> Window {
        self.window
    }

    fn drawn(&self, target_s: ArrayView2<'_, f64>, life: Life) -> Array2<f64> {
        let mut g_s = target_s.to_owned();
        normal::for_each(&mut g_s, life.at, |g, n| *g *= libm::exp(self.spread(*g) * n));
        g_s
    }

    fn programmed(&self, target_s: f64) -> Moments {
        let square = self.spread(target_s).powi(2);
        let mean = target_s * libm::exp(0.5 * square);
        Moments { mean, variance: mean * mean * libm::expm1(square) }
    }

    fn program_variance(&self) -> PosynomialFit {
        PosynomialFit::above(|g| self.programmed(g).variance, self.window)
    }

    fn read_variance(&self, _g_s: f64) -> f64 {
        0.0
    }

    fn read_variance_above(&self) -> PosynomialFit {
        PosynomialFit::ZERO
    }

    fn current_voltage(&self) -> &Conduction {
        &Conduction::Ohmic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_those_of_the_percentiles() {
        let device = LogNormalSpec::PUBLISHED.build().expect("a device");
        let of = |low: f64, high: f64| libm::log(high / low) / (2.0 * 1.644_853_6);
        let window = device.window();
        // Percentiles have three digits.
        assert!((device.spread(window.g_min.0) / of(35.8, 161.0) - 1.0).abs() < 0.003);
        assert!((device.spread(window.g_max.0) / of(4.17, 4.99) - 1.0).abs() < 0.003);
        assert_eq!(device.spread(0.0), device.spread(window.g_min.0));
    }

    #[test]
    fn a_window_from_zero_and_a_negative_spread_are_refused() {
        let zero = LogNormalSpec { g_off: Siemens::ZERO, ..LogNormalSpec::PUBLISHED };
        assert!(matches!(zero.build(), Err(DeviceError::Parameter { name: "g_off", .. })));
        let negative = LogNormalSpec { spread_on: -0.1, ..LogNormalSpec::PUBLISHED };
        assert!(matches!(negative.build(), Err(DeviceError::Coefficient { .. })));
    }
}
