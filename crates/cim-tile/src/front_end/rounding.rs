//! What is left of a Gaussian once a noisy, rounded reading of it is subtracted.

/// One measurement: noise of the mean of its readings, and its step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measurement {
    pub noise: f64,
    pub step: f64,
}

impl Measurement {
    pub fn averaged(reads: u32, noise: f64, step: f64) -> Self {
        Self { noise: noise / f64::from(reads.max(1)).sqrt(), step }
    }

    /// What is left of `value` after it was measured with the standard normal draw `n`.
    pub fn left_of(self, value: f64, n: f64) -> f64 {
        let measured = value + self.noise * n;
        if self.step > 0.0 {
            value - self.step * (measured / self.step).round_ties_even()
        } else {
            value - measured
        }
    }
}

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

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    /// Against a million draws, through coarse, fine and no steps: five standard errors of a variance
    /// whose fourth moment is at most that of a Gaussian are 5 √(2/10⁶) = 0.7 %.
    #[test]
    fn what_is_left_is_what_sampled_calibrations_leave() {
        let n = 1_000_000;
        let (mut made, mut read) = (vec![0.0f32; n], vec![0.0f32; n]);
        Stream::root(1).fill_standard_normal(0, &mut made);
        Stream::root(1).fill_standard_normal(1, &mut read);
        for (spread, noise, step) in [
            (1.0, 0.1, 0.0),
            (1.0, 0.0, 0.5),
            (1.0, 0.2, 1.0),
            (1.0, 0.1, 2.0),
            (1.0, 0.5, 3.0),
            (1.0, 0.1, 10.0),
            (0.0, 0.3, 0.5),
            (0.1, 1.0, 0.0),
        ] {
            let measured = Measurement { noise, step };
            let left = made.iter().zip(&read).map(|(made, read)| {
                measured.left_of(spread * f64::from(*made), f64::from(*read)).powi(2)
            });
            let got = (left.sum::<f64>() / n as f64).sqrt();
            let want = residual_sigma(spread, measured);
            let off = (got - want).abs();
            assert!(off <= 0.004 * want, "{spread} {noise} {step}: {got} for {want}");
        }
    }

    #[test]
    fn a_perfect_measurement_leaves_nothing_and_a_coarse_one_everything() {
        assert_eq!(residual_sigma(1.0, Measurement { noise: 0.0, step: 0.0 }), 0.0);
        let coarse = residual_sigma(1.0, Measurement { noise: 0.0, step: 100.0 });
        assert!((coarse - 1.0).abs() < 1e-12, "{coarse}");
    }
}
