//! Choosing among laws by cross-validation over cells.

use rayon::prelude::*;

use crate::fitted::Candidate;
use crate::likelihood::{NotFitted, log_likelihood, most_likely, without_folds};
use crate::moments::Law;
use crate::observation::Observation;

/// Errors of a difference beyond this many times the least of all are of few cells that a law foretells
/// badly: it is not as good as the best one because of them.
const MOST_ERROR: f64 = 10.0;

/// A law that was fitted.
#[derive(Clone)]
pub(crate) struct Tried {
    pub law: Law,
    pub theta: Vec<f64>,
    /// Its parameters without each part of the cells.
    pub by_fold: Vec<Vec<f64>>,
    /// Log-likelihood of every cell by those that were found without it.
    scores: Vec<f64>,
}

impl Tried {
    fn of(law: Law, theta: Vec<f64>, seen: &[Observation]) -> Result<Self, NotFitted> {
        let by_fold = without_folds(&law, &theta, seen)?;
        let valued: Vec<_> = by_fold.iter().map(|theta| law.valued(theta)).collect();
        let of_cell = |of_cell: &[Observation]| {
            let law = &valued[of_cell[0].fold as usize];
            of_cell.iter().map(|seen| log_likelihood(law, seen)).sum()
        };
        let scores = seen.chunk_by(|a, b| a.cell == b.cell).map(of_cell).collect();
        drop(valued);
        Ok(Self { law, theta, by_fold, scores })
    }

    /// Log-likelihood of every cell by parameters that were found without it.
    pub(crate) fn scores(&self) -> &[f64] {
        &self.scores
    }
}

/// The simplest law whose likelihood for cells that it was not fitted to is within one standard error
/// of the best one's, and what it was chosen from; the error is that of the difference, over cells.
///
/// A fit begins at what is known of another law of the part, else with one standard deviation, `sigma`.
/// A law whose parameters were not found is no candidate.
///
/// # Errors
/// [`NotFitted`] of the first law, if none has parameters.
pub(crate) fn choose(
    laws: Vec<Law>,
    seen: &[Observation],
    known: Option<&Tried>,
    sigma: f64,
) -> Result<(Tried, Vec<Candidate>), NotFitted> {
    let start = |law: &Law| match known {
        Some(known) => law.start_from(&known.law, &known.theta),
        None => law.start(sigma),
    };
    let fitted: Vec<Result<(Law, Vec<f64>), NotFitted>> = laws
        .into_par_iter()
        .map(|law| match known {
            Some(known) if known.law == law => Ok((law, known.theta.clone())),
            _ => {
                let theta = most_likely(&law, seen, start(&law))?;
                Ok((law, theta))
            }
        })
        .collect();
    let mut fitted = those_fitted(fitted)?;
    // A law at its bound is another one that is tried too.
    if fitted.iter().any(|(law, theta)| !law.is_at_bound(theta)) {
        fitted.retain(|(law, theta)| !law.is_at_bound(theta));
    }
    let tried: Vec<Result<Tried, NotFitted>> = fitted
        .into_par_iter()
        .map(|(law, theta)| match known {
            Some(known) if known.law == law => Ok(known.clone()),
            _ => Tried::of(law, theta, seen),
        })
        .collect();
    let tried = those_fitted(tried)?;
    if tried.is_empty() {
        return Err(NotFitted::Undetermined);
    }
    let scores: Vec<_> = tried.iter().map(|one| (&one.scores[..], one.law.parameters())).collect();
    let (chosen, behind) = pick(&scores);
    let candidates = tried
        .iter()
        .zip(&behind)
        .enumerate()
        .map(|(idx, (tried, &(behind, error)))| Candidate {
            words: tried.law.words(),
            parameters: tried.law.parameters(),
            behind,
            error,
            is_chosen: idx == chosen,
        })
        .collect();
    let chosen = tried.into_iter().nth(chosen).ok_or(NotFitted::Undetermined)?;
    Ok((chosen, candidates))
}

/// Which of some laws is the simplest within one standard error of the best, from their scores cell by cell
/// and their numbers of parameters; how far each is behind the best, with the standard error of that.
pub(crate) fn pick(laws: &[(&[f64], usize)]) -> (usize, Vec<(f64, f64)>) {
    let sum = |idx: usize| laws[idx].0.iter().sum::<f64>();
    let best = (0..laws.len()).max_by(|a, b| sum(*a).total_cmp(&sum(*b))).unwrap_or(0);
    let behind: Vec<(f64, f64)> =
        laws.iter().map(|(scores, _)| difference(laws[best].0, scores)).collect();
    let least = behind.iter().map(|(_, error)| *error).filter(|error| 0.0 < *error);
    let most = MOST_ERROR * least.fold(f64::INFINITY, f64::min);
    let good = |idx: &usize| behind[*idx].0 <= behind[*idx].1 && behind[*idx].1 <= most;
    let chosen = (0..laws.len()).filter(good).min_by_key(|idx| laws[*idx].1);
    (chosen.unwrap_or(best), behind)
}

/// Those that have parameters, or why the first has none where all have none.
fn those_fitted<T>(found: Vec<Result<T, NotFitted>>) -> Result<Vec<T>, NotFitted> {
    let (mut fitted, mut why) = (Vec::with_capacity(found.len()), None);
    for one in found {
        match one {
            Ok(one) => fitted.push(one),
            Err(reason) => why = why.or(Some(reason)),
        }
    }
    match why {
        Some(reason) if fitted.is_empty() => Err(reason),
        _ => Ok(fitted),
    }
}

/// Mean by which `other` is behind `best`, cell by cell, and its standard error.
pub(crate) fn difference(best: &[f64], other: &[f64]) -> (f64, f64) {
    let n = best.len() as f64;
    let mean = best.iter().zip(other).map(|(a, b)| a - b).sum::<f64>() / n;
    let squares: f64 = best.iter().zip(other).map(|(a, b)| (a - b - mean).powi(2)).sum();
    (mean, (squares / (n * (n - 1.0).max(1.0))).sqrt())
}
