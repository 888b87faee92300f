//! Mean and variance of an observation by a law with parameters, and their slopes.

use cim_core::{Seconds, Siemens};
use cim_device::models::{Growth, GrowthSpec, Tails, rectified};

use crate::knots::Knots;
use crate::observation::Observation;

/// How a share grows with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrowthKind {
    Power,
    Logarithm,
}

impl GrowthKind {
    /// The growth of logarithms of an exponent and of an onset (s); a power knows no onset.
    pub(crate) fn growth(self, exponent: f64, onset: f64) -> Growth {
        let exponent = libm::exp(exponent);
        match self {
            Self::Power => Growth::Power { exponent },
            Self::Logarithm => Growth::Logarithm { onset: Seconds(libm::exp(onset)), exponent },
        }
    }

    /// Whether it has an onset.
    pub(crate) fn has_onset(self) -> bool {
        self == Self::Logarithm
    }

    /// Logarithm of the share at a time per unit of its exponent, and its slope in the logarithm of the
    /// onset.
    fn base(self, onset: f64, elapsed: f64, to: f64) -> (f64, f64) {
        match self {
            Self::Power => (libm::log(elapsed / to), 0.0),
            Self::Logarithm => {
                let of = |t: f64| t / libm::exp(onset);
                let (now, whole) = (libm::log1p(of(elapsed)), libm::log1p(of(to)));
                let slope = |t: f64| -of(t) / (1.0 + of(t));
                (libm::log(now / whole), slope(elapsed) / now - slope(to) / whole)
            }
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Power => "a power of time",
            Self::Logarithm => "a power of the logarithm of time",
        }
    }
}

/// Growth whose exponents are fitted at knots, and whose onset is one for all.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Growing {
    pub kind: GrowthKind,
    pub knots: Knots,
}

/// Share at a time, and what it depends on: logarithms of exponents, of the onset.
struct Share {
    value: f64,
    of_exponents: [(usize, f64); 2],
    of_onset: Option<(usize, f64)>,
}

impl Growing {
    fn parameters(&self) -> usize {
        self.knots.len() + usize::from(self.kind.has_onset())
    }

    /// Where a fit begins.
    fn start(&self, to: f64) -> Vec<f64> {
        let exponent = if self.kind.has_onset() { 1.0 } else { 0.2 };
        let mut start = vec![libm::log(exponent); self.knots.len()];
        start.extend(self.kind.has_onset().then(|| libm::log(1e-4 * to).min(0.0)));
        start
    }

    /// Growth at every knot, from its parameters.
    pub(crate) fn spec(&self, theta: &[f64], unit: f64) -> GrowthSpec {
        let onset = theta[theta.len() - 1];
        GrowthSpec {
            at: (0..self.knots.len()).map(|idx| Siemens(self.knots.at(idx) * unit)).collect(),
            growth: theta[..self.knots.len()].iter().map(|x| self.kind.growth(*x, onset)).collect(),
        }
    }

    fn share(&self, theta: &[f64], x: f64, elapsed: f64, to: f64) -> Share {
        let onset = theta[theta.len() - 1];
        let (base, slope) = self.kind.base(onset, elapsed, to);
        let around = self.knots.around(x).map(|(idx, weight)| {
            let exponent = libm::exp(theta[idx]);
            (idx, exponent, weight * libm::exp(base * exponent))
        });
        let onset_slope: f64 = around.iter().map(|(_, exponent, part)| part * exponent).sum();
        Share {
            value: around[0].2 + around[1].2,
            of_exponents: around.map(|(idx, exponent, part)| (idx, part * base * exponent)),
            of_onset: self.kind.has_onset().then(|| (theta.len() - 1, onset_slope * slope)),
        }
    }
}

/// Time in a law.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Times {
    pub shift: Growing,
    pub variance: Growing,
    /// Last time (s).
    pub to: f64,
}

/// A law: which curves there are, and how they grow.
///
/// Parameters are, in this order: values of the mean at its knots, logarithms of the standard
/// deviation at its knots, the growth of the shift (if there is a mean), that of the variance.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Law {
    /// Knots of the mean; `None` for a mean of zero.
    pub mean: Option<Knots>,
    /// Knots of the standard deviation.
    pub sigma: Knots,
    /// How both grow, if they do.
    pub times: Option<Times>,
    /// Cells that change more than others.
    pub tails: Tails,
}

/// Most parameters that one observation feels.
const MOST: usize = 10;

