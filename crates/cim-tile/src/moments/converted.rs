//! A Gaussian behind a converter.

use super::thresholds::Thresholds;

/// A Gaussian after a converter.
pub(super) struct Converted {
    pub mean: f64,
    pub variance: f64,
    /// Mean square of what rounding changed.
    pub rounded: f64,
    /// Mean square of what thresholds that are off changed.
    pub bent: f64,
    /// Mean square of what clipping took away.
    pub clipped: f64,
    /// By how much clipping moves the mean.
    pub clip_shift: f64,
    /// Probability of not clipping.
    pub inside: f64,
}

/// Noise of this many steps and more sees rounding as a uniform error: the next term of the
/// characteristic function is `exp(−2π² 0.8²) = 3e-6` of the rounding variance.
const UNIFORM_ERROR_STEPS: f64 = 0.8;
/// Standard deviations beyond which a threshold counts as certain (6e-16).
const CERTAIN: f64 = 8.0;

/// Upper tail probability and density of the standard normal at `z`.
fn normal_tail(z: f64) -> (f64, f64) {
    let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    (0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2), density)
}

/// Moments over converters and currents of a Gaussian behind a mid-tread converter: exact threshold
/// by threshold for little noise and for thresholds that are off, clipped Gaussian plus uniform rounding
/// error for much noise and straight converters.
///
/// A threshold that is off by a Gaussian is passed as often as one in its place by a current with as
/// much more noise, whatever the current, so that the moments of a code stay sums over thresholds:
/// exact as long as thresholds do not change places.
pub(super) fn converted(
    mean: f64,
    sigma: f64,
    step: f64,
    thresholds: &Thresholds<'_>,
) -> Converted {
    let top = thresholds.top;
    let off = step * step * thresholds.mean_square_lsb2(mean / step, sigma * sigma / (step * step));
    let clipped = clipping(mean, sigma, top * step);
    // Thresholds that are off move the mean too, where one may be more off than the next.
    if sigma >= UNIFORM_ERROR_STEPS * step && thresholds.are_straight() {
        let rounded = clipped.inside * step * step / 12.0;
        return Converted {
            mean: clipped.mean,
            variance: clipped.variance + rounded,
            rounded,
            bent: 0.0,
            clipped: clipped.lost,
            clip_shift: clipped.mean - mean,
            inside: clipped.inside,
        };
    }
    // Codes that are sure to be reached, then thresholds that may be passed one after another.
    let far = CERTAIN * (sigma / step).hypot(thresholds.largest_sigma());
    let first = if thresholds.are_straight() {
        ((mean - CERTAIN * sigma) / step + 0.5).floor().clamp(-top, top)
    } else {
        thresholds.code_below(mean / step - far)
    };
    let (mut count, mut square, mut cross) = (0.0, 0.0, 0.0);
    let mut code = first;
    while code < top {
        let (at, variance) = thresholds.above(code);
        let threshold = at * step;
        let spread = if variance == 0.0 { sigma } else { sigma.hypot(variance.sqrt() * step) };
        let z = if spread > 0.0 { (threshold - mean) / spread } else { f64::INFINITY };
        if z > CERTAIN {
            break;
        }
        let (passed, density) = normal_tail(z);
        square += (2.0 * (code - first) + 1.0) * passed;
        let share = if variance == 0.0 { sigma } else { sigma * sigma / spread };
        cross += (mean - clipped.mean) * passed + share * density;
        count += passed;
        code += 1.0;
    }
    let variance = step * step * (square - count * count).max(0.0);
    let mean_code = step * (first + count);
    // E[(q − x)²] over everything, from E q², E q x and E x²; what is not clipping is rounding.
    let offset = step * first - clipped.mean;
    let q_minus_m_square = offset * offset + 2.0 * offset * step * count + step * step * square;
    let q_minus_m_x = offset * (mean - clipped.mean) + step * cross;
    let x_square = sigma * sigma + (mean - clipped.mean).powi(2);
    let error = (q_minus_m_square - 2.0 * q_minus_m_x + x_square).max(0.0);
    let kept = (error - clipped.lost).max(0.0);
    let bent = (clipped.inside * off).min(kept);
    Converted {
        mean: mean_code,
        variance,
        rounded: kept - bent,
        bent,
        clipped: clipped.lost,
        clip_shift: clipped.mean - mean,
        inside: clipped.inside,
    }
}

/// A Gaussian after clipping to `[-limit, limit]`.
struct Clipped {
    mean: f64,
    variance: f64,
    /// Probability of not clipping.
    inside: f64,
    /// Mean square of what clipping took away.
    lost: f64,
}

