//! Phase-change memory over its lifetime: programming, drift, and read noise that grows with time.

use std::sync::Arc;

use cim_core::{Seconds, Siemens, elementary};
use ndarray::{Array2, ArrayView2, Zip};
use serde::{Deserialize, Serialize};

use crate::card::{Entry, Listed, Registered};
use crate::conduction::Conduction;
use crate::device::{Device, Life, Moments};
use crate::error::DeviceError;
use crate::law::PosynomialFit;
use crate::models::normal;
use crate::window::Window;

/// A [`Pcm`] device as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PcmSpec {
    /// Lowest conductance that is used.
    pub g_off: Siemens,
    /// Conductance of the fully crystalline cell, by which `g = G / g_max` is normalised.
    pub g_max: Siemens,
    /// Error of programming.
    pub programming: PcmProgramming,
    /// Decay over time.
    pub drift: PcmDrift,
    /// Noise of one read.
    pub read: PcmRead,
}

/// Programming error of a [`Pcm`] device: `σ = g_max / stated_at · Σ coefficients[k] g^k`, 0 where
/// negative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PcmProgramming {
    /// Coefficients of powers 0, 1 and 2 of the normalised conductance.
    pub coefficients: [Siemens; 3],
    /// The `g_max` for which the coefficients are stated.
    pub stated_at: Siemens,
}

/// Drift of a [`Pcm`] device: `G(t) = G_prog ((t + t0) / t0)^(−ν)`, `ν = |mean + sd ξ|`, one `ξ` per
/// cell for its life. No drift is `ClampedLog::ZERO` for both.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PcmDrift {
    /// Time from the end of programming to the state that counts as programmed.
    pub t0: Seconds,
    /// Mean exponent against conductance.
    pub mean: ClampedLog,
    /// Standard deviation of the exponent against conductance.
    pub sd: ClampedLog,
}

/// `clamp(slope ln g + offset, least, most)` of a normalised conductance `g`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClampedLog {
    /// Change per natural logarithm of `g`.
    pub slope: f64,
    /// Value at `g = 1`, unclamped.
    pub offset: f64,
    /// Lower limit.
    pub least: f64,
    /// Upper limit.
    pub most: f64,
}

impl ClampedLog {
    /// Zero at every conductance.
    pub const ZERO: Self = Self { slope: 0.0, offset: 0.0, least: 0.0, most: 0.0 };

    /// Value at a conductance given by its logarithm.
    #[inline]
    fn at(&self, ln_g: f64) -> f64 {
        // A cell at 0 S has the logarithm −∞, and 0 · ∞ must not be NaN.
        let tilted = if self.slope == 0.0 { 0.0 } else { self.slope * ln_g };
        (tilted + self.offset).max(self.least).min(self.most)
    }
}

/// Read noise of a [`Pcm`] device, with a spectrum `1/f` between the length of a read and the age:
/// `σ = G(t) Q √ln((t + t0 + pulse) / (2 pulse))`, `Q = min(strength / max(g^exponent, 1e-3), most)`
/// with `g` the normalised conductance as programmed. No noise is a strength of 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PcmRead {
    /// `Q` at `g = 1`.
    pub strength: f64,
    /// How fast `Q` falls with conductance.
    pub exponent: f64,
    /// Upper limit of `Q`.
    pub most: f64,
    /// Length of a read.
    pub pulse: Seconds,
}

