//! Gaussian errors of programming and frozen normal numbers, as several models have them.

use cim_core::Stream;
use ndarray::{Array2, ArrayView2};

use crate::device::Moments;
use crate::law::{Posynomial, SigmaLaw};

/// `target + sigma(target) n` for every cell, one generator per row.
pub(crate) fn drawn(
    target_s: ArrayView2<'_, f64>,
    sigma: impl Fn(f64) -> f64,
    at: Stream,
) -> Array2<f64> {
    let mut g_s = target_s.to_owned();
    for_each(&mut g_s, at, |g, n| *g += sigma(*g) * n);
    g_s
}

/// Changes every cell with a standard normal number of its own, one generator per row.
pub(crate) fn for_each(g_s: &mut Array2<f64>, at: Stream, mut change: impl FnMut(&mut f64, f64)) {
    let mut normals = at.normal_rows(g_s.ncols());
    for (row_idx, mut row) in g_s.rows_mut().into_iter().enumerate() {
        for (g, &n) in row.iter_mut().zip(normals.row(row_idx)) {
            change(g, f64::from(n));
        }
    }
}

/// What becomes of one cell with a standard normal number of its own, without branches: a loop over a
/// row is compiled for the vectors of the machine.
///
/// A trait and not a closure: only functions can be marked as inlined into the loop. Implementations
/// are `#[inline(always)]`.
pub(crate) trait Change: Copy {
    /// What a cell that holds `g_s` (S) holds afterwards.
    fn changed(self, g_s: f64, normal: f64) -> f64;
}

/// [`for_each`] for a change that vectorises.
pub(crate) fn change(g_s: &mut Array2<f64>, at: Stream, change: impl Change) {
    let mut normals = at.normal_rows(g_s.ncols());
    for (row_idx, mut row) in g_s.rows_mut().into_iter().enumerate() {
        let normals = normals.row(row_idx);
        match row.as_slice_mut() {
            Some(row) => pulp::Arch::new().dispatch(ChangeRow { change, normals, row }),
            None => row
                .iter_mut()
                .zip(normals)
                .for_each(|(g, &n)| *g = change.changed(*g, f64::from(n))),
        }
    }
}

struct ChangeRow<'a, C> {
    change: C,
    normals: &'a [f32],
    row: &'a mut [f64],
}

impl<C: Change> pulp::NullaryFnOnce for ChangeRow<'_, C> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (g, &n) in self.row.iter_mut().zip(self.normals) {
            *g = self.change.changed(*g, f64::from(n));
        }
    }
}

/// `target + sigma(target) n` for every cell of a law, as [`drawn`], in vectors.
pub(crate) fn drawn_by(law: &SigmaLaw, target_s: ArrayView2<'_, f64>, at: Stream) -> Array2<f64> {
    let SigmaLaw::Variance(law) = law else { return drawn(target_s, |g| law.sigma(g), at) };
    let mut g_s = target_s.to_owned();
    change(&mut g_s, at, Spread(*law));
    g_s
}

/// An error whose variance is a posynomial.
#[derive(Clone, Copy)]
struct Spread(Posynomial);

impl Change for Spread {
    #[inline(always)]
    fn changed(self, g_s: f64, normal: f64) -> f64 {
        g_s + self.0.variance(g_s).sqrt() * normal
    }
}

/// Moments of `max(0, x)` for `x` normal with mean `mu` and standard deviation `sigma`.
pub(crate) fn rectified(mu: f64, sigma: f64) -> Moments {
    if sigma == 0.0 {
        return Moments { mean: mu.max(0.0), variance: 0.0 };
    }
    let z = mu / sigma;
    if z > 9.0 {
        return Moments { mean: mu, variance: sigma * sigma };
    }
    let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    let inside = 0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2);
    let mean = mu * inside + sigma * density;
    let square = (mu * mu + sigma * sigma) * inside + mu * sigma * density;
    Moments { mean, variance: (square - mean * mean).max(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectified_moments_are_exact_at_zero_and_far_away() {
        let at_zero = rectified(0.0, 1.0);
        assert!((at_zero.mean - 1.0 / std::f64::consts::TAU.sqrt()).abs() < 1e-12);
        assert!((at_zero.variance - (0.5 - 0.5 / std::f64::consts::PI)).abs() < 1e-12);
        let far = rectified(8.9, 1.0);
        assert!((far.mean - 8.9).abs() < 1e-12 && (far.variance - 1.0).abs() < 1e-9);
    }
}
