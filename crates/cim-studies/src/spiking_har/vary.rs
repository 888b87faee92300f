//! Windows as other subjects would have moved: a watch worn askew, at another pace, with another strength.

use cim_core::Stream;
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// Channels that turn together: acceleration, and rates of turning behind it.
const AXES: usize = 3;

/// How windows are varied each time they are learned from; 0 is not at all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariationSpec {
    /// Standard deviation of a turn of the watch about each of its axes, in radians.
    pub rotation_rad: f64,
    /// Standard deviation of the logarithm of a factor on rates of turning.
    pub strength: f64,
    /// Standard deviation of the logarithm of the pace; rates of turning follow it.
    pub pace: f64,
}

impl VariationSpec {
    /// A window varied as drawn at an address; `steps` is steps × channels, as recorded.
    ///
    /// The first three channels are acceleration, the next three rates of turning; others keep their values.
    pub fn varied(&self, steps: ArrayView2<'_, f32>, at: Stream) -> Array2<f32> {
        let mut z = [0.0_f32; 5];
        at.fill_standard_normal(0, &mut z);
        let z = z.map(f64::from);
        let turn = rotation([0, 1, 2].map(|axis| self.rotation_rad * z[axis]));
        let pace = (self.pace * z[3]).exp();
        let rates = pace * (self.strength * z[4]).exp();
        let (last, channels) = (steps.nrows().saturating_sub(1) as f64, steps.ncols());
        let mut out = Array2::zeros(steps.dim());
        for (t, mut row) in out.outer_iter_mut().enumerate() {
            // About the middle of the window; beyond its ends the last sample stays.
            let from = (0.5 * last + pace * (t as f64 - 0.5 * last)).clamp(0.0, last);
            let (low, part) = (from.floor() as usize, (from - from.floor()) as f32);
            let high = (low + 1).min(steps.nrows() - 1);
            for c in 0..channels {
                row[c] = steps[(low, c)] + part * (steps[(high, c)] - steps[(low, c)]);
            }
            for (first, factor) in [(0, 1.0), (AXES, rates)] {
                if first + AXES <= channels {
                    let old = [0, 1, 2].map(|axis| f64::from(row[first + axis]));
                    for (axis, weights) in turn.iter().enumerate() {
                        let sum: f64 = weights.iter().zip(old).map(|(w, v)| w * v).sum();
                        row[first + axis] = (factor * sum) as f32;
                    }
                }
            }
        }
        out
    }
}

/// The matrix of a turn about an axis by its length in radians (Rodrigues).
fn rotation(vector: [f64; AXES]) -> [[f64; AXES]; AXES] {
    let angle = vector.iter().map(|a| a * a).sum::<f64>().sqrt();
    let [x, y, z] = vector.map(|a| a / angle.max(f64::MIN_POSITIVE));
    let (sin, cos) = angle.sin_cos();
    let rest = 1.0 - cos;
    [
        [cos + x * x * rest, x * y * rest - z * sin, x * z * rest + y * sin],
        [y * x * rest + z * sin, cos + y * y * rest, y * z * rest - x * sin],
        [z * x * rest - y * sin, z * y * rest + x * sin, cos + z * z * rest],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> Array2<f32> {
        Array2::from_shape_fn((20, 6), |(t, c)| (0.3 * t as f32 + c as f32).sin())
    }

    #[test]
    fn nothing_varied_is_the_window_itself() {
        let none = VariationSpec { rotation_rad: 0.0, strength: 0.0, pace: 0.0 };
        assert_eq!(none.varied(window().view(), Stream::root(3)), window());
    }

    #[test]
    fn a_turned_watch_feels_the_same_lengths() {
        let turned = VariationSpec { rotation_rad: 0.7, strength: 0.0, pace: 0.0 };
        let (before, after) = (window(), turned.varied(window().view(), Stream::root(4)));
        assert!((&before - &after).iter().any(|d| d.abs() > 0.1));
        for (before, after) in before.outer_iter().zip(after.outer_iter()) {
            for first in [0, 3] {
                let length = |row: &ndarray::ArrayView1<'_, f32>| -> f32 {
                    (first..first + 3).map(|c| row[c] * row[c]).sum()
                };
                assert!((length(&before) - length(&after)).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn a_pace_moves_steps_about_the_middle() {
        let paced = VariationSpec { rotation_rad: 0.0, strength: 0.0, pace: 0.3 };
        let ramp = Array2::from_shape_fn((21, 3), |(t, _)| t as f32);
        let after = paced.varied(ramp.view(), Stream::root(5));
        let pace = after[(11, 0)] - after[(10, 0)];
        assert!((after[(10, 0)] - 10.0).abs() < 1e-4 && (pace - 1.0).abs() > 0.01, "{pace}");
        for t in 6..15 {
            assert!((after[(t, 0)] - (10.0 + pace * (t as f32 - 10.0))).abs() < 1e-3);
        }
    }
}
