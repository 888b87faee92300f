//! The two kinds of number that operations are written for.
//!
//! Networks compute in `f32`. The same code runs in `f64` where its gradients are compared with
//! difference quotients, which `f32` is too coarse for.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use ndarray::NdFloat;

use crate::activation::NoiseAwareRelu;

/// A floating-point number that operations compute with: `f32` or `f64`.
pub trait Real: NdFloat + Default {
    /// The nearest number of this kind.
    fn of(x: f64) -> Self;

    /// As a double.
    fn wide(self) -> f64;

    /// `tanh x`.
    fn hyperbolic_tangent(self) -> Self;

    /// `1 / (1 + e^−x)`.
    fn logistic(self) -> Self {
        // One half more than half the tangent of the half: exact in both tails.
        let half = Self::of(0.5);
        (self * half).hyperbolic_tangent() * half + half
    }

    /// [`NoiseAwareRelu::value`] in this precision.
    fn rectified(self, relu: NoiseAwareRelu) -> Self;

    /// [`NoiseAwareRelu::derivative`] in this precision.
    fn rectified_slope(self, relu: NoiseAwareRelu) -> Self;
}

impl Real for f32 {
    #[inline(always)]
    fn of(x: f64) -> Self {
        x as f32
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self.into()
    }

    #[inline(always)]
    fn hyperbolic_tangent(self) -> Self {
        self.tanh()
    }

    #[inline(always)]
    fn rectified(self, relu: NoiseAwareRelu) -> Self {
        relu.value(self)
    }

    #[inline(always)]
    fn rectified_slope(self, relu: NoiseAwareRelu) -> Self {
        relu.derivative(self)
    }
}

impl Real for f64 {
    #[inline(always)]
    fn of(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }

    fn hyperbolic_tangent(self) -> Self {
        self.tanh()
    }

    fn rectified(self, relu: NoiseAwareRelu) -> Self {
        let (limit, sigma) = (Self::from(relu.limit), Self::from(relu.sigma));
        if sigma <= 0.0 {
            return self.max(0.0).min(limit);
        }
        let open = |x: Self| x * normal_cdf(x / sigma) + sigma * normal_density(x / sigma);
        if limit.is_finite() { open(self) - open(self - limit) } else { open(self) }
    }

    fn rectified_slope(self, relu: NoiseAwareRelu) -> Self {
        let (limit, sigma) = (Self::from(relu.limit), Self::from(relu.sigma));
        if sigma <= 0.0 {
            return if 0.0 < self && self < limit { 1.0 } else { 0.0 };
        }
        let open = normal_cdf(self / sigma);
        if limit.is_finite() { open - normal_cdf((self - limit) / sigma) } else { open }
    }
}

fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
}

/// `rows × cols` numbers whose rows are contiguous and `stride` apart.
pub(crate) fn by_rows(m: &[f32], rows: usize, cols: usize, stride: usize) -> MatRef<'_, f32> {
    MatRef::from_row_major_slice_with_stride(&m[..span(rows, cols, stride)], rows, cols, stride)
}

/// As [`by_rows`], to be written to.
pub(crate) fn by_rows_mut(
    m: &mut [f32],
    rows: usize,
    cols: usize,
    stride: usize,
) -> MatMut<'_, f32> {
    let m = &mut m[..span(rows, cols, stride)];
    // Not `from_row_major_slice_with_stride_mut`: that of faer 0.24 mixes up rows and columns.
    MatMut::from_column_major_slice_with_stride_mut(m, cols, rows, stride).transpose_mut()
}

fn span(rows: usize, cols: usize, stride: usize) -> usize {
    (rows - 1) * stride + cols
}

/// `y = a · b`, or `y += a · b` where `onto`, on the calling thread.
pub(crate) fn gemm(y: MatMut<'_, f32>, onto: bool, a: MatRef<'_, f32>, b: MatRef<'_, f32>) {
    let accumulate = if onto { Accum::Add } else { Accum::Replace };
    matmul(y, accumulate, a, b, 1.0, Par::Seq);
}
