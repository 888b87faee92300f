//! Laws of one cell: how noise grows with conductance.

use cim_core::Siemens;

use crate::error::DeviceError;
use crate::window::Window;

/// Variance of a conductance as a posynomial of the conductance `G` (S):
/// `a0 + a1 G + a2 G² + am / G`, in S², all coefficients zero or positive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Posynomial {
    /// Constant part (S²).
    pub a0: f64,
    /// Part per unit of conductance (S).
    pub a1: f64,
    /// Part proportional to the squared conductance (dimensionless).
    pub a2: f64,
    /// Part that falls with conductance (S³).
    pub am: f64,
}

impl Posynomial {
    /// No noise.
    pub const ZERO: Self = Self { a0: 0.0, a1: 0.0, a2: 0.0, am: 0.0 };

    /// Variance (S²) at conductance `g_s` (S).
    #[inline(always)]
    pub fn variance(&self, g_s: f64) -> f64 {
        let falling = if self.am == 0.0 { 0.0 } else { self.am / g_s };
        self.a0 + g_s * (self.a1 + g_s * self.a2) + falling
    }
}

/// A posynomial that lies above another law over a window, and by how much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PosynomialFit {
    /// The posynomial.
    pub posynomial: Posynomial,
    /// Largest excess of the posynomial's variance over the law's, relative to the law's.
    pub excess: f64,
}

/// How the standard deviation of a conductance depends on the conductance.
#[derive(Clone, Debug, PartialEq)]
pub enum SigmaLaw {
    /// The variance is a posynomial.
    Variance(Posynomial),
    /// The standard deviation is `Σ coefficients[k] (G / scale)^k`, in siemens.
    Polynomial {
        /// Coefficients in siemens, constant first.
        coefficients_s: Vec<f64>,
        /// Unit of the argument.
        scale: Siemens,
    },
}

impl SigmaLaw {
    /// No noise.
    pub const NONE: Self = Self::Variance(Posynomial::ZERO);

    /// Standard deviation (S) at conductance `g_s` (S).
    pub fn sigma(&self, g_s: f64) -> f64 {
        match self {
            Self::Variance(posynomial) => posynomial.variance(g_s).sqrt(),
            Self::Polynomial { coefficients_s, scale } => {
                let x = g_s / scale.0;
                coefficients_s.iter().rev().fold(0.0, |sum, c| sum * x + c)
            }
        }
    }

    /// Variance (S²) at conductance `g_s` (S).
    pub fn variance(&self, g_s: f64) -> f64 {
        match self {
            Self::Variance(posynomial) => posynomial.variance(g_s),
            Self::Polynomial { .. } => self.sigma(g_s).powi(2),
        }
    }

    /// Checks that the law gives a usable sigma all over the window.
    pub(crate) fn check(&self, name: &'static str, window: Window) -> Result<(), DeviceError> {
        if let Self::Variance(Posynomial { a0, a1, a2, am }) = *self {
            for value in [a0, a1, a2, am] {
                if !(0.0 <= value && value.is_finite()) {
                    return Err(DeviceError::Coefficient { name, value });
                }
            }
            if am > 0.0 && window.g_min <= Siemens::ZERO {
                return Err(DeviceError::Coefficient { name, value: f64::INFINITY });
            }
        }
        for g_s in window.grid(GRID) {
            let sigma = self.sigma(g_s);
            if !(0.0 <= sigma && sigma.is_finite()) {
                let (sigma, conductance) = (Siemens(sigma), Siemens(g_s));
                return Err(DeviceError::NegativeSigma { name, sigma, conductance });
            }
        }
        Ok(())
    }

    /// A posynomial from above over `window`, see [`PosynomialFit::above`].
    ///
    /// Exact, with excess 0, where the law is a posynomial already.
    pub fn posynomial_above(&self, window: Window) -> PosynomialFit {
        if let Self::Variance(posynomial) = self {
            return PosynomialFit { posynomial: *posynomial, excess: 0.0 };
        }
        PosynomialFit::above(|g_s| self.variance(g_s), window)
    }
}

impl PosynomialFit {
    /// No noise.
    pub const ZERO: Self = Self { posynomial: Posynomial::ZERO, excess: 0.0 };

