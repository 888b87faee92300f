//! Products of integers, for rows that converters drive with whole numbers of steps.
//!
//! Cells are rounded to 16 bits when the array is compiled. What that does to a current is bounded there, whatever the
//! drive; where the bound is too large beside the noise of the current at rest, products stay those of single precision. So
//! do all of currents without noise, which are to be the product that they stand for.

use cim_core::{IntegerMatrix, LeftOut, Scratch, Volts};
use ndarray::ArrayView2;

use crate::state::{FUSED_TOLERANCE, LANES, Polynomial, Single, StateNoise, fuse};

/// Largest error of a current from rounding its cells, in standard deviations of its noise at rest: 1/64 of the noise's power.
pub const ROUNDED_TOLERANCE: f64 = 0.125;

/// How converters drive rows: with whole numbers of steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// Voltage of one.
    pub step: Volts,
    /// The least number: 0, or negative.
    pub least: i32,
    /// The largest number.
    pub most: i32,
}

/// A compiled array for whole numbers of steps.
#[derive(Clone, Debug)]
pub(crate) struct Whole {
    /// Steps to amperes, rows × sensed.
    signal: IntegerMatrix,
    /// Steps to variances, if these depend on the drive.
    state: Option<WholeState>,
}

/// Noise that follows the drive.
#[derive(Clone, Debug)]
struct WholeState {
    polynomial: Polynomial,
    step_v: f32,
    /// The feature of the largest drive.
    top: f32,
    /// Features to variances (A²), rows × sensed.
    cells: IntegerMatrix,
    /// Variance (A²) per sum of [`fuse`], per sensed current; may be none.
    offsets: Vec<f32>,
}

impl Whole {
    /// Rounds `transfer` (rows × sensed, S) and the noise that follows the drive, where neither does more than it may beside
    /// noise of `steady_a` (A, standard deviations).
    pub fn of(
        transfer: ArrayView2<'_, f32>,
        state: &StateNoise,
        steady_a: &[f32],
        Steps { step, least, most }: Steps,
    ) -> Option<Self> {
        let largest = most.max(-least);
        if !(0 < largest && largest <= i16::MAX.into())
            || steady_a.iter().any(|&sigma| sigma <= 0.0)
        {
            return None;
        }
        let top = IntegerMatrix::largest(transfer.nrows(), largest.unsigned_abs());
        if top == 0 {
            return None;
        }
        let signal = IntegerMatrix::rounded(transfer, top).scaled(step.0 as f32);
        let (up, down) = (f64::from(most), -f64::from(least));
        let fits = |(left, &sigma): (&LeftOut, &f32)| {
            let (taken, added) = (f64::from(left.taken), f64::from(left.added));
            let error = (up * taken + down * added).max(up * added + down * taken);
            error <= ROUNDED_TOLERANCE * f64::from(sigma)
        };
        if !signal.left_out().iter().zip(steady_a).all(fits) {
            return None;
        }
        let step_v = step.0 as f32;
        let state = match state.is_none() {
            true => None,
            false => Some(WholeState::of(state.single(step_v * largest as f32)?, step_v)?),
        };
        Some(Self { signal, state })
    }

    /// Whether noise follows the drive.
    pub fn has_state(&self) -> bool {
        self.state.is_some()
    }

    /// Currents without noise (A, vectors × sensed) of whole numbers of steps (vectors × [padded](IntegerMatrix::padded) rows).
    pub fn currents(&self, driven: &[i16], sensed_a: &mut [f32]) {
        self.signal.product(driven, sensed_a);
    }

