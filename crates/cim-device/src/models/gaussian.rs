//! A cell with Gaussian programming and read errors whose size depends on conductance.

use cim_core::{Siemens, Volts};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::card::Registered;
use crate::conduction::Conduction;
use crate::device::{Device, Life, Moments};
use crate::error::DeviceError;
use crate::law::{Posynomial, PosynomialFit, SigmaLaw};
use crate::models::normal;
use crate::window::Window;

/// A noise variance as written in a file: independent parts add up in variance.
///
/// `constant² + per_root² G + proportional² G² + inverse² inverse_at / G`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseSpec {
    /// Standard deviation that does not depend on conductance.
    pub constant: Siemens,
    /// Standard deviation as a fraction of the conductance.
    pub proportional: f64,
    /// Standard deviation at `inverse_at` of the part whose variance falls as `1/G`.
    pub inverse: Siemens,
    /// Conductance at which `inverse` is stated.
    pub inverse_at: Siemens,
    /// Conductance whose shot-like part has variance `linear · G`.
    pub linear: Siemens,
}

impl NoiseSpec {
    /// No noise.
    pub const NONE: Self = Self {
        constant: Siemens::ZERO,
        proportional: 0.0,
        inverse: Siemens::ZERO,
        inverse_at: Siemens::ZERO,
        linear: Siemens::ZERO,
    };

    /// Checks that what is written is what is meant.
    fn check_meaning(
        &self,
        [proportional, inverse_at]: [&'static str; 2],
    ) -> Result<(), DeviceError> {
        let (name, value) = (proportional, self.proportional);
        if 1.0 < value {
            let range = "[0, 1]: it is a fraction, 5 % is 0.05";
            return Err(DeviceError::Parameter { name, value, range });
        }
        if 0.0 < self.inverse.0 && self.inverse_at <= Siemens::ZERO {
            let (name, value) = (inverse_at, self.inverse_at.0);
            let range = "the positive numbers where inverse is not 0 S, or there would be no noise";
            return Err(DeviceError::Parameter { name, value, range });
        }
        Ok(())
    }

    /// The variance as a posynomial of conductance.
    pub fn posynomial(&self) -> Posynomial {
        Posynomial {
            a0: self.constant.0.powi(2),
            a1: self.linear.0,
            a2: self.proportional.powi(2),
            am: self.inverse.0.powi(2) * self.inverse_at.0,
        }
    }
}

/// A [`Gaussian`] device as written in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussianSpec {
    /// Lowest conductance that can be programmed.
    pub g_off: Siemens,
    /// Highest conductance that can be programmed.
    pub g_on: Siemens,
    /// Error of programming.
    pub programming: NoiseSpec,
    /// Error of one read, afresh each time, within the read bandwidth.
    pub read: NoiseSpec,
    /// Current against voltage.
    pub current_voltage: Conduction,
}

/// Each term alone, and all of them.
impl Registered for GaussianSpec {
    fn examples() -> Vec<(&'static str, Self)> {
        let us = |x: f64| Siemens(x / 1e6);
        let none = NoiseSpec::NONE;
        let inverse = |size| NoiseSpec { inverse: us(size), inverse_at: us(2.0), ..none };
        let all =
            NoiseSpec { constant: us(1.0), proportional: 0.02, linear: us(0.01), ..inverse(0.25) };
        [
            ("gaussian-silent", none, none),
            ("gaussian-constant", NoiseSpec { constant: us(3.0), ..none }, none),
            ("gaussian-proportional", NoiseSpec { proportional: 0.1, ..none }, none),
            ("gaussian-linear", NoiseSpec { linear: us(0.2), ..none }, none),
            ("gaussian-inverse", inverse(0.5), none),
            ("gaussian-all", all, NoiseSpec { constant: us(0.1), proportional: 0.01, ..none }),
        ]
        .map(|(name, programming, read)| {
            let current_voltage = Conduction::Sinh { scale: Volts(0.4) };
            let (g_off, g_on) = (us(1.0), us(100.0));
            (name, Self { g_off, g_on, programming, read, current_voltage })
        })
        .into()
    }
}

impl GaussianSpec {
    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] for an empty window or a negative coefficient.
    pub fn build(self) -> Result<Gaussian, DeviceError> {
        for (name, value) in [
            ("programming.constant", self.programming.constant.0),
            ("programming.proportional", self.programming.proportional),
            ("programming.inverse", self.programming.inverse.0),
            ("programming.inverse_at", self.programming.inverse_at.0),
            ("programming.linear", self.programming.linear.0),
            ("read.constant", self.read.constant.0),
            ("read.proportional", self.read.proportional),
            ("read.inverse", self.read.inverse.0),
            ("read.inverse_at", self.read.inverse_at.0),
            ("read.linear", self.read.linear.0),
        ] {
            if !(0.0 <= value && value.is_finite()) {
                return Err(DeviceError::Coefficient { name, value });
            }
        }
        self.programming.check_meaning(["programming.proportional", "programming.inverse_at"])?;
        self.read.check_meaning(["read.proportional", "read.inverse_at"])?;
        Gaussian::new(
            Window::new(self.g_off, self.g_on)?,
            SigmaLaw::Variance(self.programming.posynomial()),
            SigmaLaw::Variance(self.read.posynomial()),
            self.current_voltage,
        )
    }
}

