//! How well one figure puts things in the order of another.

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