/// Moments of one observation and what they depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    pub mean: f64,
    pub variance: f64,
    idx: [usize; MOST],
    d_mean: [f64; MOST],
    d_variance: [f64; MOST],
    used: usize,
}

impl At {
    /// Parameters that matter: index, slope of the mean, slope of the variance.
    pub(crate) fn slopes(&self) -> impl Iterator<Item = (usize, f64, f64)> + '_ {
        (0..self.used).map(|k| (self.idx[k], self.d_mean[k], self.d_variance[k]))
    }

    fn add(&mut self, idx: usize, d_mean: f64, d_variance: f64) {
        (self.idx[self.used], self.d_mean[self.used]) = (idx, d_mean);
        self.d_variance[self.used] = d_variance;
        self.used += 1;
    }
}

impl Law {
    pub(crate) fn parameters(&self) -> usize {
        let variance = self.times.as_ref().map_or(0, |times| times.variance.parameters());
        self.variance_growth_from() + variance
    }

    /// Index of the first parameter of the standard deviation.
    pub(crate) fn sigma_from(&self) -> usize {
        self.mean.as_ref().map_or(0, Knots::len)
    }

    /// Index of the first parameter of the growth of the shift.
    pub(crate) fn shift_growth_from(&self) -> usize {
        self.sigma_from() + self.sigma.len()
    }

    /// Index of the first parameter of the growth of the variance.
    pub(crate) fn variance_growth_from(&self) -> usize {
        let shift = match (&self.times, &self.mean) {
            (Some(times), Some(_)) => times.shift.parameters(),
            _ => 0,
        };
        self.shift_growth_from() + shift
    }

    /// Where a fit begins: no shift, one standard deviation.
    pub(crate) fn start(&self, sigma: f64) -> Vec<f64> {
        let mut start = vec![0.0; self.sigma_from()];
        start.extend(vec![libm::log(sigma); self.sigma.len()]);
        if let Some(times) = &self.times {
            if self.mean.is_some() {
                start.extend(times.shift.start(times.to));
            }
            start.extend(times.variance.start(times.to));
        }
        start
    }

    /// Moments of an observation.
    pub(crate) fn at(&self, theta: &[f64], seen: &Observation) -> At {
        let zero = [0.0; MOST];
        let mut at =
            At { mean: 0.0, variance: seen.known, idx: [0; MOST], d_mean: zero, d_variance: zero, used: 0 };
        let (from, until) = (self.shift_growth_from(), self.variance_growth_from());
        if let Some(knots) = &self.mean {
            let share = self.times.as_ref().map(|times| {
                times.shift.share(&theta[from..until], seen.x, seen.elapsed, times.to)
            });
            let value = share.as_ref().map_or(1.0, |share| share.value);
            let mut late = 0.0;
            for (idx, weight) in knots.around(seen.x) {
                late += theta[idx] * weight;
                at.add(idx, weight * value, 0.0);
            }
            at.mean = late * value;
            if let Some(share) = share {
                for (idx, slope) in share.of_exponents.into_iter().chain(share.of_onset) {
                    at.add(from + idx, late * slope, 0.0);
                }
            }
        }
        let first = self.sigma_from();
        let around = self.sigma.around(seen.x);
        let values = around.map(|(idx, weight)| (idx, libm::exp(theta[first + idx]) * weight));
        let sigma = values[0].1 + values[1].1;
        let share = self.times.as_ref().map(|times| {
            times.variance.share(&theta[until..], seen.x, seen.elapsed, times.to)
        });
        let value = share.as_ref().map_or(1.0, |share| share.value);
        for (idx, part) in values {
            at.add(first + idx, 0.0, 2.0 * sigma * part * value);
        }
        if let Some(share) = share {
            for (idx, slope) in share.of_exponents.into_iter().chain(share.of_onset) {
                at.add(until + idx, 0.0, sigma * sigma * slope);
            }
        }
        at.variance += sigma * sigma * value;
        self.floored(at, seen.base)
    }

