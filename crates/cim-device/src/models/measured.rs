//! Cells by curves that were fitted to measurements: programming, relaxation, read noise.

use cim_core::{Seconds, Siemens};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::card::Registered;
use crate::conduction::Conduction;
use crate::device::{Device, Life, Moments};
use crate::error::DeviceError;
use crate::law::PosynomialFit;
use crate::models::curve::{Curve, CurveSpec};
use crate::models::growth::{Growth, GrowthCurve, GrowthSpec, Tails, walk};
use crate::models::normal;
use crate::time::FittedTimes;
use crate::window::Window;

/// Mean and standard deviation of an error as curves of conductance, as written in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorSpec {
    /// Mean of what is held less what was asked for.
    pub shift: CurveSpec,
    /// Standard deviation around it; may be zero.
    pub spread: CurveSpec,
}

/// How cells change after they were programmed, as written in a file.
///
/// Cells that do not have curves of zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredRelaxation {
    /// Shift of the mean at `to`, of the conductance that was programmed.
    pub shift: CurveSpec,
    /// Standard deviation of the change at `to`, of the conductance that was programmed.
    pub spread: CurveSpec,
    /// Share of the shift that is over at earlier times.
    pub shift_growth: GrowthSpec,
    /// Share of the variance that is there at earlier times.
    pub variance_growth: GrowthSpec,
    /// Cells that change more than others.
    pub tails: Tails,
    /// First time after programming that was measured.
    pub from: Seconds,
    /// Last time after programming that was measured, at which the curves are stated.
    pub to: Seconds,
}

/// A [`Measured`] device as written in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredSpec {
    /// Lowest conductance that was asked for.
    pub g_off: Siemens,
    /// Highest conductance that was asked for.
    pub g_on: Siemens,
    /// Error of programming.
    pub programming: ErrorSpec,
    /// Standard deviation from one read to the next, of the conductance that is held.
    pub read: CurveSpec,
    /// What time does.
    pub relaxation: MeasuredRelaxation,
    /// Current against voltage.
    pub current_voltage: Conduction,
}

impl MeasuredSpec {
    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] for an empty window or span of time, knots that do not rise, or a spread, a
    /// growth or tails that cannot be.
    pub fn build(self) -> Result<Measured, DeviceError> {
        let window = Window::new(self.g_off, self.g_on)?;
        let MeasuredRelaxation { shift, spread, shift_growth, variance_growth, tails, from, to } =
            self.relaxation;
        let model = Measured {
            window,
            shift: self.programming.shift.build()?,
            spread: self.programming.spread.build()?,
            read: self.read.build()?,
            late_shift: shift.build()?,
            late_spread: spread.build()?,
            shift_growth: shift_growth.build()?,
            variance_growth: variance_growth.build()?,
            tails: tails.check()?,
            times: FittedTimes { from, to },
            current_voltage: self.current_voltage,
        };
        model.spread.check_sigma("programming noise")?;
        model.read.check_sigma("read noise")?;
        model.late_spread.check_sigma("relaxation")?;
        model.current_voltage.check()?;
        model.current_voltage.check_separable()?;
        if model.ages() && !(0.0 < from.0 && from < to && to.is_finite()) {
            let range = "the finite times later than a positive `from`";
            return Err(DeviceError::Parameter { name: "to", value: to.0, range });
        }
        Ok(model)
    }
}

/// Five knots, and cells of which a tenth changes three times as much as the others.
impl Registered for MeasuredSpec {
    fn examples() -> Vec<(&'static str, Self)> {
        let curve = |values: &[f64]| CurveSpec::in_us(&[1.0, 10.75, 20.5, 30.25, 40.0], values);
        let flat = |value| CurveSpec::in_us(&[20.0], &[value]);
        let whole = Self {
            g_off: Siemens(1e-6),
            g_on: Siemens(40e-6),
            programming: ErrorSpec {
                shift: curve(&[0.1, 0.0, -0.2, 0.0, 0.1]),
                spread: curve(&[0.2, 0.5, 0.4, 0.6, 0.3]),
            },
            read: curve(&[0.05, 0.1, 0.2, 0.15, 0.1]),
            relaxation: MeasuredRelaxation {
                shift: curve(&[0.3, -1.2, -2.1, -2.0, -2.2]),
                spread: curve(&[1.0, 3.5, 4.0, 3.6, 3.3]),
                shift_growth: GrowthSpec::constant(Growth::Power { exponent: 0.2 }),
                variance_growth: GrowthSpec {
                    at: vec![Siemens(1e-6), Siemens(40e-6)],
                    growth: [0.7, 1.1]
                        .map(|exponent| Growth::Logarithm { onset: Seconds(1e-3), exponent })
                        .to_vec(),
                },
                tails: Tails { share: 0.1, factor: 3.0 },
                from: Seconds(0.01),
                to: Seconds(1e5),
            },
            current_voltage: Conduction::Ohmic,
        };
        let still = MeasuredRelaxation {
            shift: flat(0.0),
            spread: flat(0.0),
            tails: Tails::NONE,
            ..whole.relaxation.clone()
        };
        let plain = Self {
            programming: ErrorSpec { shift: flat(0.0), spread: flat(1.0) },
            read: flat(0.0),
            relaxation: still,
            ..whole.clone()
        };
        vec![("measured", whole), ("measured-still", plain)]
    }
}

