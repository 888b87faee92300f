//! Moments of what cannot fall below zero, and their slopes.

use cim_device::models::Tails;

/// Mean and variance of `max(0, x)`, and what they depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floored {
    pub mean: f64,
    pub variance: f64,
    /// Slopes of both in the mean of `x`.
    pub of_mu: [f64; 2],
    /// Slopes of both in the variance of `x`.
    pub of_variance: [f64; 2],
}

/// Moments of `max(0, x)` for `x` with mean `mu`, a variance and tails.
///
/// For a normal part with deviation `s`, with the density `φ` and the distribution `Φ` at `μ/s`: the mean is
/// `μΦ + sφ` with slopes `Φ` in `μ` and `φ` in `s`, the mean square `(μ² + s²)Φ + μsφ` with slopes twice the
/// mean and `2sΦ`.
pub(crate) fn floored(tails: Tails, mu: f64, variance: f64) -> Floored {
    let sigma = variance.sqrt();
    let (mut mean, mut square) = (0.0, 0.0);
    let (mut mean_by, mut square_by) = ([0.0; 2], [0.0; 2]);
    let [less, more] = tails.scales();
    for (weight, scale) in [(1.0 - tails.share, less), (tails.share, more)] {
        if weight == 0.0 {
            continue;
        }
        let s = scale * sigma;
        let z = mu / s;
        let density = libm::exp(-0.5 * z * z) / std::f64::consts::TAU.sqrt();
        let inside = 0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2);
        let own = mu * inside + s * density;
        mean += weight * own;
        square += weight * ((mu * mu + s * s) * inside + mu * s * density);
        mean_by[0] += weight * inside;
        mean_by[1] += weight * density * 0.5 * scale / sigma;
        square_by[0] += weight * 2.0 * own;
        square_by[1] += weight * scale * scale * inside;
    }
    let slopes = |k: usize| [mean_by[k], square_by[k] - 2.0 * mean * mean_by[k]];
    Floored { mean, variance: square - mean * mean, of_mu: slopes(0), of_variance: slopes(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the middle of ten thousand slices of the density.
    #[test]
    fn moments_are_those_of_the_cut_density() {
        let tails = Tails { share: 0.2, factor: 2.5 };
        let [less, more] = tails.scales();
        for mu in [-0.5, 0.0, 0.7, 3.0] {
            let sigma: f64 = 0.8;
            let (mut mean, mut square) = (0.0, 0.0);
            let step = 20.0 / 10_000.0;
            for x in (0..10_000).map(|k| (f64::from(k) + 0.5) * step) {
                let normal = |scale: f64| {
                    let s = scale * sigma;
                    (-0.5 * ((x - mu) / s).powi(2)).exp() / (s * std::f64::consts::TAU.sqrt())
                };
                let share =
                    step * ((1.0 - tails.share) * normal(less) + tails.share * normal(more));
                (mean, square) = (mean + x * share, square + x * x * share);
            }
            let found = floored(tails, mu, sigma * sigma);
            // The middle of slices is off by a step squared.
            assert!((found.mean - mean).abs() < 1e-5, "{mu}: {found:?}, {mean}");
            let variance = square - mean * mean;
            assert!((found.variance - variance).abs() < 1e-5, "{mu}: {found:?}, {variance}");
        }
    }
}
