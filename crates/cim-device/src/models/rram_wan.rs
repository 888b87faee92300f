//! Filamentary RRAM whose spread is known at two times after programming.

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

/// A [`RramWan`] device as written in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RramWanSpec {
    /// Lowest conductance.
    pub g_off: Siemens,
    /// Highest conductance.
    pub g_on: Siemens,
    /// Error of programming, at the earlier time.
    pub programming: PolynomialSpec,
    /// Spread at the earlier time.
    pub early: PolynomialSpec,
    /// Spread at the later time, of one source with the early one.
    pub late: PolynomialSpec,
    /// The earlier time.
    pub from: Seconds,
    /// The later time.
    pub to: Seconds,
}

impl RramWanSpec {
    /// The two fits of aihwkit, at 1 s and at 1 day.
    pub fn published() -> Self {
        let early = PolynomialSpec::in_us(&[0.348, 16.03, -43.853, 45.393, -16.815], 40.0);
        Self {
            g_off: Siemens::ZERO,
            g_on: Siemens(40e-6),
            programming: early.clone(),
            early,
            late: PolynomialSpec::in_us(&[0.701, 22.086, -50.773, 47.095, -16.458], 40.0),
            from: Seconds(1.0),
            to: Seconds(86_400.0),
        }
    }

    /// The fit of CrossSim for 1 s, up to its 39.3 µS, and the same growth up to 1 day.
    pub fn published_cross_sim() -> Self {
        Self {
            g_on: Siemens(39.3e-6),
            programming: PolynomialSpec::in_us(&[1.053, 0.2374, -0.01167, 1.536e-4], 1.0),
            ..Self::published()
        }
    }

    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] for an empty window or span of time, a law that is negative somewhere, or a
    /// spread that shrinks with time.
    pub fn build(self) -> Result<RramWan, DeviceError> {
        let window = Window::new(self.g_off, self.g_on)?;
        let [programming, early, late] =
            [self.programming.law()?, self.early.law()?, self.late.law()?];
        programming.check("programming noise", window)?;
        early.check("early spread", window)?;
        late.check("late spread", window)?;
        let model = RramWan {
            window,
            programming,
            early,
            late,
            times: FittedTimes { from: self.from, to: self.to },
        };
        if !(0.0 < self.from.0 && self.from < self.to && self.to.is_finite()) {
            let (name, value) = ("to", self.to.0);
            return Err(DeviceError::Parameter { name, value, range: "what is later than `from`" });
        }
        for g_s in window.grid(257) {
            let growth = model.late.variance(g_s) - model.early.variance(g_s);
            if growth < 0.0 {
                let (sigma, conductance) = (Siemens(-(-growth).sqrt()), Siemens(g_s));
                return Err(DeviceError::NegativeSigma { name: "relaxation", sigma, conductance });
            }
        }
        Ok(model)
    }
}

impl Registered for RramWanSpec {
    const PUBLISHED: &'static [&'static dyn Listed] = &[&RRAM_WAN, &RRAM_WAN_1S];
}

/// Its line of the catalogue, programmed as in CrossSim.
const RRAM_WAN: Entry = Entry {
    name: "rram-wan",
    cell: "RRAM 1T1R, verified, 1 s to 1 day after programming",
    law: "programming sigma 1.053 + 0.2374 G - 0.01167 G^2 + 1.536e-4 G^3 µS at 1 s; relaxation \
          adds the growth of variance between the fits rram-wan-1s and rram-wan-1day, linear in \
          ln t",
    range: "0 to 39.3 µS, time 0 or 1 s to 1 day",
    source: "Wan et al. 2022, fits as in CrossSim (1 s) and aihwkit (growth); growth between the \
             two times and lower end of the range ours",
    not_modelled: "shift of the mean, read and telegraph noise, temperature",
    build: || Ok(Arc::new(RramWanSpec::published_cross_sim().build()?)),
};

/// Its line of the catalogue, as in aihwkit.
const RRAM_WAN_1S: Entry = Entry {
    name: "rram-wan-1s",
    cell: "RRAM 1T1R, verified, 1 s to 1 day after programming",
    law: "programming sigma 0.348 + 16.03 g - 43.853 g^2 + 45.393 g^3 - 16.815 g^4 µS at 1 s, \
          0.701 + 22.086 g - 50.773 g^2 + 47.095 g^3 - 16.458 g^4 µS at 1 day, variance linear in \
          ln t between; g = G/40 µS",
    range: "0 to 40 µS, time 0 or 1 s to 1 day",
    source: "Wan et al. 2022, fits as in aihwkit; growth between the two times ours",
    not_modelled: "shift of the mean, read and telegraph noise, temperature",
    build: || Ok(Arc::new(RramWanSpec::published().build()?)),
};