impl PcmSpec {
    /// The published statistical model, with its 25 µS.
    ///
    /// Source: Nandakumar et al., IEEE ICECS 2019, and Joshi et al., Nat. Commun. 11, 2473, 2020,
    /// about a million cells, in the form of `PCMLikeNoiseModel` of aihwkit. The lower end of the
    /// window is that of its tile example.
    pub const PUBLISHED: Self = Self {
        g_off: Siemens(0.1e-6),
        g_max: Siemens(25e-6),
        programming: PcmProgramming {
            coefficients: [Siemens(0.26348e-6), Siemens(1.9650e-6), Siemens(-1.1731e-6)],
            stated_at: Siemens(25e-6),
        },
        drift: PcmDrift {
            t0: Seconds(20.0),
            mean: ClampedLog { slope: -0.0155, offset: 0.0244, least: 0.049, most: 0.1 },
            sd: ClampedLog { slope: -0.0125, offset: -0.0059, least: 0.008, most: 0.045 },
        },
        read: PcmRead { strength: 0.0088, exponent: 0.65, most: 0.2, pulse: Seconds(250e-9) },
    };

    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] for an empty window, or a coefficient that is negative or not finite where
    /// it may not be.
    pub fn build(self) -> Result<Pcm, DeviceError> {
        let window = Window::new(self.g_off, self.g_max)?;
        let Self { programming, drift, read, .. } = self;
        for (name, value) in [
            ("programming.coefficients[0]", programming.coefficients[0].0),
            ("programming.coefficients[1]", programming.coefficients[1].0),
            ("programming.coefficients[2]", programming.coefficients[2].0),
            ("drift.mean.slope", drift.mean.slope),
            ("drift.mean.offset", drift.mean.offset),
            ("drift.sd.slope", drift.sd.slope),
            ("drift.sd.offset", drift.sd.offset),
        ] {
            if !value.is_finite() {
                return Err(DeviceError::Parameter { name, value, range: "the finite numbers" });
            }
        }
        for (name, value) in [
            ("drift.mean.least", drift.mean.least),
            ("drift.mean.most", drift.mean.most),
            ("drift.sd.least", drift.sd.least),
            ("drift.sd.most", drift.sd.most),
            ("read.strength", read.strength),
            ("read.exponent", read.exponent),
            ("read.most", read.most),
        ] {
            if !(0.0 <= value && value.is_finite()) {
                return Err(DeviceError::Coefficient { name, value });
            }
        }
        for (name, value) in [
            ("programming.stated_at", programming.stated_at.0),
            ("drift.t0", drift.t0.0),
            ("read.pulse", read.pulse.0),
        ] {
            if !(0.0 < value && value.is_finite()) {
                let range = "the positive, finite numbers";
                return Err(DeviceError::Parameter { name, value, range });
            }
        }
        for (name, law) in [("drift.mean.most", drift.mean), ("drift.sd.most", drift.sd)] {
            if law.most < law.least {
                let range = "what is at least the lower limit";
                return Err(DeviceError::Parameter { name, value: law.most, range });
            }
        }
        let scale = self.g_max.0 / programming.stated_at.0;
        Ok(Pcm {
            window,
            programming_s: programming.coefficients.map(|c| c.0 * scale),
            drift,
            read,
        })
    }
}

impl Registered for PcmSpec {
    const PUBLISHED: &'static [&'static dyn Listed] = &[&PCM];
}

/// Its line of the catalogue.
const PCM: Entry = Entry {
    name: "pcm",
    cell: "phase-change memory, mushroom cell",
    law: "programming sigma 0.26348 + 1.9650 g - 1.1731 g^2 µS; G(t) = G (1 + t/20 s)^-nu, nu = \
          |N(mu, sd)| once per cell, mu = clamp(-0.0155 ln g + 0.0244, 0.049, 0.1), sd = \
          clamp(-0.0125 ln g - 0.0059, 0.008, 0.045); read sigma G(t) Q sqrt(ln((t + 20 s + 250 \
          ns)/500 ns)), Q = min(0.0088/g^0.65, 0.2); g = G/25 µS",
    range: "0 to 25 µS (window from 0.1 µS), any time",
    source: "Joshi et al. 2020 and Nandakumar et al. 2019, about a million cells, as in aihwkit; \
             exponent at the programmed instead of the target conductance: ours",
    not_modelled: "temperature of drift, noise within one read, wear; nanosecond reads are a \
                   model of their own",
    build: || Ok(Arc::new(PcmSpec::PUBLISHED.build()?)),
};

/// Phase-change memory: a programmed state that decays as a power of time.
///
/// *What it models:* iteratively programmed cells, their structural relaxation (drift) with an
/// exponent that depends on the state and differs from cell to cell, and `1/f` read noise whose
/// variance grows with the logarithm of the age.
///
/// *Law:* `G = max(0, G* + σ_p(G*) n)`; `G(t) = G ((t + t0)/t0)^(−ν)` with `ν = |μ_ν(g) + σ_ν(g) ξ|`
/// and `ξ` drawn once per cell; reads differ by `G(t) Q(g) √ln((t + t0 + pulse)/(2 pulse))`. `g` is
/// the programmed conductance over `g_max`.
///
/// *Parameters:* see [`PcmSpec`]; [`PcmSpec::PUBLISHED`] for those of the literature.
///
/// *Source:* [`PcmSpec::PUBLISHED`]. There the exponent depends on the target instead of on the
/// programmed conductance. The two differ by the programming error; what is programmed is what the
/// cell knows.
///
/// *Not modelled:* temperature dependence of drift, a change of noise within one read, correlation
/// of drift and read noise, residual fit error (not stated by the source), wear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pcm {
    window: Window,
    /// Coefficients of the programming sigma (S) in powers of the normalised conductance.
    programming_s: [f64; 3],
    drift: PcmDrift,
    read: PcmRead,
}

impl Pcm {
    /// Standard deviation of programming before the floor at 0 S.
    pub fn programming_sigma(&self, target: Siemens) -> Siemens {
        Siemens(self.sigma(target.0))
    }

    /// Mean and standard deviation of the drift exponent of a cell, before its magnitude is taken.
    pub fn drift_exponent(&self, programmed: Siemens) -> (f64, f64) {
        let ln_g = libm::log(programmed.0 / self.window.g_max.0);
        (self.drift.mean.at(ln_g), self.drift.sd.at(ln_g))
    }