/// Cells whose laws are curves fitted to measurements.
///
/// *What it models:* an error of programming, a change afterwards whose mean and spread grow with
/// time, and noise from one read to the next, each as it was measured over the window.
///
/// *Law:* programmed to `G*`, a cell holds `G₀ = max(0, G* + m(G*) + s(G*) n)`; a time `t` later
/// `G = max(0, G₀ + M(G₀) f(t) + S(G₀) √h(t) a w(t))`, and a read adds `σ(G) n'`. The curves `m`, `s`,
/// `M`, `S`, `σ` are straight lines between knots, and constant beyond the outer ones. `f` and `h`
/// are powers of time or of its logarithm that reach 1 at the last measured time ([`Growth`]), and may
/// differ from knot to knot. `w = W(u) / √u` is a Wiener process `W` over its standard deviation, of
/// which time is `u`, the mean of `h` over its knots: a cell forgets the direction in which it went
/// as its variance grows. `a` is one number a cell and programming that makes some change more than
/// others ([`Tails`]), with a mean square of 1.
///
/// *Parameters:* see [`MeasuredSpec`]. *Source:* measurements of the user, fitted by `cim-fit`; the
/// form of the law is ours.
///
/// *Range:* the times that were measured. *Not modelled:* cells that differ for good, correlation
/// between cells, jumps between two conductances, temperature.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    window: Window,
    shift: Curve,
    spread: Curve,
    read: Curve,
    late_shift: Curve,
    late_spread: Curve,
    shift_growth: GrowthCurve,
    variance_growth: GrowthCurve,
    tails: Tails,
    times: FittedTimes,
    current_voltage: Conduction,
}

impl Measured {
    /// Mean and standard deviation (S) by which a cell programmed to a conductance has changed after
    /// a time, before the floor at 0 S.
    ///
    /// # Errors
    /// [`DeviceError`] for a time that the device is not known at.
    pub fn change(
        &self,
        programmed: Siemens,
        elapsed: Seconds,
    ) -> Result<(Siemens, Siemens), DeviceError> {
        self.fitted_times().check(elapsed)?;
        let (g_s, to) = (programmed.0, self.times.to);
        let shift = self.late_shift.at(g_s) * self.shift_growth.shares(elapsed, to)?.at(g_s);
        let share = self.variance_growth.shares(elapsed, to)?.at(g_s);
        Ok((Siemens(shift), Siemens(self.late_spread.at(g_s) * share.sqrt())))
    }
}

impl Device for Measured {
    fn window(&self) -> Window {
        self.window
    }

    fn drawn(&self, target_s: ArrayView2<'_, f64>, life: Life) -> Array2<f64> {
        let mut g_s = target_s.to_owned();
        normal::for_each(&mut g_s, life.at, |g, n| {
            *g += self.shift.at(*g) + self.spread.at(*g) * n;
        });
        g_s
    }

    fn programmed(&self, target_s: f64) -> Moments {
        normal::rectified(target_s + self.shift.at(target_s), self.spread.at(target_s))
    }

    fn program_variance(&self) -> PosynomialFit {
        PosynomialFit::above(|g| self.spread.at(g).powi(2), self.window)
    }

    fn read_variance(&self, g_s: f64) -> f64 {
        self.read.at(g_s).powi(2)
    }

    fn read_variance_above(&self) -> PosynomialFit {
        PosynomialFit::above(|g| self.read_variance(g), self.window)
    }

    fn current_voltage(&self) -> &Conduction {
        &self.current_voltage
    }

    fn fitted_times(&self) -> FittedTimes {
        if self.ages() { self.times } else { FittedTimes::ALL }
    }

    fn ages(&self) -> bool {
        !(self.late_shift.is_zero() && self.late_spread.is_zero())
    }

