//! Currents of an array with ideal wires.

use ndarray::{Array1, ArrayView1, ArrayView2};

/// Column currents (A) of an array at virtual ground: `i = Gᵀ v`.
///
/// `g_s` is rows × columns (S), `row_v` has one entry per row (V).
pub fn column_currents(g_s: ArrayView2<'_, f64>, row_v: ArrayView1<'_, f64>) -> Array1<f64> {
    g_s.t().dot(&row_v)
}
