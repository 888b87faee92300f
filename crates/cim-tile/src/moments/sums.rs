//! What row tiles add up to.

use ndarray::{Array, Array1, Array2, Axis, Dimension, RemoveAxis};

/// A layer that gives less of its product than this gives nothing.
const LEAST_GAIN: f64 = 1e-3;

/// Adds up over row tiles and puts column tiles side by side; tiles come row tiles outermost.
pub(super) fn over_row_tiles<T, D: Dimension + RemoveAxis>(
    tiles: &[T],
    column_tile: impl Fn(&T) -> usize,
    f: impl Fn(&T) -> Array<f64, D>,
) -> Array<f64, D> {
    let mut sums: Vec<Array<f64, D>> = Vec::new();
    for tile in tiles {
        match sums.get_mut(column_tile(tile)) {
            Some(sum) => *sum += &f(tile),
            None => sums.push(f(tile)),
        }
    }
    let views: Vec<_> = sums.iter().map(|a| a.view()).collect();
    let last = Axis(views[0].ndim() - 1);
    ndarray::concatenate(last, &views).expect("equal numbers of samples")
}

/// Mean over samples of the square (samples × outputs).
pub(super) fn mean_power(sum: &Array2<f64>) -> Array1<f64> {
    sum.mapv(|a| a * a).mean_axis(Axis(0)).expect("samples")
}

/// The factor of `exact` that is nearest to `given`, one for all outputs; 1 without signal.
pub(super) fn best_gain(exact: &Array2<f64>, given: &Array2<f64>) -> f64 {
    let power = exact.iter().map(|y| y * y).sum::<f64>();
    let cross = exact.iter().zip(given).map(|(y, m)| y * m).sum::<f64>();
    if power > 0.0 { (cross / power).max(LEAST_GAIN) } else { 1.0 }
}
