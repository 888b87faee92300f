//! The fast path: batches of volts to batches of sensed amperes, with their noise.
//!
//! Independent Gaussian reads of many cells add up to one Gaussian per sensed current, so noise is
//! drawn once per current and not once per cell, with exactly the variance of the sum.

use cim_core::matmul::product;
use cim_core::{Scratch, Stream};
use cim_device::CurrentVoltage;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::crossbar::Crossbar;
use crate::error::CircuitError;

/// A sensed current: one column, or the difference of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sensed {
    /// Column whose current counts positively.
    pub plus: usize,
    /// Column whose current is subtracted, if any.
    pub minus: Option<usize>,
}

/// A programmed array compiled for one set of sensed currents.
#[derive(Clone, Debug)]
pub struct Readout {
    /// Effective volts to amperes, rows × sensed (S).
    transfer: Array2<f32>,
    /// Standard deviation of the noise that does not depend on the drive (A), per sensed current.
    steady_a: Vec<f32>,
    /// Features of the drive to state-dependent variance (A²): rows of squared volts, then rows of
    /// magnitudes, each only if some cell has that noise.
    state: Array2<f32>,
    squares: bool,
    magnitudes: bool,
    current_voltage: CurrentVoltage,
}

impl Readout {
    /// Compiles an array. `steady_variance` (A²) is added to every sensed current: the noise of
    /// what senses it.
    ///
    /// # Errors
    /// [`CircuitError::Column`] for a column that does not exist.
    pub fn compile(
        array: &Crossbar,
        sensed: &[Sensed],
        steady_variance: f64,
    ) -> Result<Self, CircuitError> {
        let (rows, cols) = array.conductances().dim();
        for sense in sensed {
            for column in [Some(sense.plus), sense.minus].into_iter().flatten() {
                if cols <= column {
                    return Err(CircuitError::Column { column, cols });
                }
            }
        }
        let difference = combine(array.conductances(), sensed, -1.0);
        let thermal = array.thermal_variance();
        let steady_a = sensed
            .iter()
            .map(|s| {
                let minus = s.minus.map_or(0.0, |m| thermal[m]);
                (thermal[s.plus] + minus + steady_variance).sqrt() as f32
            })
            .collect();
        let read = combine(array.read_variance().view(), sensed, 1.0);
        let shot = combine(array.shot_variance_per_volt().view(), sensed, 1.0);
        let squares = read.iter().any(|&v| v > 0.0);
        let magnitudes = shot.iter().any(|&v| v > 0.0);
        let parts: Vec<ArrayView2<'_, f32>> = [(squares, &read), (magnitudes, &shot)]
            .into_iter()
            .filter_map(|(there, part)| there.then(|| part.view()))
            .collect();
        let state = if parts.is_empty() {
            Array2::zeros((0, sensed.len()))
        } else {
            ndarray::concatenate(ndarray::Axis(0), &parts).expect("equal numbers of columns")
        };
        debug_assert_eq!(difference.nrows(), rows);
        Ok(Self {
            transfer: difference,
            steady_a,
            state,
            squares,
            magnitudes,
            current_voltage: array.device().current_voltage(),
        })
    }

    /// Rows × sensed currents.
    pub fn shape(&self) -> (usize, usize) {
        self.transfer.dim()
    }

    /// Sensed currents (A, batch × sensed) for row voltages (V, batch × rows). Noise is drawn at
    /// `at`, afresh for every vector of the batch.
    pub fn currents(
        &self,
        row_v: &[f32],
        batch: usize,
        at: Stream,
        sensed_a: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (rows, sensed) = self.shape();
        let mut drive = scratch.take(if self.current_voltage == CurrentVoltage::Ohmic { 0 } else { row_v.len() });
        let drive_v = effective(self.current_voltage, row_v, &mut drive);
        multiply(drive_v, self.transfer.view(), batch, sensed_a);
        if !self.state.is_empty() {
            let mut features = scratch.take(batch * self.state.nrows());
            let (squares, magnitudes) = (self.squares, self.magnitudes);
            pulp::Arch::new()
                .dispatch(|| featurise(drive_v, rows, squares, magnitudes, &mut features));
            let mut variance = scratch.take(batch * sensed);
            multiply(&features, self.state.view(), batch, &mut variance);
            self.add_noise(&variance, at, sensed_a, scratch);
            scratch.give(variance);
            scratch.give(features);
        } else if self.steady_a.iter().any(|&sigma| sigma > 0.0) {
            self.add_noise(&[], at, sensed_a, scratch);
        }
        scratch.give(drive);
    }

