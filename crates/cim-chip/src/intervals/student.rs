//! Means over chips, with their intervals.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// A mean over simulated chips, or over whatever else is drawn independently, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the width of the interval.
    pub ci95: f64,
    /// Chips, of all networks together.
    pub chips: usize,
}

/// The 97.5 % quantile of Student's distribution with `count − 1` degrees of freedom.
pub(super) fn quantile(count: usize) -> f64 {
    let degrees = count.saturating_sub(1).max(1) as f64;
    StudentsT::new(0.0, 1.0, degrees).map_or(1.96, |t| t.inverse_cdf(0.975))
}

/// Mean with a 95 % interval from Student's distribution; the interval of a single value is 0.
pub fn estimate(values: &[f64]) -> Estimate {
    let chips = values.len();
    let n = chips.max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    if chips < 2 {
        return Estimate { mean, ci95: 0.0, chips };
    }
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Estimate { mean, ci95: quantile(chips) * (variance / n).sqrt(), chips }
}

/// Mean difference of two designs measured on the same chips.
pub fn paired(a: &[f64], b: &[f64]) -> Estimate {
    estimate(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_of_known_values() {
        // Mean 2, sample standard deviation 1, n = 3: t(0.975, 2) = 4.3027.
        let got = estimate(&[1.0, 2.0, 3.0]);
        assert_eq!((got.mean, got.chips), (2.0, 3));
        assert!((got.ci95 - 4.302_653 / 3f64.sqrt()).abs() < 1e-5);
        assert_eq!(estimate(&[0.5]).ci95, 0.0);
    }

    #[test]
    fn pairing_removes_what_chips_share() {
        let shared = [0.9, 0.5, 0.7];
        let better: Vec<f64> = shared.iter().map(|a| a + 0.01).collect();
        let difference = paired(&better, &shared);
        assert!((difference.mean - 0.01).abs() < 1e-12 && difference.ci95 < 1e-12);
    }
}
