//! Thresholds of statistical tests, from theorems that hold for every sample size.
//!
//! Each comparison is allowed to fail with probability [`FALSE_ALARM`] if nothing is wrong; the
//! package makes fewer than a thousand of them with it, so that all together raise a false alarm
//! in less than one of a million seeds.

pub use cim_laws::sample::Sample;

/// Probability with which one comparison may fail although nothing is wrong.
pub const FALSE_ALARM: f64 = 1e-9;

/// Range of a sample variance of Gaussian numbers over the true one, for `freedom` degrees of
/// freedom.
///
/// `freedom · s²/σ²` is chi-square, and for `x = ln(2/p)` and `k` degrees of freedom
/// `P(χ² ≥ k + 2√(kx) + 2x) ≤ p/2` and `P(χ² ≤ k − 2√(kx)) ≤ p/2`.
///
/// Source: Laurent and Massart, Ann. Statist. 28 (2000), lemma 1.
pub fn variance_ratio_range(freedom: f64) -> (f64, f64) {
    let x = (2.0 / FALSE_ALARM).ln() / freedom;
    (1.0 - 2.0 * x.sqrt(), 1.0 + 2.0 * x.sqrt() + 2.0 * x)
}

/// Standard errors by which a Gaussian mean may be off: `2 Q(t) ≤ exp(−t²/2)`, 6.4 of them.
pub fn standard_errors() -> f64 {
    (2.0 * (1.0 / FALSE_ALARM).ln()).sqrt()
}

/// Largest magnitude of the correlation of `n` pairs of independent numbers, one side Gaussian.
///
/// The centred and scaled Gaussian side is uniform on the sphere of `n − 1` dimensions, whose caps
/// obey `P(|r| ≥ ρ) ≤ 2 exp(−(n−1) ρ²/2)`.
pub fn correlation_limit(n: usize) -> f64 {
    (2.0 * (2.0 / FALSE_ALARM).ln() / (n - 1) as f64).sqrt()
}

/// Correlation of two samples.
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "pairs");
    let (of_a, of_b) = (Sample::of(a.iter().copied()), Sample::of(b.iter().copied()));
    let cross: f64 = a.iter().zip(b).map(|(a, b)| (a - of_a.mean) * (b - of_b.mean)).sum();
    cross / ((of_a.n - 1.0) * (of_a.variance * of_b.variance).sqrt())
}