/// Gaussian programming and read errors.
///
/// *What it models:* one programming operation per cell that ends near its target, and reads that
/// differ from one to the next.
///
/// *Law:* `g = max(0, target + σ_p(target) n)`, read `g + σ_r(g) n'`, `n` and `n'` independent
/// standard normals; `I = G f(V)`.
///
/// *Parameters:* window, `σ_p`, `σ_r`, `f`. *Source:* given with each preset.
///
/// *Not modelled:* drift, relaxation, telegraph noise, stuck cells, correlation between cells. A
/// conductance cannot be negative: such cells hold 0 S and are counted; [`Device::programmed`]
/// gives the exact moments that remain.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussian {
    window: Window,
    programming: SigmaLaw,
    read: SigmaLaw,
    current_voltage: Conduction,
}

impl Gaussian {
    /// A device of given laws.
    ///
    /// # Errors
    /// [`DeviceError`] if a law is negative or not finite somewhere in the window.
    pub fn new(
        window: Window,
        programming: SigmaLaw,
        read: SigmaLaw,
        current_voltage: Conduction,
    ) -> Result<Self, DeviceError> {
        let window = Window::new(window.g_min, window.g_max)?;
        programming.check("programming noise", window)?;
        read.check("read noise", window)?;
        current_voltage.check()?;
        current_voltage.check_separable()?;
        Ok(Self { window, programming, read, current_voltage })
    }

    /// Standard deviation of programming before the floor at 0 S.
    pub fn programming_sigma(&self, target: Siemens) -> Siemens {
        Siemens(self.programming.sigma(target.0))
    }
}

impl Device for Gaussian {
    fn window(&self) -> Window {
        self.window
    }

    fn drawn(&self, target_s: ArrayView2<'_, f64>, life: Life) -> Array2<f64> {
        normal::drawn_by(&self.programming, target_s, life.at)
    }

    fn programmed(&self, target_s: f64) -> Moments {
        normal::rectified(target_s, self.programming.sigma(target_s))
    }

    fn program_variance(&self) -> PosynomialFit {
        self.programming.posynomial_above(self.window)
    }

    fn read_variance(&self, g_s: f64) -> f64 {
        // A law fitted inside the window is not extrapolated to cells that programming threw out.
        self.read.variance(g_s.clamp(self.window.g_min.0, self.window.g_max.0))
    }

    fn read_variance_above(&self) -> PosynomialFit {
        self.read.posynomial_above(self.window)
    }

    fn current_voltage(&self) -> &Conduction {
        &self.current_voltage
    }
}

#[cfg(test)]
mod tests {
    use cim_core::{Stream, Tally};

    use super::*;

    fn spec() -> GaussianSpec {
        GaussianSpec {
            g_off: Siemens(10e-6),
            g_on: Siemens(100e-6),
            programming: NoiseSpec {
                constant: Siemens(6e-6),
                proportional: 0.01,
                ..NoiseSpec::NONE
            },
            read: NoiseSpec::NONE,
            current_voltage: Conduction::Ohmic,
        }
    }

    #[test]
    fn programmed_cells_have_the_stated_moments() {
        let device = spec().build().expect("a device");
        let n = 400_000usize;
        for (k, target) in [10e-6, 30e-6, 100e-6].into_iter().enumerate() {
            let targets = Array2::from_elem((1000, n / 1000), target);
            let mut tally = Tally::default();
            let g =
                device.program(targets.view(), Stream::root(7).child("k", k as u64), &mut tally);
            let mean = g.sum() / n as f64;
            let variance = g.mapv(|g| (g - mean).powi(2)).sum() / n as f64;
            let want = device.programmed(target);
            // Five standard errors of the mean and, kurtosis at most 3, of the variance.
            let error = want.variance.sqrt() / (n as f64).sqrt();
            assert!((mean - want.mean).abs() < 5.0 * error, "mean {mean} of {}", want.mean);
            let ratio = variance / want.variance;
            assert!((ratio - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt(), "variance ratio {ratio}");
            assert_eq!(tally.cells_programmed, n as u64);
            assert!(g.iter().all(|&g| 0.0 <= g));
        }
    }

    #[test]
    fn a_negative_window_and_a_negative_sigma_are_refused() {
        let bad = GaussianSpec { g_off: Siemens(-1e-6), ..spec() };
        assert!(matches!(bad.build(), Err(DeviceError::Window { .. })));
        let mut bad = spec();
        bad.programming.proportional = -0.1;
        assert!(matches!(bad.build(), Err(DeviceError::Coefficient { .. })));
    }

    #[test]
    fn noise_that_says_nothing_or_too_much_is_refused() {
        let of = |read: NoiseSpec| GaussianSpec { read, ..spec() }.build();
        let inverse = NoiseSpec { inverse: Siemens(2e-6), ..NoiseSpec::NONE };
        let error = of(inverse).expect_err("no conductance at which it is stated");
        assert!(matches!(error, DeviceError::Parameter { name: "read.inverse_at", .. }), "{error}");
        assert!(of(NoiseSpec { inverse_at: Siemens(20e-6), ..inverse }).is_ok());
        let error = of(NoiseSpec { proportional: 5.0, ..NoiseSpec::NONE }).expect_err("500 %");
        assert!(error.to_string().contains("read.proportional is 5"), "{error}");
    }
}