    /// `Q` of a cell: its read noise relative to its conductance, per root of the logarithm of time.
    pub fn read_strength(&self, programmed: Siemens) -> f64 {
        let PcmRead { strength, exponent, most, .. } = self.read;
        let g = (programmed.0 / self.window.g_max.0).max(0.0);
        (strength / libm::pow(g, exponent).max(1e-3)).min(most)
    }

    fn sigma(&self, g_s: f64) -> f64 {
        let [c0, c1, c2] = self.programming_s;
        let g = g_s / self.window.g_max.0;
        (c0 + g * (c1 + g * c2)).max(0.0)
    }

    fn variance_when_read(&self, programmed_s: f64, aged_s: f64, elapsed: Seconds) -> f64 {
        (aged_s * self.read_strength(Siemens(programmed_s))).powi(2) * self.log_age(elapsed)
    }

    /// Logarithm of the age over the length of a read; a pulse longer than the age has no slow noise
    /// to see.
    fn log_age(&self, elapsed: Seconds) -> f64 {
        let PcmRead { pulse, .. } = self.read;
        libm::log((elapsed + self.drift.t0 + pulse) / (2.0 * pulse)).max(0.0)
    }
}

impl Device for Pcm {
    fn window(&self) -> Window {
        self.window
    }

    fn drawn(&self, target_s: ArrayView2<'_, f64>, life: Life) -> Array2<f64> {
        let mut g_s = target_s.to_owned();
        let per_g_max = 1.0 / self.window.g_max.0;
        normal::change(&mut g_s, life.at, Programmed { sigma_s: self.programming_s, per_g_max });
        g_s
    }

    fn programmed(&self, target_s: f64) -> Moments {
        normal::rectified(target_s, self.sigma(target_s))
    }

    fn program_variance(&self) -> PosynomialFit {
        PosynomialFit::above(|g| self.sigma(g).powi(2), self.window)
    }

    fn read_variance(&self, g_s: f64) -> f64 {
        self.variance_when_read(g_s, g_s, Seconds::ZERO)
    }

    fn read_variance_above(&self) -> PosynomialFit {
        PosynomialFit::above(|g| self.read_variance(g), self.window)
    }

    fn current_voltage(&self) -> &Conduction {
        &Conduction::Ohmic
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
        self.fitted_times().check(elapsed)?;
        let at = life.at.child("drift", 0);
        let PcmDrift { t0, mean, sd } = self.drift;
        let (ln_t, per_g_max) = (libm::log1p(elapsed / t0), 1.0 / self.window.g_max.0);
        let mut g_s = programmed_s.to_owned();
        normal::change(&mut g_s, at, Drift { mean, sd, ln_t, per_g_max });
        Ok(g_s)
    }

    fn read_variance_aged(&self, programmed_s: f64, aged_s: f64, elapsed: Seconds) -> f64 {
        self.variance_when_read(programmed_s, aged_s, elapsed)
    }

    fn read_variances_aged(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        aged_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
    ) -> Array2<f64> {
        let log_age = self.log_age(elapsed);
        let (read, per_g_max) = (self.read, 1.0 / self.window.g_max.0);
        let mut variance_s2 = aged_s.to_owned();
        for (mut variance_s2, programmed_s) in
            variance_s2.rows_mut().into_iter().zip(programmed_s.rows())
        {
            let noise = ReadNoise { read, per_g_max, log_age };
            match (variance_s2.as_slice_mut(), programmed_s.as_slice()) {
                (Some(row), Some(programmed_s)) => {
                    pulp::Arch::new().dispatch(ReadRow { noise, programmed_s, row });
                }
                _ => Zip::from(&mut variance_s2)
                    .and(programmed_s)
                    .for_each(|g, &programmed| *g = noise.variance(programmed, *g)),
            }
        }
        variance_s2
    }
}

/// Programming as a [`normal::Change`].
#[derive(Clone, Copy)]
struct Programmed {
    sigma_s: [f64; 3],
    per_g_max: f64,
}

impl normal::Change for Programmed {
    #[inline(always)]
    fn changed(self, g_s: f64, normal: f64) -> f64 {
        let [c0, c1, c2] = self.sigma_s;
        let g = g_s * self.per_g_max;
        let sigma = g.mul_add(g.mul_add(c2, c1), c0);
        let sigma = if sigma > 0.0 { sigma } else { 0.0 };
        sigma.mul_add(normal, g_s)
    }
}

/// Drift as a [`normal::Change`].
#[derive(Clone, Copy)]
struct Drift {
    mean: ClampedLog,
    sd: ClampedLog,
    ln_t: f64,
    per_g_max: f64,
}

