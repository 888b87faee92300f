//! Parameters of most likelihood, with intervals that hold whatever the distribution.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::episodes::FOLDS;
use crate::linear::Symmetric;
use crate::moments::{At, Law, Valued};
use crate::observation::Observation;

/// Parameters with their intervals.
#[derive(Clone, Debug)]
pub(crate) struct Estimate {
    pub theta: Vec<f64>,
    /// Halves of the intervals of 95 %.
    pub halves: Vec<f64>,
}

/// Steps after which a fit has come to its end, or never will.
const MOST_STEPS: usize = 500;

/// Twice the log-likelihood that is still to be gained where a fit has come to its end, by the square of
/// the model: a hundred-thousandth of a standard error, in whatever units.
const NO_GAIN: f64 = 1e-10;

/// Rounding of a log-likelihood, in parts of it.
const ROUNDING: f64 = 64.0 * f64::EPSILON;

/// Damping that only keeps a matrix regular.
const LEAST_DAMPING: f64 = 1e-9;

/// Why a law has no parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotFitted {
    /// The observations do not determine them.
    Undetermined,
    /// The search for them came to no end.
    Unsettled,
    /// The most likely spread is none at all.
    NoSpread,
}

/// Logarithm of the likelihood of one observation but for constants, as if it were normal: it is most where
/// mean and variance are right, which is what laws are of, whatever the tails.
pub(crate) fn log_likelihood(law: &Valued<'_>, seen: &Observation) -> f64 {
    let at = law.at(seen);
    let residual = seen.value - at.mean;
    let squares = residual * residual + seen.squares;
    -0.5 * (seen.freedom * libm::log(at.variance) + squares / at.variance)
}

/// Parameters of most likelihood from `start`.
///
/// Means and variances of the law are estimated as if observations were normal and independent, which
/// is consistent for both whatever they are (Gourieroux, Monfort and Trognon, Econometrica 52, 1984).
/// Method: scoring with the damping of Levenberg and Marquardt.
///
/// # Errors
/// [`NotFitted`] if there are none, or none were found.
pub(crate) fn most_likely(
    law: &Law,
    seen: &[Observation],
    start: Vec<f64>,
) -> Result<Vec<f64>, NotFitted> {
    let sums = Sums::of(law, &start, seen);
    climbed(law, seen, start, sums)
}

/// Parameters of most likelihood without each part of the cells, from those of all.
///
/// # Errors
/// As [`most_likely`].
pub(crate) fn without_folds(
    law: &Law,
    theta: &[f64],
    seen: &[Observation],
) -> Result<Vec<Vec<f64>>, NotFitted> {
    let mut parts: Vec<Vec<Observation>> = vec![Vec::new(); FOLDS as usize];
    seen.iter().for_each(|seen| parts[seen.fold as usize].push(*seen));
    let sums: Vec<Sums> = parts.iter().map(|part| Sums::of(law, theta, part)).collect();
    let without = |held: usize| {
        // Sums of those that are left, not the difference of all and some: zeros stay zeros.
        let left = || (0..parts.len()).filter(|part| *part != held);
        let mut start = Sums::zeros(theta.len());
        left().for_each(|part| start.extend(&sums[part]));
        let kept: Vec<Observation> = left().flat_map(|part| parts[part].iter().copied()).collect();
        climbed(law, &kept, theta.to_vec(), start)
    };
    (0..parts.len()).map(without).collect()
}

/// Parameters of most likelihood from `theta`, where sums are `now`.
fn climbed(
    law: &Law,
    seen: &[Observation],
    mut theta: Vec<f64>,
    mut now: Sums,
) -> Result<Vec<f64>, NotFitted> {
    let mut damping = 1e-6;
    let bounds = law.bounds();
    let sigma_from = law.sigma_from();
    let moved = |theta: &[f64], step: &[f64]| {
        let mut moved: Vec<f64> = theta.iter().zip(step).map(|(t, d)| t + d).collect();
        for &(idx, [least, most]) in &bounds {
            moved[idx] = moved[idx].clamp(least, most);
        }
        moved
    };
    for _ in 0..MOST_STEPS {
        for idx in held(&bounds, &theta, &now.slope) {
            now.slope[idx] = 0.0;
            now.information.hold(idx);
        }
        let step = |damping: f64| {
            let factor = now.information.damped(damping).factor();
            factor.map(|factor| factor.solve(&now.slope)).ok_or(NotFitted::Undetermined)
        };
        // What is still to be gained is asked without damping, which makes every step short.
        let whole = step(LEAST_DAMPING)?;
        let gain: f64 = whole.iter().zip(&now.slope).map(|(d, g)| d * g).sum();
        let rounding = ROUNDING * now.log_likelihood.abs();
        if gain <= NO_GAIN.max(rounding) {
            let theta = moved(&theta, &whole);
            return if law.has_no_spread(&theta, seen) {
                Err(NotFitted::NoSpread)
            } else {
                Ok(theta)
            };
        }
        // Logarithms move by one at most, each by itself: beyond, the square of the model is no guide, and
        // one of which little is known must not hold up all others.
        let mut step = step(damping)?;
        step[sigma_from..].iter_mut().for_each(|d| *d = d.clamp(-1.0, 1.0));
        let further = moved(&theta, &step);
        let next = Sums::of(law, &further, seen);
        let is_finite = next.log_likelihood.is_finite();
        if is_finite && now.log_likelihood <= next.log_likelihood + rounding {
            (theta, now) = (further, next);
            damping = (0.2 * damping).max(LEAST_DAMPING);
        } else {
            damping = (10.0 * damping).max(1e-4);
            if damping > 1e12 {
                break;
            }
        }
    }
    Err(NotFitted::Unsettled)
}