    fn add_noise(&self, variance: &[f32], at: Stream, sensed_a: &mut [f32], scratch: &mut Scratch) {
        let mut normals = scratch.take(sensed_a.len());
        at.fill_standard_normal(0, &mut normals);
        let steady = &self.steady_a[..];
        pulp::Arch::new().dispatch(|| add_noise(steady, variance, &normals, sensed_a));
        scratch.give(normals);
    }
}

fn multiply(x: &[f32], w: ArrayView2<'_, f32>, batch: usize, y: &mut [f32]) {
    let (rows, cols) = w.dim();
    let x = ArrayView2::from_shape((batch, rows), x).expect("batch × rows values");
    product(x, w, ArrayViewMut2::from_shape((batch, cols), y).expect("batch × columns values"));
}

/// Voltages that would drive the same currents through ohmic cells.
fn effective<'a>(law: CurrentVoltage, row_v: &'a [f32], drive: &'a mut [f32]) -> &'a [f32] {
    let CurrentVoltage::Sinh { scale } = law else { return row_v };
    let (scale, inverse) = (scale.0 as f32, (1.0 / scale.0) as f32);
    pulp::Arch::new().dispatch(|| {
        for (out, &v) in drive.iter_mut().zip(row_v) {
            let x = v * inverse;
            let y = x * x;
            // Series of sinh(x)/x; the next term is below 1e-10 for |x| <= 1 and 3e-7 up to 2.
            let series = y.mul_add(1.0 / 6_227_020_800.0, 1.0 / 39_916_800.0);
            let series = y.mul_add(series, 1.0 / 362_880.0);
            let series = y.mul_add(series, 1.0 / 5_040.0);
            let series = y.mul_add(series, 1.0 / 120.0);
            let series = y.mul_add(y.mul_add(series, 1.0 / 6.0), 1.0);
            *out = scale * x * series;
        }
    });
    drive
}

fn combine(cells: ArrayView2<'_, f64>, sensed: &[Sensed], sign: f64) -> Array2<f32> {
    Array2::from_shape_fn((cells.nrows(), sensed.len()), |(row, k)| {
        let minus = sensed[k].minus.map_or(0.0, |m| cells[[row, m]]);
        (cells[[row, sensed[k].plus]] + sign * minus) as f32
    })
}

#[inline(always)]
fn featurise(drive: &[f32], rows: usize, squares: bool, magnitudes: bool, features: &mut [f32]) {
    let width = rows * (usize::from(squares) + usize::from(magnitudes));
    for (v, out) in drive.chunks_exact(rows).zip(features.chunks_exact_mut(width)) {
        let (first, second) = out.split_at_mut(rows);
        if squares {
            first.iter_mut().zip(v).for_each(|(f, &v)| *f = v * v);
        }
        let linear = if squares { second } else { first };
        if magnitudes {
            linear.iter_mut().zip(v).for_each(|(f, &v)| *f = v.abs());
        }
    }
}

#[inline(always)]
fn add_noise(steady: &[f32], variance: &[f32], normals: &[f32], current: &mut [f32]) {
    let sensed = steady.len();
    let rows = current.chunks_exact_mut(sensed).zip(normals.chunks_exact(sensed));
    if variance.is_empty() {
        for (current, normals) in rows {
            for ((i, &n), &sigma) in current.iter_mut().zip(normals).zip(steady) {
                *i = n.mul_add(sigma, *i);
            }
        }
    } else {
        for ((current, normals), variance) in rows.zip(variance.chunks_exact(sensed)) {
            let cells = current.iter_mut().zip(normals).zip(steady).zip(variance);
            for (((i, &n), &sigma), &v) in cells {
                *i = n.mul_add(sigma.mul_add(sigma, v).sqrt(), *i);
            }
        }
    }
}
