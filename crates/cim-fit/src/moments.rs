//! Mean and variance of an observation by a law with parameters, and their slopes.

use cim_device::models::Tails;

use crate::floor::{Floored, floored};
use crate::growing::{Growing, Grown, Span};
use crate::knots::Knots;
use crate::observation::Observation;

/// Logarithms of the least and the most spread, in parts of the highest target: 1e-9 and 1e3. What is
/// below is told from none by no measurement.
const SPREADS: [f64; 2] = [-20.723_265_836_946_41, 6.907_755_278_982_137];

/// Logarithms of the least and the most exponent of growth: 1e-4, which is no growth, and 100, which is
/// all of it at the last time.
const EXPONENTS: [f64; 2] = [-9.210_340_371_976_182, 4.605_170_185_988_092];

/// Time in a law.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Times {
    pub shift: Growing,
    pub variance: Growing,
    pub span: Span,
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
    /// Slopes before this one are of the mean alone, all others of the variance alone.
    apart: usize,
}

impl At {
    /// First of the slopes that share a moment with that at `place`.
    pub(crate) fn apart(&self, place: usize) -> usize {
        if place < self.apart { 0 } else { self.apart }
    }

    /// Parameters that matter: index, slope of the mean, slope of the variance.
    pub(crate) fn slopes(&self) -> impl Iterator<Item = (usize, f64, f64)> + '_ {
        (0..self.used).map(|k| (self.idx[k], self.d_mean[k], self.d_variance[k]))
    }

    fn add(&mut self, idx: usize, d_mean: f64, d_variance: f64) {
        if d_mean == 0.0 && d_variance == 0.0 {
            return;
        }
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
                start.extend(times.shift.start(times.span));
            }
            start.extend(times.variance.start(times.span));
        }
        start
    }

    /// Where a fit begins that knows the parameters of another law of the same part.
    pub(crate) fn start_from(&self, other: &Self, theta: &[f64]) -> Vec<f64> {
        let at = |knots: &Knots| (0..knots.len()).map(|idx| knots.at(idx)).collect::<Vec<_>>();
        let (first, from, until) =
            (other.sigma_from(), other.shift_growth_from(), other.variance_growth_from());
        let mut start = Vec::with_capacity(self.parameters());
        if let Some(knots) = &self.mean {
            let of = |x| other.mean.as_ref().map_or(0.0, |mean| mean.value(&theta[..first], x));
            start.extend(at(knots).into_iter().map(of));
        }
        start
            .extend(at(&self.sigma).into_iter().map(|x| other.sigma.value(&theta[first..from], x)));
        if let (Some(times), Some(others)) = (&self.times, &other.times) {
            let span = times.span;
            if self.mean.is_some() {
                start.extend(match other.mean {
                    Some(_) => times.shift.start_from(&others.shift, &theta[from..until], span),
                    None => times.shift.start(span),
                });
            }
            start.extend(times.variance.start_from(&others.variance, &theta[until..], span));
        }
        start
    }

    /// Parameters that have bounds: index, least, most.
    pub(crate) fn bounds(&self) -> Vec<(usize, [f64; 2])> {
        let onsets = self.onsets();
        let of_sigma = (self.sigma_from()..self.shift_growth_from()).map(|idx| (idx, SPREADS));
        let exponents = (self.shift_growth_from()..self.parameters())
            .filter(|idx| onsets.iter().all(|(onset, _)| onset != idx))
            .map(|idx| (idx, EXPONENTS));
        of_sigma.chain(exponents).chain(onsets.iter().copied()).collect()
    }

    /// Whether a spread is none at all, with no noise of reads beside it: everything is as likely as one
    /// likes.
    pub(crate) fn has_no_spread(&self, theta: &[f64], seen: &[Observation]) -> bool {
        let sigmas = &theta[self.sigma_from()..self.shift_growth_from()];
        let is_none = sigmas.iter().any(|sigma| *sigma <= SPREADS[0]);
        is_none && seen.iter().all(|seen| seen.known == 0.0)
    }

    /// Onsets with their bounds.
    fn onsets(&self) -> Vec<(usize, [f64; 2])> {
        let Some(times) = &self.times else { return Vec::new() };
        let onsets = Growing::onsets(times.span);
        let mut bounds = Vec::new();
        if self.mean.is_some() && times.shift.kind.has_onset() {
            bounds.push((self.variance_growth_from() - 1, onsets));
        }
        if times.variance.kind.has_onset() {
            bounds.push((self.parameters() - 1, onsets));
        }
        bounds
    }

    /// Whether an onset is where it is told from no power of time.
    pub(crate) fn is_at_bound(&self, theta: &[f64]) -> bool {
        let beyond =
            |(idx, [least, most]): (usize, [f64; 2])| theta[idx] <= least || most <= theta[idx];
        self.onsets().into_iter().any(beyond)
    }

    /// With numbers for its parameters.
    pub(crate) fn valued(&self, theta: &[f64]) -> Valued<'_> {
        let (first, from, until) =
            (self.sigma_from(), self.shift_growth_from(), self.variance_growth_from());
        let times = self.times.as_ref();
        let shift = times.filter(|_| self.mean.is_some());
        Valued {
            law: self,
            means: theta[..first].to_vec(),
            sigmas: theta[first..from].iter().map(|theta| libm::exp(*theta)).collect(),
            shift: shift.map(|times| times.shift.valued(&theta[from..until], times.span)),
            variance: times.map(|times| times.variance.valued(&theta[until..], times.span)),
            from: [first, from, until],
        }
    }

    /// In words.
    pub(crate) fn words(&self) -> String {
        let mut words = match &self.mean {
            Some(mean) => format!("shift: {}", mean.words()),
            None => "shift: none".to_owned(),
        };
        words += &format!("; spread: {}", self.sigma.words());
        if let Some(times) = &self.times {
            if self.mean.is_some() {
                words += &format!("; shift grows as {}", times.shift.words());
            }
            words += &format!("; variance as {}", times.variance.words());
        }
        words
    }
}