/// Parameters that are at a bound, and would be more likely beyond it.
fn held(bounds: &[(usize, [f64; 2])], theta: &[f64], slope: &[f64]) -> Vec<usize> {
    let beyond = |&&(idx, [least, most]): &&(usize, [f64; 2])| {
        (theta[idx] <= least && slope[idx] <= 0.0) || (most <= theta[idx] && 0.0 <= slope[idx])
    };
    bounds.iter().filter(beyond).map(|(idx, _)| *idx).collect()
}

/// Intervals of 95 % of parameters that are most likely, from how far each would move without one cell:
/// rows of one cell count as one, and tails are as heavy as they are.
///
/// One step of scoring with a cell left out moves `θ` by `(A − Aᵢ)⁻¹ sᵢ`, with the information `A` and
/// the slope `s`; its squares sum to the variance (the jackknife; Bell and McCaffrey, Survey Methodology
/// 28, 169, 2002). Quantiles are Student's with the degrees of freedom that so many squares of such
/// unequal size have (Satterthwaite, Biometrics Bulletin 2, 110, 1946). Of a parameter at its bound
/// nothing is known.
pub(crate) fn estimate(law: &Law, seen: &[Observation], theta: Vec<f64>) -> Option<Estimate> {
    let n = theta.len();
    let mut sums = Sums::of(law, &theta, seen);
    let held = held(&law.bounds(), &theta, &sums.slope);
    held.iter().for_each(|idx| sums.information.hold(*idx));
    // Observations are in the order of cells.
    let of_cells = seen.chunk_by(|a, b| a.cell == b.cell).map(|of_cell| {
        let mut of_cell = Sums::of(law, &theta, of_cell);
        for idx in &held {
            of_cell.slope[*idx] = 0.0;
            of_cell.information.hold(*idx);
        }
        (of_cell.slope, of_cell.information)
    });
    let mut halves = intervals(&sums.information, of_cells, n)?;
    held.iter().for_each(|idx| halves[*idx] = f64::INFINITY);
    Some(Estimate { theta, halves })
}

/// Halves of the intervals of `n` parameters with this information, from slope and information of every
/// cell; nothing where parameters are not determined without one.
pub(crate) fn intervals(
    information: &Symmetric,
    of_cells: impl Iterator<Item = (Vec<f64>, Symmetric)>,
    n: usize,
) -> Option<Vec<f64>> {
    let (mut squares, mut fourths, mut cells) = (vec![0.0; n], vec![0.0; n], 0.0);
    for (slope, own) in of_cells {
        let left = information.less(&own).damped(0.0).factor()?;
        for (idx, moved) in left.solve(&slope).into_iter().enumerate() {
            squares[idx] += moved * moved;
            fourths[idx] += moved.powi(4);
        }
        cells += 1.0;
    }
    let half = |idx: usize| {
        let (variance, fourths) = (squares[idx], fourths[idx]);
        let freedom = 2.0 / (fourths / (variance * variance) - 1.0 / cells);
        quantile(freedom) * variance.sqrt()
    };
    Some((0..n).map(half).collect())
}

/// The 97.5 % quantile of Student's distribution.
fn quantile(freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(1.96, |t| t.inverse_cdf(0.975))
}

/// Likelihood, its slope and its information.
struct Sums {
    log_likelihood: f64,
    slope: Vec<f64>,
    information: Symmetric,
}

impl Sums {
    fn zeros(n: usize) -> Self {
        Self { log_likelihood: 0.0, slope: vec![0.0; n], information: Symmetric::zeros(n) }
    }

    fn of(law: &Law, theta: &[f64], seen: &[Observation]) -> Self {
        let mut sums = Self::zeros(theta.len());
        let law = law.valued(theta);
        for seen in seen {
            sums.add(&law.at(seen), seen);
        }
        sums
    }

