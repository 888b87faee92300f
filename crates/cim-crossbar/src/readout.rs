//! The fast path: batches of volts to batches of sensed amperes, with their noise.
//!
//! Independent Gaussian reads of many cells add up to one Gaussian per sensed current, so noise is
//! drawn once per current and not once per cell, with exactly the variance of the sum.

use cim_core::matmul::{product, product_add};
use cim_core::{IntegerMatrix, Scratch, Stream, Volts};
use cim_device::Conduction;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::ambient::Ambient;
use crate::amplifiers::{Amplifiers, Offsets};
use crate::bend::Peak;
use crate::crossbar::Crossbar;
use crate::drive::{effective, shot, slopes};
use crate::error::CircuitError;
use crate::sensed::Sensed;
use crate::state::StateNoise;
use crate::whole::{Steps, Whole};

/// Noise is drawn for about this many currents at a time, which stay in the first-level cache.
///
/// A fixed number: draws are addressed by block.
const BLOCK: usize = 2048;

/// Cells of an array of few rows, which leave room for a block in the first-level cache.
const LOW: usize = 4096;

/// Vectors of a block.
fn vectors(sensed: usize) -> usize {
    (BLOCK / sensed.max(1)).max(1)
}

/// A programmed array compiled for one set of sensed currents.
#[derive(Clone, Debug)]
pub struct Readout {
    /// Effective volts to amperes, rows × sensed (S).
    transfer: Array2<f32>,
    /// Variance of the noise that does not depend on the drive (A²), per sensed current.
    steady_variance: Vec<f32>,
    /// Its standard deviation (A).
    steady_a: Vec<f32>,
    state: StateNoise,
    /// The same for whole numbers of steps, where rows are driven so and it may be.
    whole: Option<Whole>,
    offsets: StaticCurrents,
    current_voltage: Conduction,
    ambient: Ambient,
}

/// What the offsets of amplifiers add to sensed currents.
#[derive(Clone, Debug)]
struct StaticCurrents {
    /// Whatever the drive (A), per sensed current; none if nothing is added.
    steady_a: Vec<f32>,
    /// For the slope of the law at each row, rows × sensed (A); none where it does not matter.
    sloped_a: Option<Array2<f32>>,
}

/// Largest error of the current that an offset makes, relative to it, where the slope of the law at
/// each row is replaced by one for all: 1 % of its variance.
const SLOPE_TOLERANCE: f64 = 0.005;

impl StaticCurrents {
    fn of(offsets: Option<Offsets>) -> Self {
        let Some(Offsets { steady_a, sloped_a }) = offsets else {
            return Self { steady_a: vec![], sloped_a: None };
        };
        let sloped_a = sloped_a.map(|sloped| sloped.mapv(|a| a as f32));
        Self { steady_a: steady_a.iter().map(|a| *a as f32).collect(), sloped_a }
    }

