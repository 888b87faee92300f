//! Choosing among laws by cross-validation over cells.

use rayon::prelude::*;

use crate::fitted::Candidate;
use crate::held_out::{FOLDS, fold};
use crate::likelihood::{log_likelihood, most_likely};
use crate::moments::Law;
use crate::observation::Observation;

/// The chosen law with its parameters, and what was chosen from.
pub(crate) struct Chosen {
    pub law: Law,
    pub theta: Vec<f64>,
    pub candidates: Vec<Candidate>,
}

/// The simplest law whose likelihood for cells that it was not fitted to is within one standard error
/// of the best one's; the error is that of the difference, over cells.
///
/// Nothing if no law is determined.
pub(crate) fn choose(laws: Vec<Law>, seen: &[Observation], sigma: f64) -> Option<Chosen> {
    let tried: Vec<Option<(Law, Vec<f64>, Vec<f64>)>> = laws
        .into_par_iter()
        .map(|law| {
            let theta = most_likely(&law, seen, law.start(sigma))?;
            let scores = scores(&law, &theta, seen)?;
            Some((law, theta, scores))
        })
        .collect();
    let tried: Vec<(Law, Vec<f64>, Vec<f64>)> = tried.into_iter().flatten().collect();
    let sum = |scores: &[f64]| scores.iter().sum::<f64>();
    let best = (0..tried.len()).max_by(|a, b| sum(&tried[*a].2).total_cmp(&sum(&tried[*b].2)))?;
    let behind: Vec<(f64, f64)> =
        tried.iter().map(|(_, _, scores)| difference(&tried[best].2, scores)).collect();
    let good = |idx: &usize| behind[*idx].0 <= behind[*idx].1;
    let chosen = (0..tried.len()).filter(good).min_by_key(|idx| tried[*idx].0.parameters());
    let chosen = chosen.unwrap_or(best);
    let candidates = tried
        .iter()
        .zip(&behind)
        .enumerate()
        .map(|(idx, ((law, ..), &(behind, error)))| Candidate {
            words: law.words(),
            parameters: law.parameters(),
            behind,
            error,
            is_chosen: idx == chosen,
        })
        .collect();
    let (law, theta, _) = tried.into_iter().nth(chosen)?;
    Some(Chosen { law, theta, candidates })
}

/// Mean by which `other` is behind `best`, cell by cell, and its standard error.
pub(crate) fn difference(best: &[f64], other: &[f64]) -> (f64, f64) {
    let n = best.len() as f64;
    let mean = best.iter().zip(other).map(|(a, b)| a - b).sum::<f64>() / n;
    let squares: f64 = best.iter().zip(other).map(|(a, b)| (a - b - mean).powi(2)).sum();
    (mean, (squares / (n * (n - 1.0).max(1.0))).sqrt())
}

/// Log-likelihood of every cell by the law fitted without its fold.
fn scores(law: &Law, theta: &[f64], seen: &[Observation]) -> Option<Vec<f64>> {
    let by_fold: Vec<Vec<f64>> = (0..FOLDS)
        .map(|held| {
            let kept: Vec<Observation> =
                seen.iter().copied().filter(|seen| fold(seen.cell) != held).collect();
            most_likely(law, &kept, theta.to_vec())
        })
        .collect::<Option<_>>()?;
    let of_cell = |of_cell: &[Observation]| {
        let theta = &by_fold[fold(of_cell[0].cell) as usize];
        of_cell.iter().map(|seen| log_likelihood(law, theta, seen)).sum()
    };
    Some(seen.chunk_by(|a, b| a.cell == b.cell).map(of_cell).collect())
}
