//! A million cells against the same laws cell by cell: `f64` of the standard library and normals of
//! `rand_distr`.

use std::hint::black_box;

use cim_core::matmul::product;
use cim_core::{Seconds, Stream, Tally};
use cim_device::models::synaptogen::CellState;
use cim_device::models::{ClampedLog, PcmDrift, PcmProgramming, PcmRead, Synaptogen};
use cim_device::{Device, PcmSpec, SynaptogenSpec};
use ndarray::Array2;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;

use crate::{median, ratio, rounded, rounds};

/// On one thread.
#[derive(Serialize)]
pub struct Ratios {
    /// Phase-change memory, programmed and a day old (ms).
    pcm_program_and_drift_ms: f64,
    /// Variances of its read noise besides (ms).
    pcm_read_variance_ms: f64,
    /// Time of the law cell by cell per time of ours.
    pcm_program_and_drift: f64,
    pcm_read_variance: f64,
    /// Synaptogen cells, read once (ms).
    synaptogen_read_ms: f64,
    /// All of them set, and reset in part (ms).
    synaptogen_set_and_partial_reset_ms: f64,
    /// Time of the law cell by cell per time of ours.
    synaptogen_read: f64,
    /// Time of the normals of one cycle and of the product with ten cycles of memory, without which there is
    /// no such reset, per time of ours.
    synaptogen_set_and_partial_reset: f64,
}

/// Rows and columns.
const SIDE: usize = 1000;

const DAY: Seconds = Seconds(86_400.0);

/// Voltage of a read (V).
const READ_V: f64 = 0.2;

/// Numbers that a cycle draws for a cell.
const FEATURES: usize = 4;

/// The present cycle and the ten before.
const CYCLES: usize = 11;

pub fn measure() -> Ratios {
    let (spec, at) = (PcmSpec::PUBLISHED, Stream::root(1));
    let pcm = spec.build().expect("the published model");
    let targets = targets(SIDE);
    let programmed = pcm.program(targets.view(), at, &mut Tally::default());
    let (mut aged_s, mut variance_s2) = (targets.clone(), targets.clone());
    let mut programmed_s = targets.clone();

    let model = SynaptogenSpec::PUBLISHED.build().expect("the published model");
    let mut cells = model.cells(SIDE, SIDE, at);
    cells.pulse_all(-2.0);
    let (read, states) = (cells.clone(), cells.states());
    let (volts, mut read_a) = (Array2::from_elem((SIDE, SIDE), READ_V), targets.clone());
    let mut rngs = [2, 3, 4].map(Xoshiro256PlusPlus::seed_from_u64);
    let [pcm_rng, read_rng, cycle_rng] = &mut rngs;
    let mut latent = Array2::<f32>::zeros((SIDE * SIDE, CYCLES * FEATURES));
    let memory = Array2::<f32>::from_elem((CYCLES * FEATURES, FEATURES), 0.1);
    let mut features = Array2::<f32>::zeros((SIDE * SIDE, FEATURES));

    let seconds = rounds(&mut [
        Box::new(|| {
            let g_s = pcm.program(targets.view(), at, &mut Tally::default());
            drop(black_box(pcm.aged(g_s.view(), DAY, at).expect("a day")));
        }),
        Box::new(|| {
            drop(black_box(pcm.read_variances_aged(programmed.view(), programmed.view(), DAY)));
        }),
        Box::new(|| {
            program_and_drift(&spec, &targets, &mut programmed_s, &mut aged_s, pcm_rng);
            black_box(&mut aged_s);
        }),
        Box::new(|| {
            read_variances(&spec, &programmed, &programmed, &mut variance_s2);
            black_box(&mut variance_s2);
        }),
        Box::new(|| {
            drop(black_box(read.read(volts.view(), Stream::root(2)).expect("a voltage per cell")));
        }),
        Box::new(|| {
            read_currents(model, &states, &volts, &mut read_a, read_rng);
            black_box(&mut read_a);
        }),
        Box::new(|| {
            cells.pulse_all(-2.0);
            black_box(cells.pulse_all(0.9));
        }),
        Box::new(|| {
            for mut cell in latent.rows_mut() {
                cell.iter_mut().take(FEATURES).for_each(|x| *x = StandardNormal.sample(cycle_rng));
            }
            product(black_box(latent.view()), memory.view(), features.view_mut());
        }),
    ]);
    let ms = |case: usize| rounded(1e3 * median(&seconds[case]));
    Ratios {
        pcm_program_and_drift_ms: ms(0),
        pcm_read_variance_ms: ms(1),
        pcm_program_and_drift: ratio(&seconds[2], &seconds[0]),
        pcm_read_variance: ratio(&seconds[3], &seconds[1]),
        synaptogen_read_ms: ms(4),
        synaptogen_set_and_partial_reset_ms: ms(6),
        synaptogen_read: ratio(&seconds[5], &seconds[4]),
        synaptogen_set_and_partial_reset: ratio(&seconds[7], &seconds[6]),
    }
}

/// Conductances up to 25 µS.
fn targets(side: usize) -> Array2<f64> {
    Array2::from_shape_fn((side, side), |(row, col)| {
        25e-6 * ((row * side + col) % 1009) as f64 / 1008.0
    })
}

