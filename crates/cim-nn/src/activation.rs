//! ReLU with saturation, and its expectation under Gaussian noise: the noise-aware ReLU.

use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E};

/// 1 / √(2π).
const INVERSE_ROOT_TAU: f32 = 0.398_942_3;

/// Rectified linear unit that saturates at `limit` and expects Gaussian noise of standard
/// deviation `sigma` on its input.
///
/// `sigma = 0` is the plain clipped ReLU; `limit = ∞` does not saturate. Both are in the unit of
/// the pre-activation.
///
/// Law: `f(x) = h(x) − h(x − limit)` with `h(x) = x Φ(x/σ) + σ φ(x/σ)`, the expected output of a
/// ReLU followed by saturation when the input carries noise; `f'(x) = Φ(x/σ) − Φ((x − limit)/σ)`.
///
/// Source: expectation of a rectified Gaussian; the noise-aware activation named by Abbas et al.
/// 2026, whose formula is not public.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseAwareRelu {
    /// Saturation level, that is the full scale of the converter behind.
    pub limit: f32,
    /// Standard deviation of the noise on the pre-activation.
    pub sigma: f32,
}

impl NoiseAwareRelu {
    /// Expected output at pre-activation `x`.
    #[inline(always)]
    pub fn value(&self, x: f32) -> f32 {
        if self.sigma <= 0.0 {
            return x.max(0.0).min(self.limit);
        }
        let rectified = expected_relu(x, self.sigma);
        if self.limit.is_finite() {
            (rectified - expected_relu(x - self.limit, self.sigma)).max(0.0).min(self.limit)
        } else {
            rectified
        }
    }

    /// Derivative of [`value`](Self::value) with respect to `x`.
    #[inline(always)]
    pub fn derivative(&self, x: f32) -> f32 {
        if self.sigma <= 0.0 {
            return if 0.0 < x && x < self.limit { 1.0 } else { 0.0 };
        }
        let open = normal_cdf(x / self.sigma);
        if self.limit.is_finite() { open - normal_cdf((x - self.limit) / self.sigma) } else { open }
    }
}

/// `E[max(0, x + σ n)]` for a standard normal `n`.
#[inline(always)]
fn expected_relu(x: f32, sigma: f32) -> f32 {
    let z = x / sigma;
    x * normal_cdf(z) + sigma * exp_of_negative(-0.5 * z * z) * INVERSE_ROOT_TAU
}

/// Distribution function of the standard normal, absolute error below 3e-7.
///
/// Source: Abramowitz and Stegun, *Handbook of Mathematical Functions*, 7.1.26.
#[inline(always)]
pub fn normal_cdf(z: f32) -> f32 {
    let x = z.abs() * FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let poly = t
        * (0.254_829_6
            + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152 + t * 1.061_405_4))));
    let tail = 0.5 * poly * exp_of_negative(-x * x);
    if z < 0.0 { tail } else { 1.0 - tail }
}

/// `exp(x)` for `x <= 0`, relative error below 2e-7 down to −87, absolute error below 2e-38 from there.
///
/// Written without branches or calls, so that the compiler vectorises it: `2^n · 2^f` with `n` the
/// nearest integer and a polynomial for `f` in [−1/2, 1/2].
#[inline(always)]
fn exp_of_negative(x: f32) -> f32 {
    /// Adding this rounds to an integer, which is then in the low bits.
    const SHIFT: f32 = 12_582_912.0;
    // ln 2 in two parts, the first with few enough bits that its product with n is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = if x > -87.0 { x } else { -87.0 };
    let shifted = x.mul_add(LOG2_E, SHIFT);
    let n = shifted - SHIFT;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, x));
    // Taylor series: the next term is below 6e-9 for |r| <= ln 2 / 2.
    let p = r.mul_add(1.0 / 5040.0, 1.0 / 720.0);
    let p = p.mul_add(r, 1.0 / 120.0);
    let p = p.mul_add(r, 1.0 / 24.0);
    let p = p.mul_add(r, 1.0 / 6.0);
    let p = p.mul_add(r, 0.5);
    let p = p.mul_add(r, 1.0);
    let p = p.mul_add(r, 1.0);
    let exponent = shifted.to_bits().wrapping_sub(SHIFT.to_bits()).wrapping_add(127);
    p * f32::from_bits(exponent << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values computed in double precision and checked by Monte Carlo to 3e-4 (sigma 0.3, limit 2).
    #[test]
    fn known_values_of_the_noise_aware_relu() {
        let relu = NoiseAwareRelu { limit: 2.0, sigma: 0.3 };
        for (x, want) in
            [(-0.5, 0.0059), (0.0, 0.1197), (0.5, 0.5059), (1.9, 1.8237), (2.5, 1.9941)]
        {
            let got = relu.value(x);
            assert!((got - want).abs() < 6e-5, "f({x}) = {got}, expected {want}");
        }
    }

    #[test]
    fn derivative_is_the_slope_of_the_value() {
        let relu = NoiseAwareRelu { limit: 2.0, sigma: 0.3 };
        // Central difference: error h²/6·f''' plus f32 rounding 2e-7/h, below 5e-4 at h = 1e-2.
        for i in -20..60 {
            let x = i as f32 * 0.05;
            let slope = (relu.value(x + 1e-2) - relu.value(x - 1e-2)) / 2e-2;
            assert!((slope - relu.derivative(x)).abs() < 5e-4, "at {x}");
        }
    }

    #[test]
    fn without_noise_it_is_the_clipped_relu() {
        let plain = NoiseAwareRelu { limit: 2.0, sigma: 0.0 };
        let nearly = NoiseAwareRelu { limit: 2.0, sigma: 1e-4 };
        for x in [-3.0, -0.1, 0.3, 1.7, 2.2, 9.0] {
            assert!((plain.value(x) - nearly.value(x)).abs() < 1e-6);
            assert_eq!(plain.derivative(x), nearly.derivative(x).round());
        }
        let open = NoiseAwareRelu { limit: f32::INFINITY, sigma: 0.5 };
        assert!((open.value(40.0) - 40.0).abs() < 1e-5 && open.derivative(40.0) == 1.0);
    }

    #[test]
    fn the_exponential_is_as_exact_as_stated() {
        for k in 0..=1_000_000 {
            let x = -1e-4 * k as f32;
            let want = f64::from(x).exp();
            let error = (f64::from(exp_of_negative(x)) - want).abs();
            assert!(error <= if x > -87.0 { 2e-7 * want } else { 1.7e-38 }, "{x}: {error:e}");
        }
        assert_eq!(exp_of_negative(0.0), 1.0);
    }

    #[test]
    fn cdf_is_symmetric_and_known() {
        assert!((normal_cdf(1.959_964) - 0.975).abs() < 3e-7);
        assert!((normal_cdf(-1.0) - 0.158_655_25).abs() < 3e-7);
        assert!((normal_cdf(0.7) + normal_cdf(-0.7) - 1.0).abs() < 1e-6);
    }
}
