//! Full scales of a layer's tiles from a policy.

use cim_adc::range::percentile_of_magnitude;
use cim_adc::{FullScale, Polarity};
use cim_core::Amps;
use ndarray::{Array2, ArrayView2, s};

use crate::calibration::Calibration;
use crate::error::TileError;
use crate::grid::Parts;

/// Largest current that the programmed weights of each tile can draw.
///
/// With drives of one sign that is, over the tile's columns, the largest sum of the weights of one
/// sign; with drives of both signs the largest sum of magnitudes.
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
            .map(|w| {
                let w = w.iter().map(|&w| f64::from(w.clamp(-clip, clip)));
                let (up, down) = w.fold((0.0, 0.0), |(up, down): (f64, f64), w| {
                    (up + w.max(0.0), down - w.min(0.0))
                });
                match parts.dac.polarity {
                    Polarity::Unipolar => up.max(down),
                    Polarity::Bipolar => up + down,
                }
            })
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

/// Full scales of a layer under `policy`, row tiles × column tiles; `optimised` are those of the
/// convex program, in the same order, and are what [`FullScale::Optimised`] takes.
///
/// # Errors
/// [`TileError::Converter`] for impossible numbers in the policy, [`TileError::FullScales`] if the
/// policy asks for optimised full scales of another shape.
pub fn by_policy(
    policy: FullScale,
    parts: &Parts,
    weights: ArrayView2<'_, f32>,
    clip: f32,
    amps_per_unit: f64,
    calibration: &Calibration,
    optimised: ArrayView2<'_, Amps>,
) -> Result<Array2<Amps>, TileError> {
    policy.check()?;
    let (rows, cols) = parts.grid_shape(weights.nrows(), weights.ncols());
    match policy {
        FullScale::WorstCase => Ok(worst_case(parts, weights, clip, amps_per_unit)),
        FullScale::Percentile { percentile: at } => {
            Ok(percentile(parts, weights, clip, amps_per_unit, calibration, at))
        }
        FullScale::Fixed { full_scale } => Ok(Array2::from_elem((rows, cols), full_scale)),
        FullScale::Optimised if optimised.dim() == (rows, cols) => Ok(optimised.to_owned()),
        FullScale::Optimised => {
            let (got_rows, got_cols) = optimised.dim();
            Err(TileError::FullScales { got_rows, got_cols, rows, cols })
        }
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cim_adc::DacSpec;
    use cim_core::{Siemens, Volts};
    use cim_crossbar::{Ambient, Wires};
    use cim_device::{Ideal, Window};
    use ndarray::array;

    use super::*;

    fn parts(polarity: Polarity) -> Parts {
        let window = Window::new(Siemens(0.0), Siemens(1.0)).expect("a window");
        Parts {
            device: Arc::new(Ideal { window }),
            window,
            read_voltage: Volts(1.0),
            dac: DacSpec { bits: 8, polarity },
            adc_bits: 8,
            adc_noise: Amps::ZERO,
            ambient: Ambient::SILENT,
            wires: Wires::NONE,
            targets: crate::grid::Targets::Nominal,
            rows: 2,
            outputs: 2,
        }
    }

    #[test]
    fn the_worst_case_depends_on_the_signs_of_the_drive() {
        let w = array![[0.5f32, -0.25], [-0.75, -0.5], [3.0, 0.0]];
        let of = |polarity| worst_case(&parts(polarity), w.view(), 1.0, 2.0);
        // Two row tiles; the weight 3 counts as the clip 1.
        assert_eq!(of(Polarity::Unipolar), array![[Amps(1.5)], [Amps(2.0)]]);
        assert_eq!(of(Polarity::Bipolar), array![[Amps(2.5)], [Amps(2.0)]]);
    }

    #[test]
    fn the_hundredth_percentile_is_the_largest_current_seen() {
        let w = array![[0.5f32, -0.25], [-0.75, -0.5]];
        let calibration = Calibration { drive: array![[1.0, 0.0], [0.5, 1.0]] };
        let parts = parts(Polarity::Unipolar);
        // Currents per unit: 0.5, −0.25; 0.25 − 0.75, −0.125 − 0.5.
        let got = percentile(&parts, w.view(), 1.0, 2.0, &calibration, 100.0);
        assert_eq!(got, array![[Amps(1.25)]]);
    }

    #[test]
    fn every_policy_gives_one_full_scale_a_tile() {
        let w = array![[0.5f32, -0.25], [-0.75, -0.5], [1.0, 0.0]];
        let calibration = Calibration { drive: array![[1.0, 0.0, 0.0], [0.5, 1.0, 0.5]] };
        let parts = parts(Polarity::Unipolar);
        let chosen = array![[Amps(3.0)], [Amps(4.0)]];
        let of = |policy, optimised: &Array2<Amps>| {
            by_policy(policy, &parts, w.view(), 1.0, 2.0, &calibration, optimised.view())
        };
        assert_eq!(of(FullScale::WorstCase, &chosen), Ok(array![[Amps(1.5)], [Amps(2.0)]]));
        let all = FullScale::Percentile { percentile: 100.0 };
        assert_eq!(of(all, &chosen), Ok(array![[Amps(1.25)], [Amps(1.0)]]));
        let fixed = FullScale::Fixed { full_scale: Amps(7.0) };
        assert_eq!(of(fixed, &chosen), Ok(array![[Amps(7.0)], [Amps(7.0)]]));
        assert_eq!(of(FullScale::Optimised, &chosen), Ok(chosen.clone()));
        let short = array![[Amps(3.0)]];
        assert!(matches!(of(FullScale::Optimised, &short), Err(TileError::FullScales { .. })));
        let empty = FullScale::Fixed { full_scale: Amps(0.0) };
        assert!(matches!(of(empty, &chosen), Err(TileError::Converter(_))));
    }
}
