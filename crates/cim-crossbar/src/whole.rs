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
    /// Variance (A²) per sum of [`fuse`], per sensed current.
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
    pub fn currents(&self, driven: &[i16], sensed_a: &mut [f32], scratch: &mut Scratch) {
        self.signal.product(driven, sensed_a, scratch);
    }

    /// Variances (A², vectors × sensed) of which `steady` is that at rest of every current; nothing where none follows the
    /// drive.
    pub fn variances(
        &self,
        driven: &[i16],
        steady: &[f32],
        variance: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let Some(state) = &self.state else { return };
        let WholeState { polynomial, step_v, top, cells, offsets } = state;
        let (rows, _) = cells.shape();
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
        cells.product(&features, variance, scratch);
        arch.dispatch(Complete { steady, offsets, sums: &sums, variance });
        scratch.give(sums);
        scratch.give_driven(features);
    }
}

impl WholeState {
    /// Both factors of every product are rounded to as many bits.
    fn of(single: Single, step_v: f32) -> Option<Self> {
        let Single { polynomial, at_peak, mut offsets, error } = single;
        offsets.resize(at_peak.ncols(), 0.0);
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

/// Adds what the polynomial leaves for every vector, and the noise at rest.
struct Complete<'a> {
    steady: &'a [f32],
    offsets: &'a [f32],
    sums: &'a [f32],
    variance: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Complete<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { steady, offsets, sums, variance } = self;
        for (variance, &sum) in variance.chunks_exact_mut(offsets.len()).zip(sums) {
            for ((v, offset), steady) in variance.iter_mut().zip(offsets).zip(steady) {
                *v = offset.mul_add(sum, *v) + steady;
            }
        }
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
            if !last_driven.is_empty() {
                let mut last = [[0; LANES]; 2];
                last[0][..last_driven.len()].copy_from_slice(last_driven);
                let [driven, features] = &mut last;
                feature(polynomial, (step_v, top), driven, features, &mut bends);
                last_features.copy_from_slice(&features[..last_features.len()]);
            }
            *sum = total(bends);
        }
    }
}

