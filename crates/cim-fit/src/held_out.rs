//! How well a law foretells cells that it was not fitted to, target by target.

use crate::fitted::{Compared, HeldOut};
use crate::moments::Law;
use crate::observation::Observation;

/// Fewest cells of one target and time that are compared.
const LEAST: usize = 20;

/// Most groups of targets.
const MOST_TARGETS: usize = 64;

/// Mean and spread of all cells, each foretold with the parameters that were found without it, in groups of one target and time;
/// conductances in `unit` (S).
pub(crate) fn held_out(
    law: &Law,
    by_fold: &[Vec<f64>],
    seen: &[Observation],
    unit: f64,
) -> Vec<HeldOut> {
    let by_fold: Vec<_> = by_fold.iter().map(|theta| law.valued(theta)).collect();
    let (targets, times) =
        (groups(seen, |seen| seen.target, 1.0), groups(seen, |seen| seen.elapsed, 1.5));
    let mut by_group: Vec<Vec<&Observation>> = vec![Vec::new(); targets.len() * times.len()];
    for seen in seen {
        let of = |groups: &[f64], value: f64| groups.partition_point(|start| *start <= value) - 1;
        by_group[of(&targets, seen.target) * times.len() + of(&times, seen.elapsed)].push(seen);
    }
    by_group
        .into_iter()
        .filter(|group| LEAST <= group.len())
        .map(|group| {
            let n = group.len() as f64;
            let foretold: Vec<_> =
                group.iter().map(|seen| by_fold[seen.fold as usize].at(seen)).collect();
            let mean =
                |values: &dyn Fn(usize) -> f64| (0..group.len()).map(values).sum::<f64>() / n;
            let measured = mean(&|k| group[k].value);
            let variance = mean(&|k| (group[k].value - measured).powi(2)) * n / (n - 1.0);
            let fourth = mean(&|k| (group[k].value - measured).powi(4));
            let law_mean = mean(&|k| foretold[k].mean);
            let law_variance =
                mean(&|k| foretold[k].variance + (foretold[k].mean - law_mean).powi(2));
            let of_variance = ((fourth - variance * variance).max(0.0) / n).sqrt();
            let (spread, law_spread) = (variance.sqrt(), law_variance.sqrt());
            HeldOut {
                target_s: mean(&|k| group[k].target) * unit,
                elapsed_s: mean(&|k| group[k].elapsed),
                cells: group.len(),
                shift: Compared {
                    measured_s: measured * unit,
                    error_s: spread / n.sqrt() * unit,
                    law_s: law_mean * unit,
                },
                spread: Compared {
                    measured_s: spread * unit,
                    error_s: 0.5 * of_variance / spread.max(f64::MIN_POSITIVE) * unit,
                    law_s: law_spread * unit,
                },
            }
        })
        .collect()
}

/// Where groups of values begin: at every value that is more than `ratio` times the one before, as long
/// as that leaves few enough; else at shares of all.
fn groups(seen: &[Observation], value: impl Fn(&Observation) -> f64, ratio: f64) -> Vec<f64> {
    let mut values: Vec<f64> = seen.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    let mut starts = vec![values[0]];
    for pair in values.windows(2) {
        if pair[0] * ratio < pair[1] {
            starts.push(pair[1]);
        }
    }
    if starts.len() <= MOST_TARGETS {
        return starts;
    }
    let most = MOST_TARGETS / 4;
    let mut shares: Vec<f64> = (0..most).map(|k| values[k * values.len() / most]).collect();
    shares.dedup();
    shares
}