    /// The same for rows at voltages up to `peak`: one slope for all, where that does.
    fn driven_within(self, law: &Conduction, peak: Volts) -> Self {
        let Self { steady_a, sloped_a: Some(sloped) } = self else { return self };
        let slopes = (0..=64).map(|k| law.at(1.0, peak.0 * f64::from(k) / 64.0).slope);
        let (least, most) = slopes
            .fold((f64::INFINITY, 0.0), |(least, most): (f64, f64), slope| {
                (least.min(slope), most.max(slope))
            });
        let slope = 0.5 * (least + most);
        if most - slope > SLOPE_TOLERANCE * slope {
            return Self { steady_a, sloped_a: Some(sloped) };
        }
        let rows = sloped.columns().into_iter().map(|column| column.sum());
        let steady_a = steady_a.iter().zip(rows).map(|(a, rows)| a + slope as f32 * rows);
        Self { steady_a: steady_a.collect(), sloped_a: None }
    }
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
        Self::through(array, sensed, &Amplifiers::IDEAL, steady_variance)
    }

    /// The same through amplifiers with offsets and gains. Gains multiply what comes from the array,
    /// noise and offsets included, and not `steady_variance`, which is of what lies behind.
    ///
    /// # Errors
    /// As [`compile`](Self::compile).
    pub fn through(
        array: &Crossbar,
        sensed: &[Sensed],
        amplifiers: &Amplifiers,
        steady_variance: f64,
    ) -> Result<Self, CircuitError> {
        let cols = array.conductances().ncols();
        for sense in sensed {
            for column in [Some(sense.plus), sense.minus].into_iter().flatten() {
                if cols <= column {
                    return Err(CircuitError::Column { column, cols });
                }
            }
        }
        let gain = |k: usize| amplifiers.gain(k);
        let square = |k: usize| gain(k) * gain(k);
        let transfer = combine(array.transfer(), sensed, -1.0, gain);
        let read = combine(array.read_variance().view(), sensed, 1.0, square);
        let shot = combine(array.shot_variance_per_volt().view(), sensed, 1.0, square);
        let mut steady = array.thermal_variances(sensed);
        for (k, variance) in steady.iter_mut().enumerate() {
            *variance = square(k) * *variance + steady_variance;
        }
        Ok(Self {
            transfer,
            steady_variance: steady.iter().map(|variance| *variance as f32).collect(),
            steady_a: steady.iter().map(|variance| variance.sqrt() as f32).collect(),
            state: StateNoise::exact(read, shot),
            whole: None,
            offsets: StaticCurrents::of(amplifiers.offsets(array, sensed)),
            current_voltage: array.device().current_voltage().clone(),
            ambient: *array.ambient(),
        })
    }

    /// The same, for row voltages of magnitude up to `peak`, which allows a faster product.
    ///
    /// Variances that depend on the drive may then be off by
    /// [`FUSED_TOLERANCE`](crate::state::FUSED_TOLERANCE) of the current's variance at full drive,
    /// whatever the drive; where that cannot be proved for this array, they stay exact.
    #[must_use]
    pub fn driven_within(self, peak: Volts) -> Self {
        let Self { ambient, current_voltage, state, offsets, .. } = &self;
        let state = state.clone().fused_within(|| Peak::of(ambient, current_voltage, peak));
        let offsets = offsets.clone().driven_within(current_voltage, peak);
        Self { state, offsets, ..self }
    }

    /// The same, for rows that are driven with whole numbers of `steps`, which allows
    /// [products of integers](Self::sense_steps).
    ///
    /// Currents are then off by [`ROUNDED_TOLERANCE`](crate::whole::ROUNDED_TOLERANCE) of the standard deviation of their noise at
    /// rest at most, whatever the drive, and their variances stay within that of [`driven_within`](Self::driven_within), which is to
    /// come first; where that cannot be proved for this array, [`takes_steps`](Self::takes_steps) is false.
    #[must_use]
    pub fn driven_in(self, steps: Steps) -> Self {
        let straight = self.current_voltage == Conduction::Ohmic && self.offsets.sloped_a.is_none();
        let whole = straight
            .then(|| Whole::of(self.transfer.view(), &self.state, &self.steady_a, steps))
            .flatten();
        Self { whole, ..self }
    }

    /// What is compiled for whole numbers of steps.
    #[cfg(test)]
    pub(crate) fn whole(&self) -> Option<&Whole> {
        self.whole.as_ref()
    }

    /// Whether currents are sensed of whole numbers of steps.
    pub fn takes_steps(&self) -> bool {
        self.whole.is_some()
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
        self.sense(row_v, batch, at, sensed_a, scratch, |_, _| {});
    }

    /// The same without any noise: the product of [`currents`](Self::currents) alone.
    pub fn steady_currents(
        &self,
        row_v: &[f32],
        batch: usize,
        sensed_a: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let drive = self.steady(row_v, batch, sensed_a, scratch);
        drive.into_iter().for_each(|drive| scratch.give(drive));
    }

    /// The same with noise, handed on block by block while a block is in the first-level cache: `then` is
    /// called with the first vector of the block and its currents (A, vectors × sensed).
    pub fn sense(
        &self,
        row_v: &[f32],
        batch: usize,
        at: Stream,
        sensed_a: &mut [f32],
        scratch: &mut Scratch,
        then: impl FnMut(usize, &[f32]),
    ) {
        let (rows, _) = self.shape();
        let drive = self.steady(row_v, batch, sensed_a, scratch);
        let drive_v = drive.as_deref().unwrap_or(row_v);
        let mut features = scratch.take(batch * self.state.width());
        let mut variance = scratch.take(if self.state.is_none() { 0 } else { sensed_a.len() });
        if !self.state.is_none() {
            let shots = if self.state.needs_shot() { row_v.len() } else { 0 };
            let mut shot_v = scratch.take(shots);
            if self.state.needs_shot() {
                shot(&self.ambient, &self.current_voltage, row_v, drive_v, &mut shot_v);
            }
            self.state.featurise(drive_v, &shot_v, rows, &mut features);
            scratch.give(shot_v);
            multiply(&features, self.state.cells(), batch, &mut variance);
            let (added, to) = (&self.steady_variance[..], &mut variance[..]);
            pulp::Arch::new().dispatch(AddStatic { added, to });
        }
        self.add_blocks(&variance, (at, 0), sensed_a, scratch, then);
        scratch.give(variance);
        scratch.give(features);
        drive.into_iter().for_each(|drive| scratch.give(drive));
    }

    /// As [`sense`](Self::sense) of the voltages that whole numbers of steps are (vectors × rows, made
    /// [even](IntegerMatrix::padded)), on an array that [takes](Self::takes_steps) them.
    ///
    /// # Panics
    /// If it does not.
    pub fn sense_steps(
        &self,
        driven: &[i16],
        at: Stream,
        sensed_a: &mut [f32],
        scratch: &mut Scratch,
        mut then: impl FnMut(usize, &[f32]),
    ) {
        let whole = self.whole.as_ref().expect("an array that takes steps");
        let (rows, sensed) = self.shape();
        let width = IntegerMatrix::padded(rows);
        // Few rows are read again for every block, and all between stays in the first-level cache.
        let low = rows * sensed <= LOW;
        let group = if low { vectors(sensed) } else { (sensed_a.len() / sensed.max(1)).max(1) };
        let mut variance = scratch.take(if whole.has_state() { group * sensed } else { 0 });
        let groups = driven.chunks(group * width).zip(sensed_a.chunks_mut((group * sensed).max(1)));
        for (first, (driven, sensed_a)) in (0..).step_by(group).zip(groups) {
            let variance =
                if variance.is_empty() { &mut [] } else { &mut variance[..sensed_a.len()] };
            whole.currents(driven, sensed_a, scratch);
            whole.variances(driven, &self.steady_variance, variance, scratch);
            self.add_blocks(variance, (at, first), sensed_a, scratch, &mut then);
        }
        scratch.give(variance);
    }

    /// The same without any noise.
    ///
    /// # Panics
    /// As [`sense_steps`](Self::sense_steps).
    pub fn steady_steps(&self, driven: &[i16], sensed_a: &mut [f32], scratch: &mut Scratch) {
        self.whole.as_ref().expect("an array that takes steps").currents(driven, sensed_a, scratch);
    }

    /// Adds noise block by block to the currents of vectors from the one on that `at` says, which is the first of a
    /// block; `variance` (A², vectors × sensed) is that of the drive with that at rest, or empty where none follows the drive.
    fn add_blocks(
        &self,
        variance: &[f32],
        (at, first): (Stream, usize),
        sensed_a: &mut [f32],
        scratch: &mut Scratch,
        mut then: impl FnMut(usize, &[f32]),
    ) {
        let (_, sensed) = self.shape();
        let vectors = vectors(sensed);
        let block = (vectors * sensed).max(1);
        let arch = pulp::Arch::new();
        let steady = variance.is_empty() && self.steady_a.iter().any(|&sigma| sigma > 0.0);
        let mut deviations = scratch.take(if steady { block.min(sensed_a.len()) } else { 0 });
        deviations
            .chunks_exact_mut(sensed.max(1))
            .for_each(|to| to.copy_from_slice(&self.steady_a));
        let mut variances = variance.chunks(block);
        for (block_idx, currents) in (first / vectors..).zip(sensed_a.chunks_mut(block)) {
            if !self.offsets.steady_a.is_empty() {
                arch.dispatch(AddStatic { added: &self.offsets.steady_a, to: currents });
            }
            let row = block_idx as u64;
            if let Some(variances) = variances.next() {
                at.add_normal_of_variance(row, variances, currents);
            } else if steady {
                at.add_normal_of_deviation(row, &deviations, currents);
            }
            then(block_idx * vectors, currents);
        }
        scratch.give(deviations);
    }

    /// Currents without noise; gives what drives the cells where that is not the voltage, a buffer of
    /// `scratch`.
    fn steady(
        &self,
        row_v: &[f32],
        batch: usize,
        sensed_a: &mut [f32],
        scratch: &mut Scratch,
    ) -> Option<Vec<f32>> {
        let (rows, sensed) = self.shape();
        let drive = (self.current_voltage != Conduction::Ohmic).then(|| {
            let mut drive = scratch.take(row_v.len());
            effective(&self.current_voltage, row_v, &mut drive);
            drive
        });
        let drive_v = drive.as_deref().unwrap_or(row_v);
        multiply(drive_v, self.transfer.view(), batch, sensed_a);
        if let Some(sloped) = &self.offsets.sloped_a {
            let mut slope = scratch.take(row_v.len());
            slopes(&self.current_voltage, row_v, drive_v, &mut slope);
            let slopes = ArrayView2::from_shape((batch, rows), slope.as_slice());
            let currents = ArrayViewMut2::from_shape((batch, sensed), &mut *sensed_a);
            product_add(
                slopes.expect("batch × rows values"),
                sloped.view(),
                currents.expect("batch × columns values"),
            );
            scratch.give(slope);
        }
        drive
    }
}