/// Halves added to halves.
#[inline(always)]
fn total(mut sums: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            sums[i] += sums[i + half];
        }
        half /= 2;
    }
    sums[0]
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cim_core::{Hertz, Kelvin, Siemens, Stream, Tally};
    use cim_device::models::{GaussianSpec, NoiseSpec};
    use cim_device::{Conduction, Device};
    use ndarray::Array2;

    use super::*;
    use crate::{Ambient, Crossbar, Readout, Sensed, Wires};

    const ROWS: usize = 219;
    const SENSED: usize = 19;
    const UP: Steps = Steps { step: Volts(0.2 / 255.0), least: 0, most: 255 };
    const BOTH: Steps = Steps { step: Volts(0.2 / 127.0), least: -127, most: 127 };

    fn sensed() -> Vec<Sensed> {
        (0..SENSED)
            .map(|k| Sensed { plus: 2 * k, minus: (k % 3 != 0).then_some(2 * k + 1) })
            .collect()
    }

    fn array(read: f64, fano_factor: f64, current_voltage: Conduction) -> Crossbar {
        let device = GaussianSpec {
            g_off: Siemens(2e-6),
            g_on: Siemens(50e-6),
            programming: NoiseSpec { constant: Siemens(3e-6), ..NoiseSpec::NONE },
            read: NoiseSpec { proportional: read, ..NoiseSpec::NONE },
            current_voltage,
        };
        let device: Arc<dyn Device> = Arc::new(device.build().expect("a device"));
        let ambient = Ambient {
            temperature: Kelvin(300.0),
            bandwidth: Hertz(1e7),
            amplifier_factor: 0.0,
            fano_factor,
        };
        let mut targets = vec![0.0; ROWS * 2 * SENSED];
        Stream::root(1).fill_uniform(0, &mut targets);
        let targets = targets.iter().map(|u| 2e-6 + 48e-6 * f64::from(*u)).collect();
        let targets = Array2::from_shape_vec((ROWS, 2 * SENSED), targets).expect("rows × columns");
        let (at, tally) = (Stream::root(2), &mut Tally::default());
        Crossbar::program(device, Wires::NONE, ambient, targets.view(), at, tally)
            .expect("an array")
    }

    /// Compiled for steps behind a converter of some noise (A).
    fn readout(array: &Crossbar, noise_a: f64, steps: Steps) -> Readout {
        let peak = Volts(steps.step.0 * f64::from(steps.most));
        let readout = Readout::compile(array, &sensed(), noise_a * noise_a).expect("columns exist");
        readout.driven_within(peak).driven_in(steps)
    }

    /// Numbers of steps, vectors × rows made even, of several activities.
    fn driven(steps: Steps, vectors: usize) -> Vec<i16> {
        let width = IntegerMatrix::padded(ROWS);
        let mut uniform = vec![0.0; vectors * width];
        Stream::root(3).fill_uniform(0, &mut uniform);
        let span = (steps.most - steps.least) as f32;
        let mut driven: Vec<i16> =
            uniform.iter().map(|u| (u * span).round() as i16 + steps.least as i16).collect();
        for (vector, driven) in driven.chunks_exact_mut(width).enumerate() {
            driven.iter_mut().step_by(1 + vector % 4).for_each(|n| *n = steps.most as i16);
            driven[ROWS..].fill(0);
        }
        driven
    }

    fn volts(steps: Steps, driven: &[i16]) -> Array2<f64> {
        let width = IntegerMatrix::padded(ROWS);
        Array2::from_shape_fn((driven.len() / width, ROWS), |(vector, row)| {
            steps.step.0 * f64::from(driven[vector * width + row])
        })
    }

    /// Cells of sensed currents in double precision.
    fn combined(cells: ArrayView2<'_, f64>, sign: f64) -> Array2<f64> {
        let sensed = sensed();
        Array2::from_shape_fn((ROWS, SENSED), |(row, k)| {
            let Sensed { plus, minus } = sensed[k];
            cells[[row, plus]] + sign * minus.map_or(0.0, |minus| cells[[row, minus]])
        })
    }

    /// Random drives, and of every column the worst: the rows whose cells were rounded one way.
    #[test]
    fn currents_are_off_by_a_fraction_of_their_noise_at_most() {
        let (array, width) = (array(0.0, 0.0, Conduction::Ohmic), IntegerMatrix::padded(ROWS));
        let exact = combined(array.transfer(), -1.0);
        for steps in [UP, BOTH] {
            let readout = readout(&array, 3e-7, steps);
            assert!(readout.takes_steps(), "{steps:?}");
            let scratch = &mut Scratch::default();
            let mut alone = vec![0_i16; ROWS * width];
            (0..ROWS).for_each(|row| alone[row * (width + 1)] = 1);
            let mut held = vec![0.0; ROWS * SENSED];
            readout.steady_steps(&alone, &mut held, scratch);
            let mut drives = driven(steps, 40);
            for k in 0..SENSED {
                for row in 0..width {
                    let off =
                        |row| exact[[row, k]] * steps.step.0 - f64::from(held[row * SENSED + k]);
                    let up = row < ROWS && off(row) > 0.0;
                    drives.push(if up { steps.most } else { steps.least } as i16);
                }
            }
            let vectors = drives.len() / width;
            let mut got = vec![0.0; vectors * SENSED];
            readout.steady_steps(&drives, &mut got, scratch);
            let want = volts(steps, &drives).dot(&exact);
            let steady = array.thermal_variances(&sensed());
            let mut worst = 0.0_f64;
            for ((vector, k), want) in want.indexed_iter() {
                let sigma = (steady[k] + 9e-14).sqrt();
                worst = worst.max((f64::from(got[vector * SENSED + k]) - want).abs() / sigma);
            }
            assert!(worst <= ROUNDED_TOLERANCE, "{steps:?}: {worst}");
            // The bound means something: a thousandth of it would not hold.
            assert!(worst > 1e-3 * ROUNDED_TOLERANCE, "{steps:?}: {worst}");
        }
    }

    #[test]
    fn variances_stay_within_the_tolerance_of_fused_ones() {
        for (read, fano_factor) in [(0.01, 0.0), (0.01, 1.0), (0.1, 0.3)] {
            let array = array(read, fano_factor, Conduction::Ohmic);
            let [squares, shots] = [array.read_variance(), array.shot_variance_per_volt()]
                .map(|cells| combined(cells.view(), 1.0));
            for steps in [UP, BOTH] {
                let readout = readout(&array, 3e-7, steps);
                let whole = readout.whole().expect("an array that takes steps");
                let driven = driven(steps, 40);
                let mut got = vec![0.0; 40 * SENSED];
                whole.variances(&driven, &[0.0; SENSED], &mut got, &mut Scratch::default());
                let variance = |v: &Array2<f64>| {
                    let shot_v = v.mapv(|v| array.ambient().shot_v(&Conduction::Ohmic, v));
                    v.mapv(|v| v * v).dot(&squares) + shot_v.dot(&shots)
                };
                let full = Array2::from_elem((1, ROWS), steps.step.0 * f64::from(steps.most));
                let (want, full) = (variance(&volts(steps, &driven)), variance(&full));
                for ((vector, k), want) in want.indexed_iter() {
                    let off = (f64::from(got[vector * SENSED + k]) - want).abs() / full[[0, k]];
                    assert!(off <= FUSED_TOLERANCE, "{read} {fano_factor} {steps:?}: {off}");
                }
            }
        }
    }

    /// Both routes draw the same numbers, so that their currents differ by what was rounded alone: of few cells,
    /// which are sensed block by block, and of many.
    #[test]
    fn both_routes_sense_the_same_currents_with_the_same_noise() {
        let (width, vectors) = (IntegerMatrix::padded(ROWS), 250);
        for (read, fano_factor) in [(0.0, 0.0), (0.01, 0.0), (0.01, 1.0)] {
            let array = array(read, fano_factor, Conduction::Ohmic);
            let driven = driven(UP, vectors);
            let row_v: Vec<f32> = volts(UP, &driven).iter().map(|v| *v as f32).collect();
            for count in [10, SENSED] {
                let sensed = &sensed()[..count];
                let readout = Readout::compile(&array, sensed, 1e-14).expect("columns exist");
                let readout = readout.driven_within(Volts(0.2)).driven_in(UP);
                let [mut whole, mut float, mut quiet] =
                    [(); 3].map(|()| vec![0.0; vectors * count]);
                let (at, scratch) = (Stream::root(5), &mut Scratch::default());
                let mut seen = vec![f32::NAN; vectors * count];
                readout.sense_steps(&driven, at, &mut whole, scratch, |first, block| {
                    seen[first * count..][..block.len()].copy_from_slice(block);
                });
                assert_eq!(seen, whole, "every block is handed on with its place");
                readout.currents(&row_v, vectors, at, &mut float, scratch);
                readout.steady_currents(&row_v, vectors, &mut quiet, scratch);
                assert_ne!(whole, quiet, "there is noise");
                let steady = array.thermal_variances(sensed);
                for (k, ((whole, float), quiet)) in whole.iter().zip(&float).zip(&quiet).enumerate()
                {
                    let sigma = (steady[k % count] + 1e-14).sqrt();
                    // The tolerance of the variance is half of that for the noise that was drawn.
                    let noise = f64::from((float - quiet).abs());
                    let allowed = ROUNDED_TOLERANCE * sigma + FUSED_TOLERANCE * noise;
                    assert!(f64::from((whole - float).abs()) <= allowed, "{whole} for {float}");
                }
                // A vector alone has the bytes that it has among others.
                let mut alone = vec![0.0; count];
                readout.steady_steps(&driven[7 * width..8 * width], &mut alone, scratch);
                readout.steady_steps(&driven, &mut quiet, scratch);
                assert_eq!(alone, quiet[7 * count..8 * count]);
            }
        }
    }

    #[test]
    fn what_integers_cannot_carry_stays_in_single_precision() {
        let ohmic = |read, fano_factor| array(read, fano_factor, Conduction::Ohmic);
        let takes = |array: &Crossbar, noise_a, steps| readout(array, noise_a, steps).takes_steps();
        assert!(takes(&ohmic(0.01, 1.0), 1e-7, UP));
        // The same cells without noise at rest, or with too little of it beside what is rounded.
        let cold = Crossbar::holding(
            ohmic(0.0, 0.0).conductances().to_owned(),
            Arc::new(
                cim_device::models::IdealSpec { g_off: Siemens(0.0), g_on: Siemens(1e-4) }
                    .build()
                    .expect("a device"),
            ),
            Wires::NONE,
            Ambient::SILENT,
        );
        let cold = cold.expect("an array");
        assert!(!takes(&cold, 0.0, UP));
        assert!(!takes(&cold, 1e-9, UP));
        // Numbers that leave no bits for cells.
        assert!(!takes(
            &ohmic(0.0, 0.0),
            1e-7,
            Steps { most: 65_535, step: Volts(0.2 / 65_535.0), least: 0 }
        ));
        // Currents that are no product with the steps.
        assert!(!takes(&array(0.0, 0.0, Conduction::Sinh { scale: Volts(0.1) }), 1e-7, UP));
        // Shot noise alone has no feature that fits into a polynomial to the last digit.
        assert!(!takes(&ohmic(0.0, 1.0), 1e-7, UP));
    }
}
