//! How well one figure puts things in the order of another.

use cim_core::Stream;

/// Spearman's rank correlation of two lists of equal length: Pearson's correlation of their ranks,
/// equal values sharing the mean of theirs. 0 where either is constant or has fewer than two values.
///
/// Source: Spearman 1904; ties as in Kendall, Rank Correlation Methods, chapter 3.
pub fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 - 1.0) / 2.0;
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(&b) {
        let (a, b) = (a - mean, b - mean);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    if aa * bb > 0.0 { ab / (aa * bb).sqrt() } else { 0.0 }
}

/// A rank correlation and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankEstimate {
    /// Of the pairs that there are.
    pub correlation: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How often pairs are drawn again: ends of an interval are then known to a twentieth of its width.
const RESAMPLES: u64 = 2000;

/// [`rank_correlation`] with the interval in which it would be of other pairs, drawn as these were: the
/// middle 95 % of what as many pairs give that are drawn from these with replacement. No law of the pairs
/// is taken for granted. All draws are below `at`.
///
/// Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13 (percentile interval).
pub fn rank_estimate(a: &[f64], b: &[f64], at: Stream) -> RankEstimate {
    estimated(a, b, RESAMPLES, at)
}

fn estimated(a: &[f64], b: &[f64], resamples: u64, at: Stream) -> RankEstimate {
    let found = resampled(a, b, resamples, at);
    let end = |share: f64| found[(share * (found.len() - 1) as f64).round() as usize];
    RankEstimate { correlation: rank_correlation(a, b), low: end(0.025), high: end(0.975) }
}

/// Rank correlations of pairs drawn with replacement, in rising order.
fn resampled(a: &[f64], b: &[f64], count: u64, at: Stream) -> Vec<f64> {
    let pairs = a.len().min(b.len());
    let mut draws = vec![0.0f32; pairs];
    let of = |resample| {
        at.child("resample", resample).fill_uniform(0, &mut draws);
        let pick = |u: &f32| ((f64::from(*u) * pairs as f64) as usize).min(pairs - 1);
        let (a, b): (Vec<f64>, Vec<f64>) = draws.iter().map(|u| (a[pick(u)], b[pick(u)])).unzip();
        rank_correlation(&a, &b)
    };
    let mut found: Vec<f64> = (0..count).map(of).collect();
    found.sort_by(f64::total_cmp);
    found
}

/// Rank of every value from 0 up, equal values at the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for group in order.chunk_by(|&i, &j| values[i] == values[j]) {
        let rank = first as f64 + (group.len() as f64 - 1.0) / 2.0;
        group.iter().for_each(|&i| ranks[i] = rank);
        first += group.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_ties_are_shared() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0, 3.0]), [3.0, 0.0, 3.0, 1.0, 3.0]);
    }

    /// The textbook's ten pairs, whose squared differences of ranks sum to 194: `1 − 6 · 194 / 990`. With a
    /// tie, by hand: centred ranks −1.5, 0, 0, 1.5 and −1.5, 0.5, −0.5, 1.5, so `4.5 / √(4.5 · 5)`.
    #[test]
    fn correlations_are_those_worked_out_by_hand() {
        let a = [106.0, 86.0, 100.0, 101.0, 99.0, 103.0, 97.0, 113.0, 112.0, 110.0];
        let b = [7.0, 0.0, 27.0, 50.0, 28.0, 29.0, 20.0, 12.0, 6.0, 17.0];
        assert!((rank_correlation(&a, &b) + 29.0 / 165.0).abs() < 1e-12);
        let (a, b) = ([1.0, 2.0, 2.0, 4.0], [1.0, 3.0, 2.0, 4.0]);
        assert!((rank_correlation(&a, &b) - 0.948_683_298_050_513_8).abs() < 1e-12);
    }

    /// Of pairs of normals with correlation `r` all ranks together have `6/π · asin(r/2)`, by hand for `r` =
    /// 0.8: 0.7859. Of 400 samples of 60 pairs, 95 % of the intervals are to hold it, give or take three
    /// standard errors of 1.1 % and as much as the percentile interval of 60 pairs is known to fall short.
    #[test]
    fn nineteen_intervals_of_twenty_hold_the_correlation_of_all_pairs() {
        let (r, all, pairs, samples) = (0.8f64, 0.785_9, 60, 400);
        let held = (0..samples).filter(|&sample| {
            let at = Stream::root(5).child("sample", sample);
            let mut normals = vec![0.0f32; 2 * pairs];
            at.fill_standard_normal(0, &mut normals);
            let (x, y) = normals.split_at(pairs);
            let a: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
            let b = x
                .iter()
                .zip(y)
                .map(|(&x, &y)| r * f64::from(x) + (1.0 - r * r).sqrt() * f64::from(y));
            let RankEstimate { low, high, .. } = estimated(&a, &b.collect::<Vec<_>>(), 400, at);
            low <= all && all <= high
        });
        let share = held.count() as f64 / samples as f64;
        assert!((0.90..=0.985).contains(&share), "{share}");
    }

    #[test]
    fn an_interval_is_around_its_correlation_and_narrows_with_pairs() {
        let of = |pairs: usize| {
            let a: Vec<f64> = (0..pairs).map(|k| (k * 37 % pairs) as f64).collect();
            let b: Vec<f64> =
                a.iter().map(|x| x + (x * 7.0 % 11.0) * pairs as f64 / 20.0).collect();
            rank_estimate(&a, &b, Stream::root(1))
        };
        let (few, many) = (of(20), of(500));
        for of in [few, many] {
            assert!(of.low < of.correlation && of.correlation < of.high, "{of:?}");
        }
        assert!(many.high - many.low < 0.5 * (few.high - few.low), "{few:?} {many:?}");
    }

    #[test]
    fn any_rising_function_has_one_and_any_falling_one_minus_one() {
        let a: Vec<f64> = (0..50).map(|k| f64::from(k * 37 % 50)).collect();
        let up: Vec<f64> = a.iter().map(|x| x.exp()).collect();
        let down: Vec<f64> = a.iter().map(|x| 1.0 / (1.0 + x)).collect();
        assert!((rank_correlation(&a, &up) - 1.0).abs() < 1e-12);
        assert!((rank_correlation(&a, &down) + 1.0).abs() < 1e-12);
        assert_eq!(rank_correlation(&a, &[1.0; 50]), 0.0);
    }
}
