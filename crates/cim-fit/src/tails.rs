//! Whether some cells change more than others.

use cim_device::models::Tails;

use crate::choose::difference;
use crate::episodes::FOLDS;
use crate::moments::Law;
use crate::observation::Observation;

/// Cells below which tails are not looked for.
const LEAST: usize = 200;

/// Tails of the last change of every programming in units of its standard deviation, if held-out cells
/// are more likely with them by more than a standard error; else [`Tails::NONE`].
pub(crate) fn tails(law: &Law, theta: &[f64], seen: &[Observation]) -> Tails {
    let law = law.valued(theta);
    let last: Vec<(u32, f64)> = seen
        .chunk_by(|a, b| a.cell == b.cell)
        .filter_map(|of_cell| of_cell.last())
        .map(|seen| (seen, law.at(seen)))
        .filter(|(seen, at)| 3.0 * at.variance.sqrt() < seen.base)
        .map(|(seen, at)| (seen.fold, (seen.value - at.mean) / at.variance.sqrt()))
        .collect();
    if last.len() < LEAST {
        return Tails::NONE;
    }
    let all: Vec<f64> = last.iter().map(|(_, z)| *z).collect();
    let by_fold: Vec<Tails> = (0..FOLDS)
        .map(|held| {
            let kept = last.iter().filter(|(fold, _)| *fold != held);
            mixture(&kept.map(|(_, z)| *z).collect::<Vec<_>>())
        })
        .collect();
    let with: Vec<f64> =
        last.iter().map(|(fold, z)| log_density(by_fold[*fold as usize], *z)).collect();
    let without: Vec<f64> = all.iter().map(|z| log_density(Tails::NONE, *z)).collect();
    let (gain, error) = difference(&with, &without);
    if gain > error { mixture(&all) } else { Tails::NONE }
}

fn log_density(tails: Tails, z: f64) -> f64 {
    let [less, more] = tails.scales();
    let normal = |scale: f64| libm::exp(-0.5 * (z / scale).powi(2)) / scale;
    libm::log((1.0 - tails.share) * normal(less) + tails.share * normal(more))
}

/// Two normal distributions of mean zero by expectation and maximisation, scaled to a mean square of 1.
fn mixture(z: &[f64]) -> Tails {
    let (mut share, mut calm, mut lively) = (0.2, 0.5, 3.0);
    for _ in 0..300 {
        let (mut weight, mut of_calm, mut of_lively) = (0.0, 0.0, 0.0);
        for z in z {
            let density = |variance: f64| libm::exp(-0.5 * z * z / variance) / f64::sqrt(variance);
            let (a, b) = ((1.0 - share) * density(calm), share * density(lively));
            let member = if a + b > 0.0 { b / (a + b) } else { 1.0 };
            weight += member;
            of_calm += (1.0 - member) * z * z;
            of_lively += member * z * z;
        }
        let n = z.len() as f64;
        (share, calm, lively) = (weight / n, of_calm / (n - weight), of_lively / weight);
        let inside = 0.0 < share && share < 1.0 && 0.0 < calm;
        if !inside || !(lively / calm).is_finite() {
            return Tails::NONE;
        }
    }
    if lively < calm {
        (share, calm, lively) = (1.0 - share, lively, calm);
    }
    Tails { share, factor: (lively / calm).sqrt() }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    #[test]
    fn planted_tails_come_back() {
        let planted = Tails { share: 0.15, factor: 3.0 };
        let [less, more] = planted.scales();
        let (mut normal, mut uniform) = (vec![0.0; 20_000], vec![0.0; 20_000]);
        Stream::root(1).fill_standard_normal(0, &mut normal);
        Stream::root(1).fill_uniform(0, &mut uniform);
        let z: Vec<f64> = normal
            .iter()
            .zip(&uniform)
            .map(|(n, u)| f64::from(*n) * if f64::from(*u) < planted.share { more } else { less })
            .collect();
        let found = mixture(&z);
        // About four standard errors of 3,000 cells in the tails that overlap with the others.
        assert!(
            (found.share - 0.15).abs() < 0.03 && (found.factor - 3.0).abs() < 0.25,
            "{found:?}"
        );
    }
}