    /// Variances that follow the drive (A², vectors × sensed).
    pub fn variances(&self, driven: &[i16], variance: &mut [f32], scratch: &mut Scratch) {
        let Some(state) = &self.state else { return };
        let WholeState { polynomial, step_v, top, cells, offsets } = state;
        let (rows, sensed) = cells.shape();
        let width = IntegerMatrix::padded(rows);
        let mut features = scratch.take_driven(driven.len());
        let mut sums = scratch.take(driven.len() / width);
        let arch = pulp::Arch::new();
        arch.dispatch(Featurise {
            polynomial: *polynomial,
            step_v: *step_v,
            top: *top,
            width,
            driven,
            features: &mut features,
            sums: &mut sums,
        });
        cells.product(&features, variance);
        if !offsets.is_empty() {
            for (variance, sum) in variance.chunks_exact_mut(sensed).zip(&sums) {
                variance
                    .iter_mut()
                    .zip(offsets)
                    .for_each(|(v, offset)| *v = offset.mul_add(*sum, *v));
            }
        }
        scratch.give(sums);
        scratch.give_driven(features);
    }
}

impl WholeState {
    /// Both factors of every product are rounded to as many bits.
    fn of(single: Single, step_v: f32) -> Option<Self> {
        let Single { polynomial, at_peak, offsets, error } = single;
        let share = (f64::from(i32::MAX) / at_peak.nrows().max(1) as f64).sqrt();
        let top = share.min(i16::MAX.into()) as i16;
        if top == 0 {
            return None;
        }
        let half = 0.5 / f64::from(top);
        let cells = IntegerMatrix::rounded(at_peak.view(), top).scaled(1.0 / f32::from(top));
        let mut totals = vec![0.0_f64; at_peak.ncols()];
        for row in at_peak.rows() {
            totals.iter_mut().zip(row).for_each(|(total, &cell)| *total += f64::from(cell));
        }
        let fits = |(left, &total): (&LeftOut, &f64)| {
            // In the size of sums of features of 1.
            let [taken, added] =
                [left.taken, left.added].map(|left| f64::from(left) * f64::from(top));
            let rounded = taken.max(added) + half * (total + added);
            error * total + rounded <= FUSED_TOLERANCE * total
        };
        let fits = cells.left_out().iter().zip(&totals).all(fits);
        fits.then_some(Self { polynomial, step_v, top: f32::from(top), cells, offsets })
    }
}

/// Features of whole numbers of steps, compiled for the vectors of the machine.
struct Featurise<'a> {
    polynomial: Polynomial,
    step_v: f32,
    top: f32,
    /// Numbers of a vector.
    width: usize,
    driven: &'a [i16],
    features: &'a mut [i16],
    /// What the polynomial leaves for the vector.
    sums: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Featurise<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { polynomial, step_v, top, width, driven, features, sums } = self;
        let vectors = driven.chunks_exact(width).zip(features.chunks_exact_mut(width));
        for ((driven, features), sum) in vectors.zip(sums) {
            let mut bends = [0.0; LANES];
            let (driven, last_driven) = driven.as_chunks::<LANES>();
            let (features, last_features) = features.as_chunks_mut::<LANES>();
            for (driven, features) in driven.iter().zip(features) {
                feature(polynomial, (step_v, top), driven, features, &mut bends);
            }
            let mut last = [[0; LANES]; 2];
            last[0][..last_driven.len()].copy_from_slice(last_driven);
            let [driven, features] = &mut last;
            feature(polynomial, (step_v, top), driven, features, &mut bends);
            last_features.copy_from_slice(&features[..last_features.len()]);
            *sum = bends.iter().sum();
        }
    }
}

#[inline(always)]
fn feature(
    polynomial: Polynomial,
    (step_v, top): (f32, f32),
    driven: &[i16; LANES],
    features: &mut [i16; LANES],
    bends: &mut [f32; LANES],
) {
    /// 1.5 · 2²³: adding it leaves the nearest whole number in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let (mut v, mut fused) = ([0.0; LANES], [0.0; LANES]);
    for i in 0..LANES {
        v[i] = f32::from(driven[i]) * step_v;
    }
    fuse(polynomial, &v, &mut fused, bends);
    for i in 0..LANES {
        features[i] = fused[i].mul_add(top, ROUND).to_bits() as i16;
    }
}
