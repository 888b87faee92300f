//! Parameters of most likelihood from slopes of cells alone.

use crate::linear::Symmetric;

/// Steps after which a fit has come to its end, or never will.
const MOST_STEPS: usize = 200;

/// Damping that only keeps a matrix regular.
const LEAST_DAMPING: f64 = 1e-9;

/// Rounding and steps of a log-likelihood.
const ROUNDING: f64 = 1e-6;

/// Log-likelihood of a cell and its slopes.
pub(crate) type OfCell = (f64, Vec<f64>);

/// Parameters of most likelihood from `theta`, with their log-likelihood; nothing where the search comes to no
/// end. `bounds` are of parameters by index; `no_gain` is twice the log-likelihood that may still be gained.
///
/// Method: steps of Levenberg and Marquardt with an information that begins at the squared slopes of cells
/// (Berndt, Hall, Hall and Hausman, Annals of Economic and Social Measurement 3, 653, 1974) and is corrected
/// by every step (Broyden, Fletcher, Goldfarb and Shanno).
pub(crate) fn climbed(
    of_cells: impl Fn(&[f64]) -> Vec<OfCell>,
    bounds: &[(usize, [f64; 2])],
    mut theta: Vec<f64>,
    no_gain: f64,
) -> Option<(Vec<f64>, f64)> {
    let n = theta.len();
    let first = of_cells(&theta);
    let mut information = squares(&first, n);
    let mut now = sums(&first, n);
    let mut damping = 1e-3;
    for _ in 0..MOST_STEPS {
        let (mut slope, mut free) = (now.1.clone(), information.clone());
        for &(idx, [least, most]) in bounds {
            let is_out = (theta[idx] <= least && slope[idx] <= 0.0)
                || (most <= theta[idx] && 0.0 <= slope[idx]);
            if is_out {
                slope[idx] = 0.0;
                free.hold(idx);
            }
        }
        let step = |damping: f64| Some(free.damped(damping).factor()?.solve(&slope));
        // Without damping, which makes every step short.
        let gain = step(LEAST_DAMPING).map_or(f64::INFINITY, |whole| {
            whole.iter().zip(&slope).map(|(d, s)| d * s).sum::<f64>()
        });
        if gain <= no_gain {
            return Some((theta, now.0));
        }
        // Logarithms move by one at most.
        let mut further = theta.clone();
        let steps = step(damping).into_iter().flatten();
        further.iter_mut().zip(steps).for_each(|(x, d)| *x += d.clamp(-1.0, 1.0));
        for &(idx, [least, most]) in bounds {
            further[idx] = further[idx].clamp(least, most);
        }
        let next = sums(&of_cells(&further), n);
        let is_finite = next.0.is_finite() && next.1.iter().all(|slope| slope.is_finite());
        if is_finite {
            let step: Vec<f64> = further.iter().zip(&theta).map(|(to, from)| to - from).collect();
            let fall: Vec<f64> = now.1.iter().zip(&next.1).map(|(from, to)| from - to).collect();
            correct(&mut information, &step, &fall);
        }
        if is_finite && now.0 <= next.0 + ROUNDING {
            (theta, now) = (further, next);
            damping = (0.2 * damping).max(LEAST_DAMPING);
        } else {
            damping = (10.0 * damping).max(1e-4);
            if damping > 1e12 {
                return None;
            }
        }
    }
    None
}

/// Sums over cells: log-likelihood, slope.
fn sums(of_cells: &[OfCell], n: usize) -> (f64, Vec<f64>) {
    let (mut value, mut slope) = (0.0, vec![0.0; n]);
    for (own, slopes) in of_cells {
        value += own;
        slope.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += slope);
    }
    (value, slope)
}

/// Information as the sum of squared slopes of cells.
fn squares(of_cells: &[OfCell], n: usize) -> Symmetric {
    let mut information = Symmetric::zeros(n);
    for (_, slopes) in of_cells {
        for row in 0..n {
            (0..=row).for_each(|col| information.add(row, col, slopes[row] * slopes[col]));
        }
    }
    information
}

/// Corrects an information by the fall of the slope over a step.
fn correct(information: &mut Symmetric, step: &[f64], fall: &[f64]) {
    let n = step.len();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let foretold: Vec<f64> = (0..n)
        .map(|row| {
            let entry = |col: usize| information.get(row.max(col), row.min(col));
            (0..n).map(|col| entry(col) * step[col]).sum()
        })
        .collect();
    let (seen, known) = (dot(step, fall), dot(step, &foretold));
    // Where the slope rises, the information is of another place.
    let is_told = 1e-3 * known < seen && 0.0 < known;
    if !is_told {
        return;
    }
    for row in 0..n {
        for col in 0..=row {
            let more = fall[row] * fall[col] / seen - foretold[row] * foretold[col] / known;
            information.add(row, col, more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The normal distribution of four numbers, whose mean and spread are known, and a bound below the mean.
    #[test]
    fn mean_and_spread_are_most_likely_within_bounds() {
        let seen = [1.0, 2.0, 4.0, 9.0_f64];
        let of_cells = |theta: &[f64]| -> Vec<OfCell> {
            let (mean, variance) = (theta[0], (2.0 * theta[1]).exp());
            let of = |x: &f64| {
                let off = x - mean;
                let slopes = vec![off / variance, off * off / variance - 1.0];
                (-0.5 * off * off / variance - theta[1], slopes)
            };
            seen.iter().map(of).collect()
        };
        let (found, _) = climbed(of_cells, &[], vec![0.0, 0.0], 1e-12).expect("an end");
        // Mean 4, mean square 9.5; a gain of 1e-12 is 1e-6 standard errors, which are 3.1/2.
        assert!((found[0] - 4.0).abs() < 1e-5 && (found[1] - 0.5 * 9.5_f64.ln()).abs() < 1e-5);
        let bounds = [(0, [-1.0, 3.0])];
        let (found, _) = climbed(of_cells, &bounds, vec![0.0, 0.0], 1e-12).expect("an end");
        assert!(found[0] == 3.0 && (found[1] - 0.5 * 10.5_f64.ln()).abs() < 1e-5, "{found:?}");
    }
}
