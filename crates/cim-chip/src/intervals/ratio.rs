//! The ratio of two means, with Fieller's interval.

use super::student::quantile;

/// A ratio of means with its 95 % interval, which is not symmetric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioEstimate {
    /// Mean of the numerators over mean of the denominators.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl RatioEstimate {
    /// The larger of the distances from the mean to the ends of the interval.
    pub fn ci95(&self) -> f64 {
        (self.high - self.mean).max(self.mean - self.low)
    }
}

/// Ratio of the means of `numerators` and `denominators`, pairs of one trial each, with the interval
/// of those ratios `ρ` for which the mean of `numerator − ρ denominator` is within Student's 95 %
/// interval around zero. Nothing for fewer than two pairs, or where the denominators' mean cannot be
/// told from zero, as no interval is bounded then.
///
/// Source: Fieller, J. R. Stat. Soc. B 16, 175, 1954: exact for pairs of jointly normal numbers.
pub fn ratio(numerators: &[f64], denominators: &[f64]) -> Option<RatioEstimate> {
    let count = numerators.len().min(denominators.len());
    if count < 2 {
        return None;
    }
    let n = count as f64;
    let mean = |values: &[f64]| values[..count].iter().sum::<f64>() / n;
    let (a, b) = (mean(numerators), mean(denominators));
    let (mut aa, mut ab, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in numerators.iter().zip(denominators) {
        aa += (x - a) * (x - a);
        ab += (x - a) * (y - b);
        bb += (y - b) * (y - b);
    }
    // (a − ρ b)² = t² (aa − 2 ρ ab + ρ² bb) / (n (n − 1)), a parabola in ρ.
    let scale = quantile(count).powi(2) / (n * (n - 1.0));
    let (square, half, constant) = (b * b - scale * bb, a * b - scale * ab, a * a - scale * aa);
    if square <= 0.0 {
        return None;
    }
    let root = (half * half - square * constant).max(0.0).sqrt();
    Some(RatioEstimate { mean: a / b, low: (half - root) / square, high: (half + root) / square })
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    #[test]
    fn a_ratio_that_is_always_the_same_has_no_width() {
        let got =
            ratio(&[10.0, 11.0, 12.0], &[20.0, 22.0, 24.0]).expect("a denominator above zero");
        assert!((got.mean - 0.5).abs() < 1e-12 && got.ci95() < 1e-7, "{got:?}");
    }

    #[test]
    fn a_denominator_that_may_be_zero_has_no_interval() {
        assert_eq!(ratio(&[1.0, 1.0, 1.1], &[-1.0, 1.0, 0.5]), None);
        assert_eq!(ratio(&[1.0], &[1.0]), None);
    }

    /// Where all denominators are one the interval is Student's of the numerators.
    #[test]
    fn over_a_constant_it_is_the_interval_of_the_mean() {
        let values = [1.0, 2.0, 3.0];
        let (got, want) = (ratio(&values, &[1.0; 3]), super::super::estimate(&values));
        let got = got.expect("a denominator above zero");
        assert!((got.low - (want.mean - want.ci95)).abs() < 1e-12);
        assert!((got.high - (want.mean + want.ci95)).abs() < 1e-12);
    }

    /// Jointly normal pairs, correlated or not: of 10,000 intervals 95 % cover the ratio of the means,
    /// give or take five standard deviations of that count.
    #[test]
    fn ninety_five_of_a_hundred_intervals_cover_the_ratio() {
        let trials = 10_000;
        for (case, (count, correlation, spread)) in
            [(5, 0.0, 0.1), (5, 0.9, 0.1), (8, -0.5, 0.3)].into_iter().enumerate()
        {
            let at = Stream::root(12).child("case", case as u64);
            let mut covered = 0;
            for trial in 0..trials {
                let mut draws = vec![0.0_f32; 2 * count];
                at.fill_standard_normal(trial, &mut draws);
                let (first, second) = draws.split_at(count);
                let b = first.iter().map(|x| 3.0 + spread * f64::from(*x));
                let rest = f64::sqrt(1.0 - correlation * correlation);
                let a = first.iter().zip(second).map(|(x, y)| {
                    2.0 + spread * (correlation * f64::from(*x) + rest * f64::from(*y))
                });
                let got = ratio(&a.collect::<Vec<_>>(), &b.collect::<Vec<_>>());
                let got = got.expect("denominators far from zero");
                covered += usize::from(got.low <= 2.0 / 3.0 && 2.0 / 3.0 <= got.high);
            }
            let share = covered as f64 / trials as f64;
            assert!((0.94..=0.96).contains(&share), "case {case}: {share}");
        }
    }
}