impl normal::Change for Drift {
    #[inline(always)]
    fn changed(self, g_s: f64, normal: f64) -> f64 {
        let ln_g = elementary::ln(g_s * self.per_g_max);
        let exponent = self.sd.at(ln_g).mul_add(normal, self.mean.at(ln_g)).abs();
        g_s * elementary::exp(-exponent * self.ln_t)
    }
}

/// Read noise of cells of one age.
#[derive(Clone, Copy)]
struct ReadNoise {
    read: PcmRead,
    per_g_max: f64,
    log_age: f64,
}

impl ReadNoise {
    /// Variance (S²) of a cell.
    #[inline(always)]
    fn variance(self, programmed_s: f64, aged_s: f64) -> f64 {
        let PcmRead { strength, exponent, most, .. } = self.read;
        let power = elementary::pow(programmed_s * self.per_g_max, exponent);
        let q = strength / if power > 1e-3 { power } else { 1e-3 };
        let sigma = aged_s * if q < most { q } else { most };
        sigma * sigma * self.log_age
    }
}

/// Compiled for the vectors of the machine.
struct ReadRow<'a> {
    noise: ReadNoise,
    programmed_s: &'a [f64],
    /// What cells hold now (S), replaced by their variances (S²).
    row: &'a mut [f64],
}

impl pulp::NullaryFnOnce for ReadRow<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (g, &programmed_s) in self.row.iter_mut().zip(self.programmed_s) {
            *g = self.noise.variance(programmed_s, *g);
        }
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    fn pcm() -> Pcm {
        PcmSpec::PUBLISHED.build().expect("the published model")
    }

    /// Standard deviations, exponents and strengths at five conductances, to the digits given by
    /// the source's formulas (µS, 1, 1).
    #[test]
    fn laws_are_those_of_the_source() {
        let device = pcm();
        for (g, sigma_us, nu, q) in [
            (0.0, 0.263, 0.1, 0.2),
            (0.1, 0.448, 0.0601, 0.0393),
            (0.2, 0.610, 0.0493, 0.0251),
            (0.5, 0.953, 0.049, 0.0138),
            (1.0, 1.055, 0.049, 0.0088),
        ] {
            let at = Siemens(g * 25e-6);
            assert!((device.programming_sigma(at).0 * 1e6 - sigma_us).abs() < 5.1e-4, "{g}");
            assert!((device.drift_exponent(at).0 - nu).abs() < 5.1e-5, "{g}");
            assert!((device.read_strength(at) - q).abs() < 5.1e-5, "{g}");
        }
    }

    #[test]
    fn relative_read_noise_grows_with_the_logarithm_of_time() {
        let device = pcm();
        for (elapsed, percent) in [(0.0, 3.7), (3600.0, 4.2), (86_400.0, 4.5), (3.1536e7, 5.0)] {
            let variance = device.read_variance_aged(25e-6, 10e-6, Seconds(elapsed));
            let relative = 100.0 * variance.sqrt() / 10e-6;
            assert!((relative - percent).abs() < 0.05, "{relative} % after {elapsed} s");
        }
        assert_eq!(
            device.read_variance(25e-6),
            device.read_variance_aged(25e-6, 25e-6, Seconds(0.0))
        );
    }

    #[test]
    fn cells_at_zero_stay_there_and_a_smaller_device_scales() {
        let small =
            PcmSpec { g_max: Siemens(5e-6), ..PcmSpec::PUBLISHED }.build().expect("a device");
        assert!((small.programming_sigma(Siemens(5e-6)).0 * 5.0 - 1.05538e-6).abs() < 1e-16);
        let aged = small.aged(Array2::zeros((2, 3)).view(), Seconds(1e7), Stream::root(1));
        assert_eq!(aged, Ok(Array2::zeros((2, 3))));
        let still = PcmDrift { mean: ClampedLog::ZERO, sd: ClampedLog::ZERO, t0: Seconds(20.0) };
        let still = PcmSpec { drift: still, ..PcmSpec::PUBLISHED }.build().expect("a device");
        let g_s = ndarray::array![[0.0, 1e-6, 25e-6]];
        assert_eq!(still.aged(g_s.view(), Seconds(1e9), Stream::root(1)), Ok(g_s));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let negative = PcmSpec {
            read: PcmRead { strength: -0.1, ..PcmSpec::PUBLISHED.read },
            ..PcmSpec::PUBLISHED
        };
        assert!(matches!(
            negative.build(),
            Err(DeviceError::Coefficient { name: "read.strength", .. })
        ));
        let timeless = PcmDrift { t0: Seconds::ZERO, ..PcmSpec::PUBLISHED.drift };
        let timeless = PcmSpec { drift: timeless, ..PcmSpec::PUBLISHED };
        assert!(matches!(timeless.build(), Err(DeviceError::Parameter { name: "drift.t0", .. })));
    }
}
