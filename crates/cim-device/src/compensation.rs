//! Drift compensation: outputs multiplied by how much the same probes have faded.

use cim_core::{Amps, Stream};
use ndarray::{Array1, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use crate::error::DeviceError;

/// A [`Compensation`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompensationSpec {
    /// One factor for an array, or one per column.
    pub scope: Scope,
    /// Standard deviation of one measurement of one output.
    pub noise: Amps,
    /// Measurements of each output that are averaged.
    pub repeats: u32,
    /// Smallest mean magnitude of an output that is believed.
    pub floor: Amps,
}

/// How many factors there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One for all columns of an array.
    Global,
    /// One per column.
    PerColumn,
}

impl CompensationSpec {
    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] for a negative noise, a floor that is not positive, or no measurement.
    pub fn build(self) -> Result<Compensation, DeviceError> {
        if !(0.0 <= self.noise.0 && self.noise.is_finite()) {
            return Err(DeviceError::Coefficient { name: "noise", value: self.noise.0 });
        }
        if !(0.0 < self.floor.0 && self.floor.is_finite()) {
            let (name, value) = ("floor", self.floor.0);
            return Err(DeviceError::Parameter { name, value, range: "the positive numbers" });
        }
        if self.repeats == 0 {
            let range = "the whole numbers from 1";
            return Err(DeviceError::Parameter { name: "repeats", value: 0.0, range });
        }
        let noise_a = self.noise.0 / f64::from(self.repeats).sqrt();
        Ok(Compensation { scope: self.scope, noise_a, floor_a: self.floor.0 })
    }
}

/// Measures an array with the same probes twice, after programming and later, and gives the factors
/// that bring outputs back.
///
/// *Law:* a strength is `max(floor, mean |I + σ n / √repeats|)` over the probes, and over all
/// columns if the scope is global; the factor is the first strength over the later one. Magnitudes
/// of noisy measurements are biased upwards where the noise is not small, as on a real chip.
///
/// *Source:* global compensation as in aihwkit, with one-hot probes; per column as its variant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compensation {
    scope: Scope,
    noise_a: f64,
    floor_a: f64,
}

impl Compensation {
    /// Strength of every column (A) from its outputs, probes × columns (A), measured at an address.
    ///
    /// The later measurement needs an address of its own: noise does not repeat.
    pub fn strengths_a(&self, outputs_a: ArrayView2<'_, f64>, at: Stream) -> Array1<f64> {
        let mut magnitudes = outputs_a.to_owned();
        let mut normals = vec![0.0f32; outputs_a.ncols()];
        for (probe, mut outputs) in magnitudes.rows_mut().into_iter().enumerate() {
            at.fill_standard_normal(probe as u64, &mut normals);
            for (i_a, &n) in outputs.iter_mut().zip(&normals) {
                *i_a = (*i_a + self.noise_a * f64::from(n)).abs();
            }
        }
        let columns =
            magnitudes.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(outputs_a.ncols()));
        let strengths = match self.scope {
            Scope::PerColumn => columns,
            Scope::Global => Array1::from_elem(columns.len(), columns.mean().unwrap_or(0.0)),
        };
        strengths.mapv(|strength| strength.max(self.floor_a))
    }

    /// Factors by which later outputs are multiplied, one per column.
    ///
    /// # Errors
    /// [`DeviceError::Shape`] if the two measurements are of different numbers of columns.
    pub fn factors(
        &self,
        first_a: ArrayView1<'_, f64>,
        later_a: ArrayView1<'_, f64>,
    ) -> Result<Array1<f64>, DeviceError> {
        if first_a.len() != later_a.len() {
            return Err(DeviceError::Shape {
                what: "the later measurement",
                rows: 1,
                cols: later_a.len(),
                array_rows: 1,
                array_cols: first_a.len(),
            });
        }
        Ok(&first_a / &later_a)
    }
}

#[cfg(test)]
mod tests {
    use cim_core::{Seconds, Tally};
    use ndarray::Array2;

    use super::*;
    use crate::{Device, PcmSpec};

    fn spec(scope: Scope, noise: f64) -> CompensationSpec {
        CompensationSpec { scope, noise: Amps(noise), repeats: 4, floor: Amps(1e-12) }
    }

    /// One-hot probes of 0.2 V: an output is a conductance times the voltage.
    fn outputs() -> [Array2<f64>; 2] {
        let pcm = PcmSpec::PUBLISHED.build().expect("the published model");
        let at = Stream::root(3);
        let targets = Array2::from_shape_fn((256, 16), |(_, col)| 25e-6 * (col + 1) as f64 / 16.0);
        let g_s = pcm.program(targets.view(), at, &mut Tally::default());
        let year = pcm.aged(g_s.view(), Seconds(3.1536e7), at).expect("any time");
        [g_s * 0.2, year * 0.2]
    }

    #[test]
    fn without_noise_means_come_back_exactly() {
        let [first, later] = outputs();
        let at = Stream::root(4);
        for scope in [Scope::Global, Scope::PerColumn] {
            let compensation = spec(scope, 0.0).build().expect("a compensation");
            let [a, b] = [&first, &later].map(|i| compensation.strengths_a(i.view(), at));
            let factors = compensation.factors(a.view(), b.view()).expect("one per column");
            let restored = &later * &factors;
            assert!((restored.sum() / first.sum() - 1.0).abs() < 1e-12, "{scope:?}");
            assert!(factors.iter().all(|f| (1.7..2.5).contains(f)), "{factors}");
            if scope == Scope::PerColumn {
                for (got, want) in restored.columns().into_iter().zip(first.columns()) {
                    assert!((got.sum() / want.sum() - 1.0).abs() < 1e-12);
                }
            } else {
                assert!(factors.iter().all(|f| *f == factors[0]));
            }
        }
    }

    /// Far above the noise a strength is Gaussian with `σ/√(repeats · probes)`.
    #[test]
    fn a_measurement_has_its_own_noise() {
        let outputs = Array2::from_elem((16, 4096), 1e-6);
        let compensation = spec(Scope::PerColumn, 8e-8).build().expect("a compensation");
        let scores = compensation.strengths_a(outputs.view(), Stream::root(5));
        let scores = scores.mapv(|i| (i - 1e-6) / 1e-8);
        // Five standard errors of the mean and of the variance of 4096 numbers.
        assert!(scores.mean().expect("some").abs() < 5.0 / 64.0);
        assert!((scores.var(0.0) - 1.0).abs() < 5.0 * (2.0_f64 / 4096.0).sqrt());
        let other = compensation.strengths_a(outputs.view(), Stream::root(6));
        assert!(other.iter().all(|i| (i - 1e-6).abs() > 0.0));
    }

    #[test]
    fn a_dead_column_is_not_amplified_without_bounds() {
        let compensation = spec(Scope::PerColumn, 0.0).build().expect("a compensation");
        let dead = compensation.strengths_a(Array2::zeros((3, 2)).view(), Stream::root(1));
        assert_eq!(dead, Array1::from_elem(2, 1e-12));
        assert!(compensation.factors(dead.view(), Array1::zeros(3).view()).is_err());
        for bad in [
            CompensationSpec { repeats: 0, ..spec(Scope::Global, 0.0) },
            CompensationSpec { floor: Amps::ZERO, ..spec(Scope::Global, 0.0) },
            spec(Scope::Global, -1.0),
        ] {
            assert!(bad.build().is_err());
        }
    }
}