    /// A posynomial above a variance law (S² at S) over `window`: least squares in relative
    /// variance with non-negative coefficients, then scaled until it touches the law from above.
    pub fn above(variance: impl Fn(f64) -> f64, window: Window) -> Self {
        let grid = window.grid(GRID);
        let most = grid.iter().map(|&g| variance(g)).fold(0.0, f64::max);
        if most == 0.0 {
            return Self::ZERO;
        }
        // Where a law vanishes, the bound need not follow it beyond the twelfth digit of its top.
        let variance = |g: f64| variance(g).max(1e-12 * most);
        let law: Vec<f64> = grid.iter().map(|&g| variance(g)).collect();
        let unit = window.g_max.0;
        let basis = |g: f64| {
            let x = g / unit;
            [1.0, x, x * x, if window.g_min.0 > 0.0 { window.g_min.0 / g } else { 0.0 }]
        };
        // Coordinate descent on the convex problem min Σ (Σ_k c_k b_k/law − 1)², c >= 0.
        let middle = law[law.len() / 2];
        let rows: Vec<[f64; 4]> =
            grid.iter().zip(&law).map(|(&g, &v)| basis(g).map(|b| b * middle / v)).collect();
        let mut c = [0.0; 4];
        for _ in 0..400 {
            for k in 0..4 {
                let (mut top, mut bottom) = (0.0, 0.0);
                for row in &rows {
                    let others: f64 = (0..4).filter(|&j| j != k).map(|j| c[j] * row[j]).sum();
                    top += row[k] * (1.0 - others);
                    bottom += row[k] * row[k];
                }
                c[k] = if bottom > 0.0 { (top / bottom).max(0.0) } else { 0.0 };
            }
        }
        let unscaled = Posynomial {
            a0: c[0] * middle,
            a1: c[1] * middle / unit,
            a2: c[2] * middle / (unit * unit),
            am: c[3] * middle * window.g_min.0,
        };
        let ratio = |g: f64| unscaled.variance(g) / variance(g);
        // Above means above: a few roundings of the two variances on top.
        let scale = (1.0 + 16.0 * f64::EPSILON) / lowest(&grid, ratio);
        let highest = -lowest(&grid, |g| -ratio(g));
        let Posynomial { a0, a1, a2, am } = unscaled;
        let posynomial =
            Posynomial { a0: a0 * scale, a1: a1 * scale, a2: a2 * scale, am: am * scale };
        Self { posynomial, excess: highest * scale - 1.0 }
    }
}

/// Lowest value of `f` over `grid`, and between its points around every local minimum.
fn lowest(grid: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let values: Vec<f64> = grid.iter().map(|&g| f(g)).collect();
    let last = grid.len() - 1;
    let mut lowest = f64::INFINITY;
    for (k, &value) in values.iter().enumerate() {
        lowest = lowest.min(value);
        let (before, after) = (k.saturating_sub(1), (k + 1).min(last));
        if value <= values[before] && value <= values[after] {
            let (mut low, mut high) = (grid[before], grid[after]);
            // Thirds: 80 of them leave 1e-14 of the interval.
            for _ in 0..80 {
                let third = (high - low) / 3.0;
                let (a, b) = (low + third, high - third);
                if f(a) <= f(b) { high = b } else { low = a }
            }
            lowest = lowest.min(f(0.5 * (low + high)));
        }
    }
    lowest
}

/// Points at which a law is looked at over a window.
const GRID: usize = 257;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posynomial_is_its_law() {
        let p = Posynomial { a0: 1.0, a1: 2.0, a2: 3.0, am: 4.0 };
        assert_eq!(p.variance(2.0), 1.0 + 4.0 + 12.0 + 2.0);
        assert_eq!(Posynomial::ZERO.variance(0.0), 0.0);
    }

    #[test]
    fn a_polynomial_sigma_is_bounded_from_above() {
        let window = Window::new(Siemens(0.25e-6), Siemens(25e-6)).expect("a window");
        let law = SigmaLaw::Polynomial {
            coefficients_s: vec![0.28639e-6, 0.075857e-6, -0.0017877e-6],
            scale: Siemens(1e-6),
        };
        let fit = law.posynomial_above(window);
        for g in window.grid(1000) {
            let ratio = fit.posynomial.variance(g) / law.variance(g);
            // A few roundings, and 1e-14 of an interval in the place of the extremum.
            let most = (1.0 + fit.excess) * (1.0 + 1e-12);
            assert!(1.0 <= ratio && ratio <= most, "{ratio} at {g}, up to {most} allowed");
        }
        assert!(fit.excess < 1.0, "excess {}", fit.excess);
    }
}