/// A law with numbers for its parameters.
pub(crate) struct Valued<'a> {
    law: &'a Law,
    means: Vec<f64>,
    sigmas: Vec<f64>,
    shift: Option<Grown<'a>>,
    variance: Option<Grown<'a>>,
    /// Indices of the first parameter of the standard deviation, of the growth of the shift, of that
    /// of the variance.
    from: [usize; 3],
}

impl Valued<'_> {
    /// Moments of an observation.
    pub(crate) fn at(&self, seen: &Observation) -> At {
        let zero = [0.0; MOST];
        let mut at = At {
            mean: 0.0,
            variance: seen.known,
            idx: [0; MOST],
            d_mean: zero,
            d_variance: zero,
            used: 0,
            apart: 0,
        };
        let [first, from, until] = self.from;
        let share = |grown: &Option<Grown<'_>>| {
            grown.as_ref().map(|g| g.share(seen.x, seen.elapsed, seen.ln_elapsed))
        };
        if let Some(knots) = &self.law.mean {
            let share = share(&self.shift);
            let value = share.as_ref().map_or(1.0, |share| share.value);
            let mut late = 0.0;
            for (idx, weight) in knots.around(seen.x) {
                late += self.means[idx] * weight;
                at.add(idx, weight * value, 0.0);
            }
            at.mean = late * value;
            if let Some(share) = share {
                for (idx, slope) in share.of_exponents.into_iter().chain(share.of_onset) {
                    at.add(from + idx, late * slope, 0.0);
                }
            }
        }
        at.apart = at.used;
        let values =
            self.law.sigma.around(seen.x).map(|(idx, weight)| (idx, self.sigmas[idx] * weight));
        let sigma = values[0].1 + values[1].1;
        let share = share(&self.variance);
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
        let is_near = mu < 5.0 * self.law.tails.scales()[1] * variance.sqrt();
        if !is_near {
            return at;
        }
        let Floored { mean, variance: left, of_mu, of_variance } =
            floored(self.law.tails, mu, variance);
        for k in 0..at.used {
            let (d_mu, d_variance) = (at.d_mean[k], at.d_variance[k]);
            at.d_mean[k] = d_mu * of_mu[0] + d_variance * of_variance[0];
            at.d_variance[k] = d_mu * of_mu[1] + d_variance * of_variance[1];
        }
        at.apart = 0;
        (at.mean, at.variance) = (mean - base, left.max(1e-6 * variance));
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growing::GrowthKind;

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
                span: Span { from: 1.0, to: 1e4 },
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
                    fold: 0,
                    x,
                    target: x,
                    elapsed: 37.0,
                    ln_elapsed: f64::ln(37.0),
                    value: 0.0,
                    base,
                    known: 1e-4,
                    squares: 0.0,
                    freedom: 1.0,
                };
                let at = law.valued(&theta).at(&seen);
                let mut want = vec![(0.0, 0.0); theta.len()];
                for (k, slot) in want.iter_mut().enumerate() {
                    let moved = |step: f64| {
                        let mut theta = theta.clone();
                        theta[k] += step;
                        law.valued(&theta).at(&seen)
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
