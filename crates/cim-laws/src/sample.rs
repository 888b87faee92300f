//! Moments of a sample, with their standard errors.

/// Moments of a sample.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// Numbers seen.
    pub n: f64,
    /// Their mean.
    pub mean: f64,
    /// Their variance, unbiased.
    pub variance: f64,
    /// Their fourth central moment.
    pub fourth: f64,
}

impl Sample {
    /// Moments of `values`, in two passes.
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let n = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / n;
        let power = |k: i32| values.clone().map(|v| (v - mean).powi(k)).sum::<f64>();
        Self { n, mean, variance: power(2) / (n - 1.0), fourth: power(4) / n }
    }

    /// Standard error of the mean.
    pub fn mean_error(&self) -> f64 {
        (self.variance / self.n).sqrt()
    }

    /// Standard error of the variance, whatever the distribution: `√((μ₄ − σ⁴)/n)`.
    pub fn variance_error(&self) -> f64 {
        ((self.fourth - self.variance.powi(2)).max(0.0) / self.n).sqrt()
    }
}