    fn aged_in(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
        life: Life,
    ) -> Result<Array2<f64>, DeviceError> {
        self.fitted_times().check(elapsed)?;
        if elapsed == Seconds::ZERO || !self.ages() {
            return Ok(programmed_s.to_owned());
        }
        let at = life.at.child("relaxation", 0);
        let shift = self.shift_growth.shares(elapsed, self.times.to)?;
        let variance = self.variance_growth.shares(elapsed, self.times.to)?;
        let clock = self.variance_growth.mean_share(elapsed, self.times.to);
        let mut g_s = walk(programmed_s.dim(), clock, at.child("walk", 0));
        self.tails.apply(&mut g_s, at.child("tails", 0));
        let per_step = 1.0 / clock.sqrt();
        g_s.zip_mut_with(&programmed_s, |change, &g| {
            let spread = self.late_spread.at(g) * variance.at(g).sqrt();
            let mean = g + self.late_shift.at(g) * shift.at(g);
            *change = (mean + spread * per_step * *change).max(0.0);
        });
        Ok(g_s)
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    fn spec() -> MeasuredSpec {
        MeasuredSpec::examples().remove(0).1
    }

    #[test]
    fn a_cell_changes_by_the_moments_that_are_stated() {
        let device = spec().build().expect("a device");
        let programmed = Array2::from_elem((300, 200), 30e-6);
        let n = programmed.len() as f64;
        for elapsed in [0.01, 1.0, 4000.0, 1e5].map(Seconds) {
            let aged = device.aged(programmed.view(), elapsed, Stream::root(3)).expect("a time");
            let change = aged - 30e-6;
            let mean = change.sum() / n;
            let variance = change.mapv(|c| (c - mean).powi(2)).sum() / n;
            let fourth = change.mapv(|c| (c - mean).powi(4)).sum() / n;
            let (shift, spread) = device.change(Siemens(30e-6), elapsed).expect("a time");
            // Five standard errors, of the variance by the sample's own fourth moment.
            assert!((mean - shift.0).abs() < 5.0 * spread.0 / n.sqrt(), "{elapsed}: {mean}");
            let error = ((fourth - variance * variance) / n).sqrt();
            assert!((variance - spread.0.powi(2)).abs() < 5.0 * error, "{elapsed}: {variance}");
            // Mixed as stated, normal numbers have this kurtosis.
            let kurtosis = 3.0 * (0.9 + 0.1 * 81.0) / (0.9 + 0.1 * 9.0_f64).powi(2);
            assert!((fourth / variance.powi(2) - kurtosis).abs() < 0.6, "{elapsed}");
        }
    }

    /// Of a Wiener process, what happens later does not depend on what happened before.
    #[test]
    fn changes_of_later_times_are_independent_of_earlier_ones() {
        let mut spec = spec();
        spec.relaxation.variance_growth = GrowthSpec::constant(Growth::Power { exponent: 0.3 });
        let device = spec.build().expect("a device");
        let programmed = Array2::from_elem((200, 200), 30e-6);
        let look =
            |t: f64| device.aged(programmed.view(), Seconds(t), Stream::root(4)).expect("known");
        let (first, last) = (look(1.0), look(1e5));
        let (before, later) = (&first - 30e-6, &last - &first);
        let sum = |a: &Array2<f64>, b: &Array2<f64>| {
            let (mean_a, mean_b) = (a.mean().expect("cells"), b.mean().expect("cells"));
            a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum::<f64>()
        };
        let correlation =
            sum(&before, &later) / (sum(&before, &before) * sum(&later, &later)).sqrt();
        // Five standard errors; a shared scale makes products up to twice as wide.
        assert!(correlation.abs() < 2.0 * 5.0 / 200.0, "{correlation}");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused = |change: &dyn Fn(&mut MeasuredSpec)| {
            let mut spec = spec();
            change(&mut spec);
            spec.build().expect_err("impossible").to_string()
        };
        assert!(refused(&|s| s.read.values[2] = Siemens(-1e-9)).contains("read noise"));
        assert!(refused(&|s| s.read.at[1] = Siemens(0.0)).contains("rise"));
        assert!(refused(&|s| s.read.at.truncate(3)).contains("knots"));
        assert!(refused(&|s| s.relaxation.tails.share = 1.5).contains("share"));
        assert!(refused(&|s| s.relaxation.to = Seconds(0.001)).contains("to is"));
        let still = GrowthSpec::constant(Growth::Power { exponent: -0.1 });
        assert!(refused(&|s| s.relaxation.shift_growth = still.clone()).contains("exponent"));
    }
}