/// Filamentary RRAM with one transistor per cell, between two times after programming.
///
/// *What it models:* the spread of verified cells around their target at a first time, and its
/// growth by relaxation up to a second one.
///
/// *Law:* `G = max(0, G* + σ(G*) n)` is held at the first time; later
/// `G(t) = max(0, G + √(f (σ_late²(G) − σ_early²(G))) ξ)` with `ξ` drawn once per cell and
/// `f = ln(t/from) / ln(to/from)`.
///
/// *Parameters:* see [`RramWanSpec`].
///
/// *Source:* Wan et al., Nature 608, 504, 2022, fits as in CrossSim (1 s) and aihwkit (1 s, 1 day).
/// Linear growth of the variance in the logarithm of time is ours, and so is that a cell keeps
/// going in its direction: the source gives the spread at two times and nothing between.
///
/// *Range:* 1 s to 1 day; any other time but zero is an error. *Residual of the fits:* not stated.
/// *Not modelled:* a shift of the mean, read noise, telegraph noise, temperature.
#[derive(Clone, Debug, PartialEq)]
pub struct RramWan {
    window: Window,
    programming: SigmaLaw,
    early: SigmaLaw,
    late: SigmaLaw,
    times: FittedTimes,
}

impl RramWan {
    /// Standard deviation of programming before the floor at 0 S.
    pub fn programming_sigma(&self, target: Siemens) -> Siemens {
        Siemens(self.programming.sigma(target.0))
    }

    /// Standard deviation that relaxation from the first time up to `elapsed` adds.
    ///
    /// # Errors
    /// [`DeviceError`] for a time that the device is not known at.
    pub fn relaxation_sigma(
        &self,
        programmed: Siemens,
        elapsed: Seconds,
    ) -> Result<Siemens, DeviceError> {
        self.times.check(elapsed)?;
        Ok(Siemens((self.share(elapsed) * self.growth(programmed.0)).sqrt()))
    }

    /// Share of the growth that is over.
    fn share(&self, elapsed: Seconds) -> f64 {
        if elapsed == Seconds::ZERO {
            return 0.0;
        }
        libm::log(elapsed / self.times.from) / libm::log(self.times.to / self.times.from)
    }

    /// Growth of the variance (S²), not extrapolated beyond the window.
    fn growth(&self, g_s: f64) -> f64 {
        let g_s = g_s.clamp(self.window.g_min.0, self.window.g_max.0);
        (self.late.variance(g_s) - self.early.variance(g_s)).max(0.0)
    }
}

impl Device for RramWan {
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

    fn read_variance(&self, _g_s: f64) -> f64 {
        0.0
    }

    fn read_variance_above(&self) -> PosynomialFit {
        PosynomialFit::ZERO
    }

    fn current_voltage(&self) -> &Conduction {
        &Conduction::Ohmic
    }

    fn fitted_times(&self) -> FittedTimes {
        self.times
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
        self.times.check(elapsed)?;
        let mut g_s = programmed_s.to_owned();
        if elapsed > Seconds::ZERO {
            let share = self.share(elapsed);
            normal::for_each(&mut g_s, life.at.child("relaxation", 0), |g, n| {
                *g = (*g + (share * self.growth(*g)).sqrt() * n).max(0.0);
            });
        }
        Ok(g_s)
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    #[test]
    fn both_published_devices_build_and_name_their_times() {
        for spec in [RramWanSpec::published(), RramWanSpec::published_cross_sim()] {
            let device = spec.build().expect("a device");
            let g_s = ndarray::array![[0.0, 10e-6, 39e-6]];
            for (elapsed, known) in [(0.0, true), (0.5, false), (1.0, true), (1e5, false)] {
                let aged = device.aged(g_s.view(), Seconds(elapsed), Stream::root(1));
                assert_eq!(aged.is_ok(), known, "{elapsed} s");
            }
            let at_first = device.aged(g_s.view(), Seconds(1.0), Stream::root(1));
            assert_eq!(at_first.as_ref(), Ok(&g_s), "the law of programming is the one at 1 s");
        }
    }

    /// `√(1.548 µS · …)` by hand from the two fits at 40 µS: 2.651² − 1.103².
    #[test]
    fn relaxation_leads_from_one_fit_to_the_other() {
        let device = RramWanSpec::published().build().expect("a device");
        let sigma =
            |t: f64| device.relaxation_sigma(Siemens(40e-6), Seconds(t)).expect("a time").0 * 1e6;
        let whole = (2.651_f64.powi(2) - 1.103_f64.powi(2)).sqrt();
        assert!((sigma(86_400.0) - whole).abs() < 1e-9);
        assert_eq!(sigma(1.0), 0.0);
        assert!((sigma(86_400.0_f64.sqrt()) - whole / 2f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn a_spread_that_shrinks_is_refused() {
        let spec = RramWanSpec::published();
        let (early, late) = (spec.late.clone(), spec.early.clone());
        let error = RramWanSpec { early, late, ..spec }.build();
        assert!(matches!(error, Err(DeviceError::NegativeSigma { name: "relaxation", .. })));
    }
}
