//! Every source of noise has its stated law: mean, variance, distribution, and independence from
//! draw to draw and from address to address, on a million draws.
//!
//! Standardised draws must be standard normal. Thresholds hold for every sample size or are normal
//! limits at a million draws; every comparison may fail with probability `FALSE_ALARM` = 1e-9 if
//! nothing is wrong, and there are fewer than a thousand.

use cim_tests::statistics::{FALSE_ALARM, correlation, correlation_limit, standard_errors};
use statrs::distribution::{ContinuousCDF, Normal};

/// What is wrong with numbers that should be independent and standard normal.
pub fn wrong_with(scores: &[f64]) -> Vec<String> {
    let n = scores.len() as f64;
    let mut wrong = Vec::new();
    let mean = scores.iter().sum::<f64>() / n;
    let limit = standard_errors() / n.sqrt();
    if mean.abs() > limit {
        wrong.push(format!("mean {mean}, limit {limit}"));
    }
    // The variance of x² − 1 is 2.
    let excess = scores.iter().map(|x| x * x - 1.0).sum::<f64>() / n;
    let limit = standard_errors() * (2.0 / n).sqrt();
    if excess.abs() > limit {
        wrong.push(format!("variance {}, limit ± {limit}", 1.0 + excess));
    }
    // Massart: the distance exceeds d with probability at most 2 exp(−2 n d²).
    let distance = distance_to_normal(scores);
    let limit = ((2.0 / FALSE_ALARM).ln() / (2.0 * n)).sqrt();
    if distance > limit {
        wrong.push(format!("distance {distance}, limit {limit}"));
    }
    for lag in [1, 2, 7, 16, 100] {
        let r = correlation(&scores[lag..], &scores[..scores.len() - lag]);
        let limit = correlation_limit(scores.len() - lag);
        if r.abs() > limit {
            wrong.push(format!("correlation {r} at lag {lag}, limit {limit}"));
        }
    }
    wrong
}

/// Largest distance of two distribution functions (Kolmogorov and Smirnov).
fn distance_to_normal(scores: &[f64]) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (law, n) = (Normal::new(0.0, 1.0).expect("a law"), scores.len() as f64);
    let steps = sorted.iter().enumerate().map(|(k, &x)| {
        let want = law.cdf(x);
        (want - k as f64 / n).max((k + 1) as f64 / n - want)
    });
    steps.fold(0.0, f64::max)
}

/// The numbers are independent and standard normal, and numbers with a sigma 2 % off would not pass.
pub fn assert_standard_normal(what: &str, scores: &[f64]) {
    assert!(scores.len() >= 1_000_000, "{what}: {} draws", scores.len());
    assert_eq!(wrong_with(scores), [] as [String; 0], "{what}");
    for factor in [0.98, 1.02] {
        let planted: Vec<f64> = scores.iter().map(|x| factor * x).collect();
        let found = wrong_with(&planted);
        assert!(found.iter().any(|w| w.starts_with("variance")), "{what}, {factor}: {found:?}");
        assert!(found.iter().any(|w| w.starts_with("distance")), "{what}, {factor}: {found:?}");
    }
}
