//! The full scale of a converter: exact for any output histogram, closed form for a Gaussian.

use std::f64::consts::{LN_2, PI};

/// Distribution of the magnitude of a tile's output, in units of that output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Bin centres, at least 0, ascending.
    pub centres: Vec<f64>,
    /// Probability of each bin; they sum to 1.
    pub probabilities: Vec<f64>,
}

impl Histogram {
    /// Magnitude of a Gaussian of standard deviation `sigma`, in `bins` bins up to 6 sigma, each
    /// represented by its mean; the rest beyond 6 sigma (2e-9) is counted into the last bin.
    #[must_use]
    pub fn gaussian(sigma: f64, bins: usize) -> Self {
        let step = 6.0 / bins as f64;
        let mut histogram = Self::default();
        for bin_idx in 0..bins {
            let low = bin_idx as f64 * step;
            let high = if bin_idx + 1 == bins { f64::INFINITY } else { low + step };
            let probability = 2.0 * (tail(low) - tail(high));
            histogram.centres.push(sigma * 2.0 * (density(low) - density(high)) / probability);
            histogram.probabilities.push(probability);
        }
        histogram
    }

    /// Variance of rounding and of clipping of a converter with full scale `range`.
    pub(crate) fn split_loss(&self, converter: Converter, range: f64) -> (f64, f64) {
        let most = converter.reach() * range;
        let clipped = self.descending().take_while(|&(y, _)| y > most);
        let clipping = clipped.map(|(y, p)| p * (y - most).powi(2)).sum();
        (converter.rounding() * range * range, clipping)
    }

    /// Sum of both parts with its first and second derivative in the range.
    pub(crate) fn loss(&self, converter: Converter, range: f64) -> Loss {
        let (rounding, reach) = (converter.rounding(), converter.reach());
        let mut loss = Loss {
            value: rounding * range * range,
            slope: 2.0 * rounding * range,
            curvature: 2.0 * rounding,
        };
        let most = reach * range;
        for (y, p) in self.descending().take_while(|&(y, _)| y > most) {
            let over = y - most;
            loss.value += p * over * over;
            loss.slope -= 2.0 * p * over * reach;
            loss.curvature += 2.0 * p * reach * reach;
        }
        loss
    }

    /// The range that minimises rounding plus clipping, exactly: the loss is a convex piecewise
    /// parabola, so walking down from the top bin the first parabola whose lowest point lies
    /// above the next bin is the right one.
    pub(crate) fn best_range(&self, converter: Converter) -> f64 {
        let (rounding, reach) = (converter.rounding(), converter.reach());
        let (mut mass, mut moment) = (0.0, 0.0);
        let mut below = self.centres.iter().rev().skip(1);
        for (y, p) in self.descending() {
            mass += p;
            moment += p * y;
            let range = reach * moment / (reach * reach * mass + rounding);
            if reach * range >= below.next().copied().unwrap_or(0.0) {
                return range;
            }
        }
        0.0
    }

    /// Largest magnitude.
    pub(crate) fn largest(&self) -> f64 {
        self.centres.last().copied().unwrap_or(0.0)
    }

    /// Bins from the largest magnitude down.
    pub(crate) fn descending(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.centres.iter().copied().zip(self.probabilities.iter().copied()).rev()
    }
}

/// A loss and its derivatives in the range.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loss {
    pub value: f64,
    pub slope: f64,
    pub curvature: f64,
}

/// How a converter rounds, and where it clips.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Converter {
    /// Steps `L` over `[−range, range]`, at least 2.
    pub steps: u32,
    /// Root mean square of its integral non-linearity, in steps.
    pub inl: f64,
}

impl Converter {
    /// Rounding variance of unit range: `(2/L)² (1/12 + inl²)`.
    pub fn rounding(self) -> f64 {
        let step = 2.0 / f64::from(self.steps);
        step * step * (1.0 / 12.0 + self.inl * self.inl)
    }

    /// What the outermost code of unit range stands for, `1 − 1/L`: half a step inside, as codes are
    /// in the middle of their steps.
    pub fn reach(self) -> f64 {
        1.0 - 1.0 / f64::from(self.steps)
    }
}

