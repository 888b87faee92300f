//! Full scales from policies that need no optimiser.

use cim_adc::Polarity;
use cim_adc::range::percentile_of_magnitude;
use cim_core::Amps;
use ndarray::{Array2, ArrayView2, s};

use crate::calibration::Calibration;
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
}