    /// The same of what cannot fall below zero: `base` and the change together.
    fn floored(&self, mut at: At, base: f64) -> At {
        let (mu, variance) = (base + at.mean, at.variance);
        let [less, more] = self.tails.scales();
        if !(mu < 5.0 * more * variance.sqrt()) {
            return at;
        }
        let moments = |mu: f64, variance: f64| {
            let of = |scale: f64| rectified(mu, scale * variance.sqrt());
            let (calm, lively) = (of(less), of(more));
            let share = self.tails.share;
            let mean = (1.0 - share) * calm.mean + share * lively.mean;
            let square = |m: cim_device::Moments| m.variance + m.mean * m.mean;
            let squares = (1.0 - share) * square(calm) + share * square(lively);
            (mean, squares - mean * mean)
        };
        let (mean, floored) = moments(mu, variance);
        let (step_mu, step_variance) = (1e-4 * variance.sqrt(), 1e-4 * variance);
        let slope = |a: (f64, f64), b: (f64, f64), step: f64| {
            ((a.0 - b.0) / (2.0 * step), (a.1 - b.1) / (2.0 * step))
        };
        let of_mu =
            slope(moments(mu + step_mu, variance), moments(mu - step_mu, variance), step_mu);
        let of_variance = slope(
            moments(mu, variance + step_variance),
            moments(mu, variance - step_variance),
            step_variance,
        );
        for k in 0..at.used {
            let (d_mu, d_variance) = (at.d_mean[k], at.d_variance[k]);
            at.d_mean[k] = d_mu * of_mu.0 + d_variance * of_variance.0;
            at.d_variance[k] = d_mu * of_mu.1 + d_variance * of_variance.1;
        }
        (at.mean, at.variance) = (mean - base, floored.max(1e-6 * variance));
        at
    }

    /// In words.
    pub(crate) fn words(&self) -> String {
        let mut words = match &self.mean {
            Some(mean) => format!("shift: {}", mean.words()),
            None => "shift: none".to_owned(),
        };
        words += &format!("; spread: {}", self.sigma.words());
        if let Some(times) = &self.times {
            let growth = |growing: &Growing| match growing.knots.len() {
                1 => growing.kind.words().to_owned(),
                knots => format!("{} at {knots} knots", growing.kind.words()),
            };
            if self.mean.is_some() {
                words += &format!("; shift grows as {}", growth(&times.shift));
            }
            words += &format!("; variance as {}", growth(&times.variance));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By central differences, with and without the floor at zero.
    #[test]
    fn slopes_are_those_of_the_moments() {
        let levels = [0.1, 0.4, 0.7, 1.0];
        let tails = Tails { share: 0.2, factor: 2.5 };
        for (shift, variance) in
            [(GrowthKind::Power, GrowthKind::Logarithm), (GrowthKind::Logarithm, GrowthKind::Power)]
        {
            let growing = |kind, knots| Growing { kind, knots: Knots::among(&levels, knots) };
            let times = Some(Times {
                shift: growing(shift, 1),
                variance: growing(variance, 2),
                to: 1e4,
            });
            let law = Law {
                mean: Some(Knots::among(&levels, 4)),
                sigma: Knots::among(&levels, 3),
                times,
                tails,
            };
            let mut theta = vec![0.02, -0.1, -0.2, 0.05, -2.0, -1.5, -2.5, -1.2];
            // Onsets are logarithms of about a second.
            if shift == GrowthKind::Power {
                theta.extend([-0.8, 0.2, 0.3]);
            } else {
                theta.extend([0.4, -0.8, -1.3]);
            }
            assert_eq!(theta.len(), law.parameters());
            for (x, base) in [(0.5, f64::INFINITY), (0.3, 0.3), (0.12, 0.12)] {
                let seen = Observation {
                    cell: 0,
                    x,
                    target: x,
                    elapsed: 37.0,
                    value: 0.0,
                    base,
                    known: 1e-4,
                    squares: 0.0,
                    freedom: 1.0,
                };
                let at = law.at(&theta, &seen);
                let mut want = vec![(0.0, 0.0); theta.len()];
                for (k, slot) in want.iter_mut().enumerate() {
                    let moved = |step: f64| {
                        let mut theta = theta.clone();
                        theta[k] += step;
                        law.at(&theta, &seen)
                    };
                    let (up, down) = (moved(1e-5), moved(-1e-5));
                    *slot = ((up.mean - down.mean) / 2e-5, (up.variance - down.variance) / 2e-5);
                }
                let mut got = vec![(0.0, 0.0); theta.len()];
                for (idx, d_mean, d_variance) in at.slopes() {
                    got[idx] = (got[idx].0 + d_mean, got[idx].1 + d_variance);
                }
                for (k, (got, want)) in got.iter().zip(&want).enumerate() {
                    // Both are differences: of steps of 1e-4 and 1e-5 of quantities of order 0.1.
                    assert!((got.0 - want.0).abs() < 1e-6, "{x} {k}: {got:?}, {want:?} wanted");
                    assert!((got.1 - want.1).abs() < 1e-6, "{x} {k}: {got:?}, {want:?} wanted");
                }
            }
        }
    }
}