/// Optimal full scale of a `bits`-bit converter for a Gaussian signal, in standard deviations, of
/// the ideal quantiser that clips at its full scale. A mid-tread converter of `2^bits + 1` steps
/// clips where this one does with a full scale `(2^bits + 1) / 2^bits` times as large.
///
/// Solves `z = 6 · 4^bits (φ(z) − z Q(z))` by Newton's method on its logarithm.
///
/// Source: optimal clipping of a uniform quantiser, specification section 6.3.
#[must_use]
pub fn gaussian_full_scale(bits: u32) -> f64 {
    let target = 6.0_f64.ln() + f64::from(bits) * 2.0 * LN_2;
    let mut z = (2.0 * target).sqrt();
    for _ in 0..60 {
        let (ln_excess, ratio) = log_excess(z);
        let step = (z.ln() - target - ln_excess) / (1.0 / z + ratio);
        // Damped downwards, so that the iterate stays positive.
        z = (z - step).max(0.25 * z);
        if step.abs() <= 1e-15 * z {
            break;
        }
    }
    z
}

/// Variance that clipping at `z` standard deviations adds to a unit Gaussian:
/// `ψ(z) = 2 [(1 + z²) Q(z) − z φ(z)]`.
#[must_use]
pub fn psi(z: f64) -> f64 {
    if z < SERIES_LIMIT {
        2.0 * ((1.0 + z * z) * tail(z) - z * density(z))
    } else {
        let (k, m) = fractions(z);
        2.0 * density(z) * m / ((z + m) * (z + k))
    }
}

/// Signal to rounding-and-clipping ratio of a Gaussian at its optimal full scale, in dB.
#[must_use]
pub fn gaussian_sqnr_db(bits: u32) -> f64 {
    let z = gaussian_full_scale(bits);
    let rounding_ratio = (2.0 * z.ln() - f64::from(bits) * 2.0 * LN_2).exp() / 3.0;
    -10.0 * (rounding_ratio + psi(z)).log10()
}

/// Below this, Gaussian tails come from the series of the centre, above from a continued fraction.
const SERIES_LIMIT: f64 = 2.5;

/// Standard normal density.
fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

/// Standard normal tail `Q(z)`.
fn tail(z: f64) -> f64 {
    if z >= SERIES_LIMIT {
        return density(z) / (z + fractions(z).0);
    }
    if z <= -SERIES_LIMIT {
        return 1.0 - tail(-z);
    }
    // Q = 1/2 − φ Σ z^(2k+1) / (1·3·…·(2k+1)), all terms of one sign.
    let (mut term, mut sum) = (z, z);
    for k in 1..80 {
        term *= z * z / f64::from(2 * k + 1);
        sum += term;
    }
    0.5 - density(z) * sum
}

/// `K` and `M` of the continued fraction `Q/φ = 1/(z + K)`, `K = 1/(z + M)`, `M = 2/(z + 3/(z + …))`.
fn fractions(z: f64) -> (f64, f64) {
    let mut rest = 0.0;
    for k in (2..160).rev() {
        rest = f64::from(k) / (z + rest);
    }
    (1.0 / (z + rest), rest)
}

