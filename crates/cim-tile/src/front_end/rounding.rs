//! What is left of a Gaussian once a noisy, rounded reading of it is subtracted.

use super::calibration::Measurement;

/// Standard deviation of a reading, in steps, from which on its rounding is a uniform error: the next
/// term of the characteristic function is `exp(−2π² 0.8²) = 3e-6`.
const UNIFORM_STEPS: f64 = 0.8;
/// Standard deviations beyond which a threshold is not passed (6e-16).
const CERTAIN: f64 = 8.0;

/// Standard deviation of `q − round(q + n)` for `q` of standard deviation `spread` and a measurement's
/// `n`, both Gaussian about zero.
///
/// With `y = q + n` of variance `s²`, the part of `q` that `y` tells is `β y`, `β = spread²/s²`, and
/// what it does not tell has variance `spread² noise²/s²`, independent of `y`. The rest is
/// `E (β y − Q(y))²`, a sum over the thresholds of the rounding: exact.
pub(super) fn residual_sigma(spread: f64, measured: Measurement) -> f64 {
    let Measurement { noise, step } = measured;
    let reading = (spread * spread + noise * noise).sqrt();
    if step == 0.0 || reading == 0.0 {
        return if step == 0.0 { noise } else { 0.0 };
    }
    if reading >= UNIFORM_STEPS * step {
        return (noise * noise + step * step / 12.0).sqrt();
    }
    let told = (spread / reading).powi(2);
    let untold = told * noise * noise;
    // E Q² and E y Q over the thresholds (k + ½) step and their mirror images.
    let (mut square, mut cross) = (0.0, 0.0);
    let mut code = 0.0;
    loop {
        let z = (code + 0.5) * step / reading;
        if z > CERTAIN {
            break;
        }
        let passed = 0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2);
        let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        square += 2.0 * (2.0 * code + 1.0) * passed;
        cross += 2.0 * density;
        code += 1.0;
    }
    let variance = untold + told * spread * spread - 2.0 * told * step * reading * cross
        + step * step * square;
    variance.max(0.0).sqrt()
}
