//! The steps of a fit: candidates of each part, and its parameters in SI.

use cim_device::models::Tails;

use crate::choose::{Tried, choose};
use crate::error::FitError;
use crate::fitted::{Choice, Parameter};
use crate::growing::{Growing, GrowthKind, Span};
use crate::knots::Knots;
use crate::likelihood::{Estimate, NotFitted, estimate};
use crate::moments::{Law, Times};
use crate::observation::Observation;

/// Knots that are tried.
const KNOTS: [usize; 7] = [1, 2, 3, 5, 9, 17, 33];

/// Knots of which some may as well lie closer where laws bend.
const MANY: usize = 17;

/// Most knots of an exponent of growth.
const MOST_OF_GROWTH: usize = 5;

/// Fewest cells of any fit.
const LEAST: usize = 10;

/// Roots of mean squares, in parts of the highest target, that are rounding.
const LEAST_SPREAD: f64 = 1e-9;

/// Halves of intervals below this part of the parameter have no width.
const LEAST_WIDTH: f64 = 1e-10;

/// A part that is fitted.
pub(crate) struct Part<'a> {
    /// What it is.
    pub name: &'static str,
    /// What was seen of it, cell by cell.
    pub seen: &'a [Observation],
    /// Targets there are, rising.
    pub levels: &'a [f64],
    /// Whether there is a mean to fit.
    pub has_mean: bool,
    /// First and last time, if it grows with time.
    pub span: Option<Span>,
}

impl Part<'_> {
    /// Chooses how variance and shift grow, then the spread, then the mean.
    ///
    /// # Errors
    /// [`FitError`] where there are too few cells, or none of the laws is determined.
    pub(crate) fn choose(&self) -> Result<(Tried, Vec<Choice>), FitError> {
        let (cells, knots) = (self.cells(), |count| Knots::among(self.levels, count));
        if cells < LEAST {
            return Err(FitError::TooFew { what: self.name, cells, least: LEAST });
        }
        let power = || Growing { kind: GrowthKind::Power, knots: knots(1) };
        let counts = self.counts();
        let middle = || knots(counts[counts.len() - 1].min(5));
        let law = Law {
            mean: self.has_mean.then(middle),
            sigma: middle(),
            times: self.span.map(|span| Times { shift: power(), variance: power(), span }),
            tails: Tails::NONE,
        };
        let mut steps = Steps { part: self, known: None, choices: Vec::new() };
        let law = steps.growth(law)?;
        steps.curves(law)
    }

    /// Chooses spread and mean again, with tails.
    ///
    /// # Errors
    /// As [`Self::choose`].
    pub(crate) fn with_tails(
        &self,
        known: Tried,
        tails: Tails,
    ) -> Result<(Tried, Vec<Choice>), FitError> {
        let law = Law { tails, ..known.law.clone() };
        Steps { part: self, known: Some(known), choices: Vec::new() }.curves(law)
    }

    fn cells(&self) -> usize {
        self.seen.chunk_by(|a, b| a.cell == b.cell).count()
    }

    /// Numbers of knots that are tried, rising: a knot wants some cells on either side.
    fn counts(&self) -> Vec<usize> {
        let most = self.levels.len().min((self.cells() / LEAST).max(1));
        let mut counts: Vec<usize> = KNOTS.into_iter().filter(|count| *count <= most).collect();
        // Few targets have a knot each.
        if most < KNOTS[KNOTS.len() - 1] && !counts.contains(&most) {
            counts.push(most);
        }
        counts
    }

    /// Knots that are tried: evenly, and dense at the lowest targets.
    pub(crate) fn curves(&self) -> Vec<Knots> {
        let counts = self.counts();
        let mut curves: Vec<Knots> =
            counts.iter().map(|count| Knots::among(self.levels, *count)).collect();
        // Few targets have a knot each.
        if counts.iter().any(|count| MANY <= *count && *count < self.levels.len()) {
            curves.push(Knots::doubling(self.levels));
        }
        curves
    }

    /// Parameters with their intervals; conductances are in `unit` (S).
    ///
    /// # Errors
    /// [`FitError::Undetermined`] where there is none.
    pub(crate) fn parameters(
        &self,
        law: &Law,
        theta: Vec<f64>,
        unit: f64,
    ) -> Result<Vec<Parameter>, FitError> {
        let undetermined = FitError::Undetermined { what: self.name };
        let Estimate { theta, halves } = estimate(law, self.seen, theta).ok_or(undetermined)?;
        let is_wide = |(value, half): (&f64, &f64)| LEAST_WIDTH * value.abs() < *half;
        if !theta.iter().zip(&halves).all(is_wide) {
            return Err(FitError::NoSpread { what: self.name });
        }
        let at = |knots: &Knots, idx: usize| match knots.len() {
            1 => String::new(),
            _ => format!(" at {:.4}", cim_core::Siemens(knots.at(idx) * unit)),
        };
        let mut all = Vec::with_capacity(theta.len());
        if let Some(knots) = &law.mean {
            for idx in 0..knots.len() {
                let half = halves[idx];
                all.push(Parameter {
                    name: format!("{}: shift{}", self.name, at(knots, idx)),
                    unit: "S",
                    value: theta[idx] * unit,
                    low: (theta[idx] - half) * unit,
                    high: (theta[idx] + half) * unit,
                });
            }
        }
        let positive = |idx: usize, unit: f64| {
            let of = |x: f64| libm::exp(x) * unit;
            let half = halves[idx];
            (of(theta[idx]), of(theta[idx] - half), of(theta[idx] + half))
        };
        for idx in 0..law.sigma.len() {
            let (value, low, high) = positive(law.sigma_from() + idx, unit);
            let name = format!("{}: spread{}", self.name, at(&law.sigma, idx));
            all.push(Parameter { name, unit: "S", value, low, high });
        }
        if let Some(times) = &law.times {
            let (from, until) = (law.shift_growth_from(), law.variance_growth_from());
            let mut growths = vec![("variance", &times.variance, until)];
            if law.mean.is_some() {
                growths.insert(0, ("shift", &times.shift, from));
            }
            for (what, growing, first) in growths {
                let mut add = |idx: usize, of: &str, place: String, unit| {
                    let (value, low, high) = positive(idx, 1.0);
                    let name = format!("{}: {of} of the {what}{place}", self.name);
                    all.push(Parameter { name, unit, value, low, high });
                };
                for idx in 0..growing.knots.len() {
                    add(first + idx, "exponent", at(&growing.knots, idx), "");
                }
                if growing.kind.has_onset() {
                    add(first + growing.knots.len(), "onset", String::new(), "s");
                }
            }
        }
        Ok(all)
    }
}