/// `ln(φ − z Q)` and `Q / (φ − z Q)`, without cancellation in the tail.
fn log_excess(z: f64) -> (f64, f64) {
    let ln_density = -0.5 * z * z - 0.5 * (2.0 * PI).ln();
    let (over, mills) = if z < SERIES_LIMIT {
        let mills = tail(z) / density(z);
        (1.0 - z * mills, mills)
    } else {
        let (k, _) = fractions(z);
        (k / (z + k), 1.0 / (z + k))
    };
    (ln_density + over.ln(), mills / over)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits, full scale in standard deviations, SQNR in dB: specification, section 6.3.
    const TABLE: [(u32, f64, f64); 10] = [
        (1, 1.240, 6.7),
        (2, 1.711, 10.6),
        (3, 2.152, 15.0),
        (4, 2.559, 19.8),
        (5, 2.936, 24.8),
        (6, 3.287, 29.9),
        (7, 3.615, 35.2),
        (8, 3.924, 40.6),
        (9, 4.216, 46.1),
        (10, 4.494, 51.6),
    ];

    #[test]
    fn full_scales_of_a_gaussian_are_the_published_ones() {
        for (bits, z, sqnr_db) in TABLE {
            assert!((gaussian_sqnr_db(bits) - sqnr_db).abs() <= 0.051, "{bits} bits");
            // The table is rounded to half a unit of its last digit.
            assert!((gaussian_full_scale(bits) - z).abs() <= 5.1e-4, "{bits} bits");
        }
    }

    #[test]
    fn the_full_scale_solves_its_equation_at_any_resolution() {
        for bits in 0..=40 {
            let z = gaussian_full_scale(bits);
            let excess = log_excess(z).0.exp();
            let right = 6.0 * 4.0_f64.powi(bits as i32) * excess;
            assert!((z / right - 1.0).abs() < 1e-12, "{bits} bits: {z} {right}");
        }
        assert!(gaussian_full_scale(u32::MAX).is_finite());
    }

    #[test]
    fn psi_is_the_integral_of_what_is_clipped() {
        for z in [-3.0, -1.0, 0.0, 0.3, 1.0, 2.0, 2.499, 2.5, 3.0, 4.5, 7.0] {
            // Simpson's rule on 2 ∫ (x − z)² φ(x) dx over 14 standard deviations.
            let (n, width) = (40_000, 14.0);
            let h = width / f64::from(n);
            let sum: f64 = (0..=n)
                .map(|k| {
                    let x = z + h * f64::from(k);
                    let weight = if k == 0 || k == n { 1.0 } else { 2.0 + 2.0 * f64::from(k % 2) };
                    weight * (x - z).powi(2) * density(x)
                })
                .sum();
            let integral = 2.0 * sum * h / 3.0;
            assert!((psi(z) / integral - 1.0).abs() < 1e-10, "{z}: {} {integral}", psi(z));
        }
    }

    #[test]
    fn a_gaussian_histogram_is_normalised_and_keeps_its_mean() {
        let histogram = Histogram::gaussian(2.0, 48);
        assert!((histogram.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        let mean: f64 = histogram.descending().map(|(y, p)| y * p).sum();
        assert!((mean - 2.0 * (2.0 / PI).sqrt()).abs() < 1e-14);
    }

    #[test]
    fn the_best_range_is_stationary() {
        for steps in [2, 3, 8, 64, 1 << 20] {
            for inl in [0.0, 0.5] {
                let (histogram, converter) =
                    (Histogram::gaussian(1.3, 37), Converter { steps, inl });
                let range = histogram.best_range(converter);
                let slope = histogram.loss(converter, range).slope;
                assert!(slope.abs() < 1e-14, "{steps} steps, {inl}");
            }
        }
    }

    /// Mean square error of a mid-tread converter at full scale `range` for a Gaussian, by sums over
    /// a fine grid: what the program does not know.
    fn brute_force(steps: u32, range: f64) -> f64 {
        let step = 2.0 * range / f64::from(steps);
        let top = f64::from(steps / 2);
        let (n, width) = (20_000, 8.0);
        let h = 2.0 * width / f64::from(n);
        (0..=n)
            .map(|k| {
                let y = -width + h * f64::from(k);
                let code = (y / step).round_ties_even().clamp(-top, top);
                h * density(y) * (code * step - y).powi(2)
            })
            .sum()
    }

    /// At every resolution the error is within 0.2 % of that at the best of all ranges, 2.28 standard
    /// deviations at 3 bits. Taken to clip at its full scale a converter of 3 bits would get 2.07 and
    /// 4 % more error than here.
    #[test]
    fn ranges_of_few_bits_are_best_by_brute_force() {
        for bits in 2..=8 {
            let steps = (1 << bits) - 1;
            let histogram = Histogram::gaussian(1.0, 600);
            let range = histogram.best_range(Converter { steps, inl: 0.0 });
            let all = (50..800).map(|k| f64::from(k) * 0.01);
            let best = all.map(|range| brute_force(steps, range)).fold(f64::INFINITY, f64::min);
            let got = brute_force(steps, range);
            assert!(got <= 1.002 * best, "{bits} bits: {got} at {range}, {best}");
        }
        let (ours, before) = (best_of(7, 1.0 - 1.0 / 7.0), best_of(7, 1.0));
        assert!((ours - 2.30).abs() < 0.01 && (before - 2.07).abs() < 0.01, "{ours}, {before}");
        let (ours, before) = (brute_force(7, ours), brute_force(7, before));
        assert!(before > 1.04 * ours, "{before} for {ours}");
    }

    /// The best range where a converter clips at `reach` of it, by search.
    fn best_of(steps: u32, reach: f64) -> f64 {
        let rounding = Converter { steps, inl: 0.0 }.rounding();
        let at = |range: f64| rounding * range * range + psi(reach * range);
        let all = (100..500).map(|k| f64::from(k) * 0.01);
        all.min_by(|a, b| at(*a).total_cmp(&at(*b))).expect("some")
    }
}
