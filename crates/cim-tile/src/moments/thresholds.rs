//! Where a column converter has its thresholds, as far as it is known before a chip is made.

use cim_adc::{Nonlinearity, uniform};

use crate::front_end::FrontEnd;

/// Thresholds of a mid-tread converter with codes `−top ..= top`, in steps.
pub(super) struct Thresholds<'a> {
    /// Largest code.
    pub top: f64,
    /// Integral non-linearity; none where the converter is straight.
    bent: Option<Bent<'a>>,
}

/// Thresholds that are off.
struct Bent<'a> {
    integral: &'a Nonlinearity,
    /// Variance of each threshold by itself (LSB²).
    each: f64,
    /// Where the table puts each threshold, rising; none without a table.
    placed: Option<Vec<f64>>,
}

impl<'a> Thresholds<'a> {
    pub fn of(front_end: &'a FrontEnd, adc_bits: u32) -> Self {
        let top = f64::from(uniform::steps(adc_bits) / 2);
        let bent = (!front_end.has_straight_adc()).then(|| {
            let integral = &front_end.adc_integral;
            let placed = match integral {
                Nonlinearity::SigmaLsb(_) => None,
                Nonlinearity::TableLsb(table) => {
                    let mut placed: Vec<f64> = table
                        .iter()
                        .enumerate()
                        .map(|(k, lsb)| k as f64 - top + 0.5 + lsb)
                        .collect();
                    placed.sort_by(f64::total_cmp);
                    Some(placed)
                }
            };
            Bent { integral, each: 0.5 * front_end.adc_differential.powi(2), placed }
        });
        Self { top, bent }
    }

    /// A converter whose thresholds are where they should be.
    #[cfg(test)]
    pub fn straight(top: f64) -> Self {
        Self { top, bent: None }
    }

    pub fn are_straight(&self) -> bool {
        self.bent.is_none()
    }

    /// The threshold above a code (steps), and its variance over converters (LSB²).
    pub fn above(&self, code: f64) -> (f64, f64) {
        let nominal = code + 0.5;
        let Some(bent) = &self.bent else { return (nominal, 0.0) };
        let at = match &bent.placed {
            Some(placed) => placed[(code + self.top) as usize],
            None => nominal,
        };
        (at, bent.integral.variance_lsb2(self.share(nominal)) + bent.each)
    }

    /// How many thresholds lie below a current (steps), less the largest code.
    pub fn code_below(&self, steps: f64) -> f64 {
        match self.bent.as_ref().and_then(|bent| bent.placed.as_ref()) {
            Some(placed) => placed.partition_point(|at| *at < steps) as f64 - self.top,
            None => (steps + 0.5).floor().clamp(-self.top, self.top),
        }
    }

    /// Largest standard deviation of a threshold (LSB).
    pub fn largest_sigma(&self) -> f64 {
        let Some(bent) = &self.bent else { return 0.0 };
        (bent.integral.variance_lsb2(0.5) + bent.each).sqrt()
    }

    /// Mean square (LSB²) of what thresholds are off near a current of mean and variance in steps: the
    /// mean over the current of their variance over converters, and of a table's square.
    pub fn mean_square_lsb2(&self, mean: f64, variance: f64) -> f64 {
        let Some(bent) = &self.bent else { return 0.0 };
        if let Some(placed) = &bent.placed {
            let code = mean.round().clamp(-self.top, self.top - 1.0);
            return (placed[(code + self.top) as usize] - code - 0.5).powi(2) + bent.each;
        }
        // E 4 σ² x (1 − x) over x from 0 to 1; nothing beyond the ends.
        let middle = bent.integral.variance_lsb2(0.5);
        let (x, spread) = (self.share(mean), variance.sqrt() / self.reach().max(1.0));
        4.0 * middle * inside_parabola(x, spread) + bent.each
    }

    /// Covariance over converters (LSB²) of what thresholds are off near two independent currents
    /// (means and variances in steps) that one converter takes.
    ///
    /// Of the bridge it is `4 σ² E[min(x, y) − x y]`, with the mean of the smaller of two Gaussians
    /// (Clark, Operations Research 9, 1961); of thresholds by themselves as often as both currents
    /// are next to the same.
    pub fn covariance_lsb2(&self, (m1, v1): (f64, f64), (m2, v2): (f64, f64)) -> f64 {
        let Some(bent) = &self.bent else { return 0.0 };
        let apart = (v1 + v2).sqrt();
        let z = if apart > 0.0 { (m1 - m2) / apart } else { f64::INFINITY };
        let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        let together = if apart > 0.0 { (density / apart).min(1.0) } else { 0.0 };
        let middle = bent.integral.variance_lsb2(0.5);
        let (x, y) = (self.share(m1), self.share(m2));
        let below = 0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2);
        let smaller = if apart > 0.0 {
            x * below + y * (1.0 - below) - apart / self.reach() * density
        } else {
            x.min(y)
        };
        4.0 * middle * (smaller - x * y).max(0.0) + bent.each * together
    }

    /// Thresholds from the first to the last, in steps.
    fn reach(&self) -> f64 {
        2.0 * self.top - 1.0
    }

    /// Where a current in steps is between the first threshold and the last.
    fn share(&self, steps: f64) -> f64 {
        (steps + self.top - 0.5) / self.reach().max(1.0)
    }
}

/// `E[x (1 − x)]` of a Gaussian `x` over the part of it that lies in `[0, 1]`.
fn inside_parabola(mean: f64, sigma: f64) -> f64 {
    if sigma == 0.0 {
        return (mean * (1.0 - mean)).max(0.0);
    }
    let at = |end: f64| {
        let z = (end - mean) / sigma;
        let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        (z, 0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2), density)
    };
    let ((a, below_a, density_a), (b, below_b, density_b)) = (at(0.0), at(1.0));
    let inside = below_b - below_a;
    let step = sigma * (density_a - density_b);
    let first = mean * inside + step;
    let second = mean * mean * inside
        + 2.0 * mean * step
        + sigma * sigma * (inside + a * density_a - b * density_b);
    (first - second).max(0.0)
}