/// Programs cells to `target_s` and lets them drift for a day (S).
fn program_and_drift(
    spec: &PcmSpec,
    target_s: &Array2<f64>,
    programmed_s: &mut Array2<f64>,
    aged_s: &mut Array2<f64>,
    rng: &mut Xoshiro256PlusPlus,
) {
    let PcmProgramming { coefficients, stated_at } = spec.programming;
    let [c0, c1, c2] = coefficients.map(|c| c.0 * (spec.g_max.0 / stated_at.0));
    let PcmDrift { t0, mean, sd } = spec.drift;
    let ln_t = (1.0 + DAY / t0).ln();
    let clamped =
        |law: ClampedLog, ln_g: f64| (law.slope * ln_g + law.offset).max(law.least).min(law.most);
    let cells = target_s.iter().zip(programmed_s).zip(aged_s);
    for ((&target, programmed), aged) in cells {
        let g = target / spec.g_max.0;
        let sigma = (c0 + g * (c1 + g * c2)).max(0.0);
        let [error, exponent]: [f64; 2] = [(); 2].map(|()| StandardNormal.sample(rng));
        *programmed = (target + sigma * error).max(0.0);
        let ln_g = (*programmed / spec.g_max.0).ln();
        let exponent = (clamped(sd, ln_g) * exponent + clamped(mean, ln_g)).abs();
        *aged = *programmed * (-exponent * ln_t).exp();
    }
}

/// Variances of a read after a day (S²).
fn read_variances(
    spec: &PcmSpec,
    programmed_s: &Array2<f64>,
    aged_s: &Array2<f64>,
    variance_s2: &mut Array2<f64>,
) {
    let PcmRead { strength, exponent, most, pulse } = spec.read;
    let log_age = ((DAY + spec.drift.t0 + pulse) / (2.0 * pulse)).ln().max(0.0);
    for ((&programmed, &aged), variance) in programmed_s.iter().zip(aged_s).zip(variance_s2) {
        let power = (programmed / spec.g_max.0).powf(exponent).max(1e-3);
        *variance = (aged * (strength / power).min(most)).powi(2) * log_age;
    }
}

/// Currents of a noisy read (A) of cells in known states.
fn read_currents(
    model: Synaptogen,
    states: &Array2<f64>,
    volts: &Array2<f64>,
    read_a: &mut Array2<f64>,
    rng: &mut Xoshiro256PlusPlus,
) {
    for ((&state, &volt), read) in states.iter().zip(volts).zip(read_a) {
        let current = CellState(state).current_a(volt);
        let normal: f64 = StandardNormal.sample(rng);
        *read = current + model.read_variance_a2(current, current / volt).sqrt() * normal;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 200;
    const CELLS: f64 = (SIDE * SIDE) as f64;

    /// Sums of two times 40,000 independent cells are equal within five standard errors.
    fn same_mean(ours: &Array2<f64>, plain: &Array2<f64>, spread: f64) {
        let difference = (ours - plain).sum() / CELLS;
        assert!(difference.abs() <= 5.0 * spread * (2.0 / CELLS).sqrt(), "{difference} {spread}");
    }

    fn spread(differences: &Array2<f64>) -> f64 {
        (differences.mapv(|x| x * x).sum() / CELLS).sqrt()
    }

    #[test]
    fn phase_change_cells_one_by_one_are_ours() {
        let (spec, at) = (PcmSpec::PUBLISHED, Stream::root(1));
        let (pcm, targets) = (spec.build().expect("a device"), targets(SIDE));
        let ours = pcm.program(targets.view(), at, &mut Tally::default());
        let ours_aged = pcm.aged(ours.view(), DAY, at).expect("a day");
        let (mut plain, mut plain_aged) = (targets.clone(), targets.clone());
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        program_and_drift(&spec, &targets, &mut plain, &mut plain_aged, &mut rng);
        same_mean(&ours, &plain, spread(&(&ours - &targets)));
        same_mean(&ours_aged, &plain_aged, spread(&(&ours_aged - &targets)));
        let ours_variance = pcm.read_variances_aged(ours.view(), ours_aged.view(), DAY);
        let mut variance = targets.clone();
        read_variances(&spec, &ours, &ours_aged, &mut variance);
        for (ours, plain) in ours_variance.iter().zip(&variance) {
            // Logarithms and powers of two libraries.
            assert!((ours - plain).abs() <= 1e-9 * plain, "{ours} {plain}");
        }
    }

    #[test]
    fn synaptogen_cells_read_one_by_one_are_ours() {
        let model = SynaptogenSpec::PUBLISHED.build().expect("a model");
        let mut cells = model.cells(SIDE, SIDE, Stream::root(1));
        cells.pulse_all(-2.0);
        let volts = Array2::from_elem((SIDE, SIDE), READ_V);
        let ours = cells.read(volts.view(), Stream::root(2)).expect("a voltage per cell");
        let (mut plain, states) = (volts.clone(), cells.states());
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        read_currents(model, &states, &volts, &mut plain, &mut rng);
        let [noise, plain_noise] =
            [&ours, &plain].map(|read| spread(&(read - &cells.currents(READ_V))));
        // Five standard errors of a standard deviation, twice.
        let allowed = 5.0 * noise / CELLS.sqrt();
        assert!((noise - plain_noise).abs() <= allowed, "{noise} {plain_noise}");
        same_mean(&ours, &plain, noise);
    }
}