fn clipping(mean: f64, sigma: f64, limit: f64) -> Clipped {
    if sigma == 0.0 {
        let kept = mean.clamp(-limit, limit);
        let inside = if mean.abs() <= limit { 1.0 } else { 0.0 };
        return Clipped { mean: kept, variance: 0.0, inside, lost: (mean - kept).powi(2) };
    }
    let (above, below) = ((limit - mean) / sigma, (limit + mean) / sigma);
    if above.min(below) > CERTAIN {
        return Clipped { mean, variance: sigma * sigma, inside: 1.0, lost: 0.0 };
    }
    // Moments of the excess over a limit z standard deviations away: E[(n − z)₊] and its square.
    let excess = |z: f64| {
        let (tail, density) = normal_tail(z);
        (tail, density - z * tail, (1.0 + z * z) * tail - z * density)
    };
    let (tail_up, first_up, second_up) = excess(above);
    let (tail_down, first_down, second_down) = excess(below);
    // clip(n) = n − (n − a)₊ + (−n − b)₊; the two excesses never meet and E[n (n − z)₊] = Q(z).
    let shift = first_down - first_up;
    let square = 1.0 + second_up + second_down - 2.0 * (tail_up + tail_down);
    Clipped {
        mean: mean + sigma * shift,
        variance: (sigma * sigma * (square - shift * shift)).max(0.0),
        inside: (1.0 - tail_up - tail_down).max(0.0),
        lost: sigma * sigma * (second_up + second_down),
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    /// Against a Monte Carlo of a million draws through the converter's own law: five standard
    /// errors of a mean, and of a variance of at most four times the fourth power of sigma.
    #[test]
    fn moments_behind_a_converter_are_exact() {
        let n = 1_000_000;
        let mut draws = vec![0.0f32; n];
        Stream::root(3).fill_standard_normal(0, &mut draws);
        let (step, top) = (0.25, 7.0);
        for (mean, sigma) in [
            (0.0, 1.0),
            (0.9, 0.4),
            (-2.0, 1.0),
            (0.1, 0.01),
            (0.1, 0.08),
            (1.9, 0.15),
            (0.3, 0.19),
        ] {
            let got = converted(mean, sigma, step, &Thresholds::straight(top));
            let (mut q1, mut q2, mut e2) = (0.0, 0.0, 0.0);
            for &z in &draws {
                let x = mean + sigma * f64::from(z);
                let q = step * (x / step).clamp(-top, top).round_ties_even();
                q1 += q / n as f64;
                q2 += q * q / n as f64;
                e2 += (q - x).powi(2) / n as f64;
            }
            let error = 5.0 * (sigma + step) / (n as f64).sqrt();
            assert!((got.mean - q1).abs() < error, "{mean} {sigma}: mean {} {q1}", got.mean);
            let variance = q2 - q1 * q1;
            let bound = 2.0 * (sigma + step) * error;
            assert!(
                (got.variance - variance).abs() < bound,
                "{mean} {sigma}: {} {variance}",
                got.variance
            );
            let lost = got.rounded + got.clipped;
            // Much noise: rounding beside clipped currents is not counted, at most half a step each.
            let beside = if sigma < 0.2 { 0.0 } else { 0.02 * step * step };
            assert!((lost - e2).abs() < bound + beside, "{mean} {sigma}: {lost} {e2}");
        }
    }

    #[test]
    fn without_noise_the_converter_is_its_own_law() {
        for (mean, code) in [(3.0, 7.0), (-9.0, -7.0), (0.1, 0.0), (0.15, 1.0), (-0.4, -2.0)] {
            let got = converted(mean, 0.0, 0.25, &Thresholds::straight(7.0));
            assert_eq!((got.mean, got.variance), (0.25 * code, 0.0), "{mean}");
        }
    }

    /// Against 200,000 sampled converters, one current each, around thresholds that are off by sigma
    /// and by table, for little noise and much, in the middle and at an end.
    #[test]
    fn moments_behind_uneven_thresholds_are_those_of_sampled_converters() {
        use cim_adc::{Adc, Nonlinearity, Uneven, UniformSpec};
        use cim_core::{Amps, Tally};

        use crate::front_end::FrontEnd;

        let n = 200_000;
        let (bits, step) = (4, 0.25);
        let full_scale = Amps(step * 15.0 / 2.0);
        let straight = UniformSpec { bits, full_scale, input_noise: Amps::ZERO }.build();
        let straight = straight.expect("a converter");
        let table: Vec<f64> = (0..14).map(|k| 0.4 * f64::from(k * 5 % 7) - 1.0).collect();
        for (integral, differential) in [
            (Nonlinearity::SigmaLsb(0.5), 0.0),
            (Nonlinearity::SigmaLsb(0.3), 0.25),
            (Nonlinearity::TableLsb(table), 0.0),
        ] {
            let front_end = FrontEnd {
                adc_integral: integral.clone(),
                adc_differential: differential,
                ..FrontEnd::IDEAL
            };
            let thresholds = Thresholds::of(&front_end, bits);
            let mut draws = vec![0.0f32; n];
            Stream::root(5).fill_standard_normal(0, &mut draws);
            for (mean, sigma) in [(0.1, 0.02), (0.3, 0.5), (-1.2, 0.15), (1.1, 0.25), (1.6, 0.4)] {
                let got = converted(mean, sigma, step, &thresholds);
                let (mut q1, mut q2) = (0.0, 0.0);
                let mut code = [0];
                for (k, z) in draws.iter().enumerate() {
                    let at = Stream::root(6).child("converter", k as u64);
                    let adc = Uneven::drawn(straight, &integral, differential, at).expect("one");
                    let input = [(mean + sigma * f64::from(*z)) as f32];
                    adc.convert(&input, &mut code, &mut Tally::default());
                    let q = step * f64::from(code[0]);
                    q1 += q / n as f64;
                    q2 += q * q / n as f64;
                }
                // Of a code that stands still it is rounding of sums.
                let variance = (q2 - q1 * q1).max(0.0);
                // Five standard errors; thresholds that change places add 1 % at most.
                let error = 5.0 * (variance / n as f64).sqrt();
                let name = format!("{integral:?} {differential} at {mean} {sigma}");
                assert!((got.mean - q1).abs() < error + 2e-3, "{name}: {} {q1}", got.mean);
                let allowed = (0.01 + 5.0 * (3.0 / n as f64).sqrt()) * variance + 1e-9;
                assert!(
                    (got.variance - variance).abs() < allowed,
                    "{name}: {} {variance}",
                    got.variance
                );
            }
        }
    }
}
