//! Full scales from policies that need no optimiser.

use cim_adc::range::percentile_of_magnitude;
use cim_core::Amps;
use ndarray::{Array2, ArrayView2, s};

use crate::calibration::Calibration;
use crate::grid::Parts;

/// Largest current that the programmed weights of each tile can draw: the largest sum over a column
/// of the magnitudes of its weights, at full drive of every row.
///
/// `amps_per_unit` is the current of one unit of weight at full drive; weights beyond `clip` count
/// as `clip`. Row tiles × column tiles. A tile without weights gets the current of one full cell.
pub fn worst_case(
    parts: &Parts,
    weights: ArrayView2<'_, f32>,
    clip: f32,
    amps_per_unit: f64,
) -> Array2<Amps> {
    per_tile(parts, weights.dim(), |rows, cols| {
        let block = weights.slice(s![rows, cols]);
        let largest = block
            .columns()
            .into_iter()
            .map(|w| w.iter().map(|w| f64::from(w.abs().min(clip))).sum::<f64>())
            .fold(0.0, f64::max);
        let largest = if largest > 0.0 { largest } else { f64::from(clip) };
        Amps(largest * amps_per_unit)
    })
}

/// Percentile of the magnitude of each tile's currents on calibration data, row tiles × column
/// tiles. A silent tile gets the current of one full cell.
pub fn percentile(
    parts: &Parts,
    weights: ArrayView2<'_, f32>,
    clip: f32,
    amps_per_unit: f64,
    calibration: &Calibration,
    percentile: f64,
) -> Array2<Amps> {
    let clipped = weights.mapv(|w| f64::from(w.clamp(-clip, clip)));
    per_tile(parts, weights.dim(), |rows, cols| {
        let drive = calibration.drive.slice(s![.., rows.clone()]);
        let sums = drive.dot(&clipped.slice(s![rows, cols]));
        let values: Vec<f64> = sums.iter().copied().collect();
        let largest = percentile_of_magnitude(&values, percentile).unwrap_or(0.0);
        Amps(amps_per_unit * if largest > 0.0 { largest } else { f64::from(clip) })
    })
}

fn per_tile(
    parts: &Parts,
    (inputs, outputs): (usize, usize),
    full_scale: impl Fn(std::ops::Range<usize>, std::ops::Range<usize>) -> Amps,
) -> Array2<Amps> {
    Array2::from_shape_fn(parts.grid_shape(inputs, outputs), |(row, col)| {
        full_scale(
            row * parts.rows..inputs.min((row + 1) * parts.rows),
            col * parts.outputs..outputs.min((col + 1) * parts.outputs),
        )
    })
}