    fn add(&mut self, at: &At, seen: &Observation) {
        let (residual, inverse) = (seen.value - at.mean, 1.0 / at.variance);
        let squares = residual * residual + seen.squares;
        self.log_likelihood -= 0.5 * (seen.freedom * libm::log(at.variance) + squares * inverse);
        let by_mean = residual * inverse;
        let by_variance = 0.5 * inverse * (squares * inverse - seen.freedom);
        let of_variance = 0.5 * seen.freedom * inverse * inverse;
        for (k, (row, d_mean, d_variance)) in at.slopes().enumerate() {
            self.slope[row] += d_mean * by_mean + d_variance * by_variance;
            let (d_mean, d_variance) = (d_mean * inverse, d_variance * of_variance);
            // Each pair once, below the diagonal: growth of the shift comes before the spread. Pairs
            // before `apart` have nothing in common.
            let apart = at.apart(k);
            for (col, other_mean, other_variance) in at.slopes().take(k + 1).skip(apart) {
                let both = d_mean * other_mean + d_variance * other_variance;
                self.information.add(row.max(col), row.min(col), both);
            }
        }
    }

    fn extend(&mut self, other: &Self) {
        self.log_likelihood += other.log_likelihood;
        self.slope.iter_mut().zip(&other.slope).for_each(|(sum, slope)| *sum += slope);
        self.information.extend(&other.information);
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;
    use cim_device::models::Tails;

    use super::*;
    use crate::growing::{Growing, GrowthKind, Span};
    use crate::knots::Knots;
    use crate::moments::Times;

    /// 120 cells that fall as a power of time and spread as much at once as later, so that the exponent of
    /// the variance has no inner optimum.
    fn seen() -> Vec<Observation> {
        let mut noise = vec![0.0_f32; 360];
        Stream::root(8).fill_standard_normal(0, &mut noise);
        let of = |(k, noise): (usize, &f32)| {
            let (cell, elapsed) = (k / 3, [1.0, 10.0, 100.0_f64][k % 3]);
            let x = [0.125, 0.25, 0.5, 1.0][cell % 4];
            Observation {
                cell: cell as u32,
                fold: cell as u32 % FOLDS,
                x,
                target: x,
                elapsed,
                ln_elapsed: elapsed.ln(),
                value: -0.02 * (elapsed / 100.0).powf(0.3) + 0.005 * f64::from(*noise),
                base: f64::INFINITY,
                known: 1e-6,
                squares: 0.0,
                freedom: 1.0,
            }
        };
        noise.iter().enumerate().map(of).collect()
    }

    #[test]
    fn no_parameter_moves_the_likelihood_up() {
        let (levels, seen) = ([0.125, 0.25, 0.5, 1.0], seen());
        let growing =
            |knots| Growing { kind: GrowthKind::Power, knots: Knots::among(&levels, knots) };
        let law = |knots| Law {
            mean: Some(Knots::among(&levels, knots)),
            sigma: Knots::among(&levels, 4),
            times: Some(Times {
                shift: growing(1),
                variance: growing(4),
                span: Span { from: 1.0, to: 100.0 },
            }),
            tails: Tails::NONE,
        };
        let (many, line) = (law(4), law(2));
        let of_many = most_likely(&many, &seen, many.start(0.02)).expect("parameters");
        let start = line.start_from(&many, &of_many);
        let found = most_likely(&line, &seen, start).expect("parameters");
        let cold = most_likely(&line, &seen, line.start(0.02)).expect("parameters");
        let of = |theta: &[f64]| {
            let valued = line.valued(theta);
            seen.iter().map(|seen| log_likelihood(&valued, seen)).sum::<f64>()
        };
        let best = of(&found);
        assert!((of(&cold) - best).abs() < 1e-8, "{found:?} {cold:?}");
        for idx in 0..found.len() {
            let is_bounded = |&(bounded, [least, most]): &(usize, [f64; 2])| {
                bounded == idx && !(least..=most).contains(&found[idx])
            };
            assert!(!line.bounds().iter().any(is_bounded), "{found:?}");
            let scale = if idx < line.sigma_from() { 0.02 } else { 1.0 };
            for step in [-1e-2, -1e-3, -1e-4, 1e-4, 1e-3, 1e-2] {
                let mut moved = found.clone();
                moved[idx] += step * scale;
                // At the least exponent there is nothing left that more of it would change.
                let is_out = line.bounds().iter().any(|(bounded, [least, most])| {
                    *bounded == idx && !(*least..=*most).contains(&moved[idx])
                });
                assert!(is_out || of(&moved) <= best + 1e-9, "{idx} {step}: {found:?}");
            }
        }
    }
}