fn multiply(x: &[f32], w: ArrayView2<'_, f32>, batch: usize, y: &mut [f32]) {
    let (rows, cols) = w.dim();
    let x = ArrayView2::from_shape((batch, rows), x).expect("batch × rows values");
    product(x, w, ArrayViewMut2::from_shape((batch, cols), y).expect("batch × columns values"));
}

/// Cells as the sensed currents see them, each times its `gain`.
fn combine(
    cells: ArrayView2<'_, f64>,
    sensed: &[Sensed],
    sign: f64,
    gain: impl Fn(usize) -> f64,
) -> Array2<f32> {
    let gains: Vec<f64> = (0..sensed.len()).map(gain).collect();
    let mut combined = Array2::zeros((cells.nrows(), sensed.len()));
    for (mut out, cells) in combined.rows_mut().into_iter().zip(cells.rows()) {
        for ((out, sense), gain) in out.iter_mut().zip(sensed).zip(&gains) {
            let minus = sense.minus.map_or(0.0, |minus| cells[minus]);
            *out = (gain * (cells[sense.plus] + sign * minus)) as f32;
        }
    }
    combined
}

/// Adds to every sensed current, or to its variance, what is its own.
struct AddStatic<'a> {
    added: &'a [f32],
    to: &'a mut [f32],
}

impl pulp::NullaryFnOnce for AddStatic<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for to in self.to.chunks_exact_mut(self.added.len()) {
            to.iter_mut().zip(self.added).for_each(|(to, a)| *to += a);
        }
    }
}