/// The steps of one part as far as they went.
struct Steps<'a> {
    part: &'a Part<'a>,
    known: Option<Tried>,
    choices: Vec<Choice>,
}

impl Steps<'_> {
    /// Chooses among laws, beginning at what is known.
    fn choose(&mut self, what: &'static str, laws: Vec<Law>) -> Result<Tried, FitError> {
        let Part { name, seen, .. } = *self.part;
        let freedom: f64 = seen.iter().map(|seen| seen.freedom).sum();
        let squares: f64 = seen.iter().map(|s| s.value * s.value + s.squares).sum();
        let sigma = (squares / freedom).sqrt();
        let is_spread = LEAST_SPREAD < sigma;
        if !is_spread {
            return Err(FitError::Undetermined { what: name });
        }
        let chosen = choose(laws, seen, self.known.as_ref(), sigma);
        let (tried, candidates) = chosen.map_err(|why| match why {
            NotFitted::Undetermined => FitError::Undetermined { what: name },
            NotFitted::Unsettled => FitError::Unsettled { what: name },
            NotFitted::NoSpread => FitError::NoSpread { what: name },
        })?;
        self.choices.push(Choice { part: name, what, candidates });
        self.known = Some(tried.clone());
        Ok(tried)
    }

    /// Chooses how the variance of a law grows, then its shift, if they do.
    fn growth(&mut self, law: Law) -> Result<Law, FitError> {
        let Some(times) = law.times.clone() else { return Ok(law) };
        let kinds = [GrowthKind::Power, GrowthKind::Logarithm];
        let growing = |kind, count| Growing { kind, knots: Knots::among(self.part.levels, count) };
        let counts = self.part.counts();
        let few = counts.into_iter().filter(|count| *count <= MOST_OF_GROWTH);
        let of = |variance| Law { times: Some(Times { variance, ..times.clone() }), ..law.clone() };
        let laws = few.flat_map(|count| kinds.map(|kind| of(growing(kind, count)))).collect();
        let law = self.choose("growth of the variance", laws)?.law;
        let (Some(times), Some(_)) = (&law.times, &law.mean) else { return Ok(law) };
        let of = |shift| Law { times: Some(Times { shift, ..times.clone() }), ..law.clone() };
        let laws = kinds.map(|kind| of(growing(kind, 1))).to_vec();
        Ok(self.choose("growth of the shift", laws)?.law)
    }

    /// Chooses the curves of a law: of the spread, of the mean if there is one.
    fn curves(mut self, law: Law) -> Result<(Tried, Vec<Choice>), FitError> {
        let curves = self.part.curves();
        let laws = curves.iter().map(|knots| Law { sigma: knots.clone(), ..law.clone() }).collect();
        let mut tried = self.choose("spread", laws)?;
        if self.part.has_mean {
            let law = tried.law;
            let mut laws = vec![Law { mean: None, ..law.clone() }];
            laws.extend(curves.into_iter().map(|knots| Law { mean: Some(knots), ..law.clone() }));
            tried = self.choose("shift", laws)?;
        }
        Ok((tried, self.choices))
    }
}
