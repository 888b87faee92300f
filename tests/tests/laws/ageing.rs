//! Laws of arrays and grids in time: programmed once, looked at at any moment.

use std::sync::Arc;

use cim_core::{Amps, Ohms, Seconds, Stream, Tally};
use cim_crossbar::{Ambient, CircuitError, Crossbar, Wires};
use cim_device::compensation::Scope;
use cim_device::models::{ClampedLog, PcmDrift, PcmRead};
use cim_device::{Compensation, CompensationSpec, Device, DeviceError, PcmSpec, published};
use cim_tests::chip::{carried, design, silent, uniforms};
use cim_tests::registered::devices;
use cim_tests::statistics::{
    Sample, correlation, correlation_limit, standard_errors, variance_ratio_range,
};
use cim_tile::{Grid, Parts, TileError};
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use cim_laws::device::known_times as times;

const YEAR: Seconds = Seconds(3.1536e7);

fn array(device: Arc<dyn Device>, wires: Wires, at: Stream) -> Crossbar {
    let (low, span) = (device.window().g_min.0, device.window().span().0);
    let targets = uniforms(12, 9, 0.0, 1.0, at).mapv(|u| low + span * f64::from(u));
    let (ambient, tally) = (Ambient::SILENT, &mut Tally::default());
    Crossbar::program(device, wires, ambient, targets.view(), at, tally).expect("an array")
}

const WIRES: [Wires; 2] = [Wires::NONE, Wires::new(Ohms(5.0), Ohms(3.0))];

/// Everything that a readout is compiled from.
fn state(array: &Crossbar) -> [Array2<f64>; 4] {
    [
        array.conductances().to_owned(),
        array.transfer().to_owned(),
        array.read_variance(),
        array.shot_variance_per_volt(),
    ]
}

#[test]
fn an_array_has_one_trajectory_on_any_wires() {
    for (name, device) in devices() {
        for wires in WIRES {
            let at = Stream::root(11).child("chip", 0);
            let fresh = array(device.clone(), wires, at);
            let look = |from: &Crossbar, t| from.aged(t).expect("a known time");
            assert_eq!(state(&look(&fresh, Seconds::ZERO)), state(&fresh), "{name}: no time");
            let times = times(device.as_ref());
            for pair in times.windows(2) {
                let (direct, between) = (look(&fresh, pair[1]), look(&fresh, pair[0]));
                let through = look(&between, pair[1]);
                assert_eq!(state(&through), state(&direct), "{name}: {pair:?}");
                assert_eq!(through.elapsed(), pair[1]);
                let back = look(&direct, Seconds::ZERO);
                assert_eq!(state(&back), state(&fresh), "{name}: back to the start");
                let programmed = fresh.conductances();
                let cells = device.aged(programmed, pair[1], at).expect("a known time");
                assert_eq!(direct.conductances(), cells, "{name}: cells of the device");
            }
        }
    }
}

/// With ideal wires the read variance of a cell is the device's; with wires the transfer is that of
/// an array that holds the aged cells.
#[test]
fn an_aged_array_reads_as_its_cells_do() {
    for (name, device) in devices() {
        let at = Stream::root(12);
        for wires in WIRES {
            let fresh = array(device.clone(), wires, at);
            for elapsed in times(device.as_ref()) {
                let aged = fresh.aged(elapsed).expect("a known time");
                let cells = aged.conductances().to_owned();
                let same = Crossbar::holding(cells, device.clone(), wires, Ambient::SILENT);
                let same = same.expect("an array");
                assert_eq!(aged.transfer(), same.transfer(), "{name} after {elapsed}");
                if wires.are_ideal() {
                    let variance = aged.read_variance();
                    let cells = aged.programmed().to_owned();
                    for (place, &programmed) in cells.indexed_iter() {
                        let now = aged.conductances()[place];
                        let want = device.read_variance_aged(programmed, now, elapsed);
                        assert_eq!(variance[place], want, "{name} after {elapsed}");
                    }
                }
            }
        }
    }
}

#[test]
fn times_that_cannot_be_and_cells_without_a_life_are_typed_errors() {
    let device = published("rram-wan").expect("published").device;
    let fresh = array(device.clone(), Wires::NONE, Stream::root(1));
    for (bad, negative) in [(-1.0, true), (f64::NAN, true), (0.5, false), (1e9, false)] {
        let Err(CircuitError::Device(error)) = fresh.aged(Seconds(bad)) else {
            panic!("{bad} s must be refused");
        };
        assert_eq!(matches!(error, DeviceError::NegativeTime { .. }), negative, "{error}");
    }
    let held =
        Crossbar::holding(fresh.conductances().to_owned(), device, Wires::NONE, Ambient::SILENT);
    let held = held.expect("an array");
    assert!(held.aged(Seconds::ZERO).is_ok());
    let error = held.aged(Seconds(60.0)).err();
    assert_eq!(error, Some(CircuitError::NoLife { elapsed: Seconds(60.0) }));
    let alive = held.programmed_at(Stream::root(1)).aged(Seconds(60.0)).expect("it has a life now");
    let want = fresh.aged(Seconds(60.0)).expect("a known time");
    assert_eq!(alive.conductances(), want.conductances());
    let bad = grid(&parts(PcmSpec::PUBLISHED), 1.0, Stream::root(1)).aged(Seconds(-3.0));
    assert!(matches!(bad, Err(TileError::Circuit(CircuitError::Device(_)))));
}

const INPUTS: usize = 256;
const OUTPUTS: usize = 128;

/// Tiles of 128 rows and 64 outputs, all noise but that of the cells off.
fn parts(pcm: PcmSpec) -> Parts {
    let device = pcm.build().expect("a device");
    let window = device.window();
    Parts { device: Arc::new(device), window, ..silent(128, 64) }
}

/// Weights all of one value, on 2 × 2 tiles.
fn grid(parts: &Parts, weight: f32, at: Stream) -> Grid {
    let weights = Array2::from_elem((INPUTS, OUTPUTS), weight);
    of_weights(parts, weights.view(), at)
}

fn of_weights(parts: &Parts, weights: ArrayView2<'_, f32>, at: Stream) -> Grid {
    let design = design(parts, weights.dim(), 1.0, 1.0, 150.0);
    Grid::program(parts, &design, weights, at, &mut Tally::default()).expect("a grid")
}

fn output(grid: &Grid, call: u64) -> Array2<f32> {
    carried(grid, uniforms(9, INPUTS, 0.0, 1.0, Stream::root(3)).view(), call).0
}

#[test]
fn a_grid_has_one_trajectory_at_any_number_of_threads() {
    let parts = parts(PcmSpec::PUBLISHED);
    let chip = |k: u64| grid(&parts, 0.5, Stream::root(13).child("chip", k));
    let fresh = chip(0);
    let look = |from: &Grid, t: f64| from.aged(Seconds(t)).expect("any time");
    assert_eq!(output(&look(&fresh, 0.0), 1), output(&fresh, 1), "no time");
    let hour_then_year = look(&look(&fresh, 3600.0), YEAR.0);
    assert_eq!(output(&hour_then_year, 1), output(&look(&fresh, YEAR.0), 1));
    assert_eq!(output(&look(&hour_then_year, 0.0), 1), output(&fresh, 1), "back to the start");
    assert_ne!(output(&look(&fresh, 3600.0), 1), output(&fresh, 1));
    let outputs = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            (0..6u64).into_par_iter().map(|k| output(&look(&chip(k), 60.0), 0)).collect::<Vec<_>>()
        })
    };
    assert_eq!(outputs(1), outputs(3));
}

/// Exponents of the cells that carry a weight, tile by tile.
fn exponents(grid: &Grid, elapsed: Seconds) -> Vec<Vec<f64>> {
    let ln_t = (1.0 + elapsed.0 / 20.0).ln();
    let later = grid.aged(elapsed).expect("any time");
    let tiles = grid.tiles().iter().zip(later.tiles());
    let exponents = tiles.map(|(fresh, later)| {
        let (before, now) = (fresh.array().conductances(), later.array().conductances());
        before
            .columns()
            .into_iter()
            .zip(now.columns())
            .step_by(2)
            .flat_map(|(before, now)| {
                before.iter().zip(now).map(|(g, aged)| -(aged / g).ln() / ln_t).collect::<Vec<_>>()
            })
            .collect()
    });
    exponents.collect()
}

/// Cells near 25 µS have exponents N(0.049, 0.008), six standard deviations from zero, whatever
/// their programming error. Two times give the same exponents, as one cell has one.
#[test]
fn drift_in_a_grid_has_the_law_of_the_device_and_no_two_tiles_share_it() {
    let grid = grid(&parts(PcmSpec::PUBLISHED), 1.0, Stream::root(14));
    let tiles = exponents(&grid, YEAR);
    let cells = Sample::of(tiles.iter().flatten().copied());
    assert_eq!(cells.n, (INPUTS * OUTPUTS) as f64);
    let off = (cells.mean - 0.049).abs() / (0.008 / cells.n.sqrt());
    assert!(off < standard_errors(), "mean {} is {off} standard errors off", cells.mean);
    let (low, high) = variance_ratio_range(cells.n - 1.0);
    let ratio = cells.variance / 0.008f64.powi(2);
    assert!(low <= ratio && ratio <= high, "{ratio}");
    for (k, tile) in tiles.iter().enumerate() {
        for other in &tiles[..k] {
            let r = correlation(tile, other);
            assert!(r.abs() < correlation_limit(tile.len()), "{r}");
        }
    }
    let day = exponents(&grid, Seconds(86_400.0));
    for (a, b) in tiles.iter().flatten().zip(day.iter().flatten()) {
        // A few roundings of the logarithm of a ratio of order one.
        assert!((a - b).abs() < 16.0 * f64::EPSILON, "{a} and {b}");
    }
}

/// The same product at another age draws other read noise: a layer without weights, whose cells do
/// not drift, gives nothing else.
#[test]
fn reads_at_another_age_are_other_reads() {
    let still = PcmDrift { mean: ClampedLog::ZERO, sd: ClampedLog::ZERO, t0: Seconds(20.0) };
    let at = Stream::root(15);
    let grid = grid(&parts(PcmSpec { drift: still, ..PcmSpec::PUBLISHED }), 1.0, at);
    let x = Array2::<f32>::ones((64, INPUTS));
    let noise = |grid: &Grid, call| {
        let (y, _) = carried(grid, x.view(), call);
        let mean = y.mean_axis(ndarray::Axis(0)).expect("images");
        (y - mean).iter().map(|v| f64::from(*v)).collect::<Vec<_>>()
    };
    let later = grid.aged(Seconds(1.0)).expect("any time");
    let (first, second) = (noise(&grid, 0), noise(&later, 0));
    assert!(Sample::of(first.iter().copied()).variance > 0.0);
    let r = correlation(&first, &second);
    assert!(r.abs() < correlation_limit(first.len()), "{r}");
    assert_eq!(noise(&later, 0), second, "a call can be repeated");
}

/// Drift with one exponent for all cells, and reads without noise.
fn deterministic(exponent: f64) -> PcmSpec {
    let mean = ClampedLog { slope: 0.0, offset: exponent, least: exponent, most: exponent };
    let drift = PcmDrift { mean, sd: ClampedLog::ZERO, t0: Seconds(20.0) };
    let read = PcmRead { strength: 0.0, ..PcmSpec::PUBLISHED.read };
    PcmSpec { drift, read, ..PcmSpec::PUBLISHED }
}

fn compensation(scope: Scope, noise: f64) -> Compensation {
    let spec = CompensationSpec { scope, noise: Amps(noise), repeats: 1, floor: Amps(1e-12) };
    spec.build().expect("a compensation")
}

#[test]
fn compensation_undoes_drift_that_all_cells_share() {
    let parts = parts(deterministic(0.06));
    let weights = uniforms(INPUTS, OUTPUTS, -1.0, 1.0, Stream::root(16));
    let fresh = of_weights(&parts, weights.view(), Stream::root(17));
    let year = fresh.aged(YEAR).expect("any time");
    let (before, faded) = (output(&fresh, 0), output(&year, 0));
    let factor = (1.0 + YEAR.0 / 20.0_f64).powf(0.06);
    // Two tiles are added up, each rounded by up to half a step of 2⁻¹⁵ of 150 units, before and
    // after; what was rounded after is multiplied by the factor.
    let rounding = 150.0 / 32_767.0 * (1.0 + factor) as f32;
    for scope in [Scope::Global, Scope::PerColumn] {
        let compensation = compensation(scope, 0.0);
        let first = fresh.strengths(&compensation);
        let restored = output(&year.compensated(&compensation, &first).expect("one shape"), 0);
        for ((a, b), c) in before.iter().zip(&restored).zip(&faded) {
            // Currents and factors are in f32: 512 roundings of products of up to 150 units.
            assert!((a - b).abs() <= rounding + 1e-4 * a.abs(), "{scope:?}: {a} and {b}");
            assert!((a / factor as f32 - c).abs() <= rounding + 1e-4 * a.abs(), "{a} and {c}");
        }
        let at_once = fresh.compensated(&compensation, &first).expect("one shape");
        assert_eq!(output(&at_once, 0), before, "{scope:?}: no time, no factor");
        let kept = at_once.aged(YEAR).expect("any time");
        assert_eq!(output(&kept, 0), faded, "{scope:?}: factors are not measured by themselves");
    }
}

/// Columns that drift differently need factors of their own: small weights fade faster.
#[test]
fn a_factor_per_column_restores_columns_and_one_per_tile_only_their_mean() {
    let slope = ClampedLog { slope: -0.02, offset: 0.03, least: 0.0, most: 1.0 };
    let spec = deterministic(0.0);
    let parts = parts(PcmSpec { drift: PcmDrift { mean: slope, ..spec.drift }, ..spec });
    let column = |(_, col): (usize, usize)| 0.2 + 0.8 * (col % 64) as f32 / 63.0;
    let weights = Array2::from_shape_fn((INPUTS, OUTPUTS), column);
    let fresh = of_weights(&parts, weights.view(), Stream::root(18));
    let year = fresh.aged(YEAR).expect("any time");
    let x = Array2::<f32>::ones((1, INPUTS));
    let before = carried(&fresh, x.view(), 0).0;
    let worst = |scope| {
        let compensation = compensation(scope, 0.0);
        let first = fresh.strengths(&compensation);
        let grid = year.compensated(&compensation, &first).expect("one shape");
        let after = carried(&grid, x.view(), 0).0;
        let off = before.iter().zip(&after).map(|(a, b)| f64::from((b / a - 1.0).abs()));
        off.fold(0.0, f64::max)
    };
    // One-hot outputs of positive weights add up to the output for ones but for the few cells that
    // programming made negative.
    let (global, per_column) = (worst(Scope::Global), worst(Scope::PerColumn));
    assert!(per_column < 0.01 && 0.1 < global, "{per_column} and {global}");
}

/// Noise of the measurement spreads factors, and another age is measured afresh.
#[test]
fn factors_carry_the_noise_of_their_measurement() {
    let parts = parts(deterministic(0.0));
    let fresh = grid(&parts, 1.0, Stream::root(19));
    let later = fresh.aged(Seconds(60.0)).expect("any time");
    let x = Array2::<f32>::ones((1, INPUTS));
    let unit = |grid: &Grid| carried(grid, x.view(), 0).0;
    let before = unit(&fresh);
    assert_eq!(unit(&later), before, "nothing drifts");
    // Every output is the mean of 128 probes of about 5 µA, measured twice with 0.5 µA each, in two
    // row tiles of equal weight: a spread of 0.1 √2 / √256.
    let compensation = compensation(Scope::PerColumn, 0.5e-6);
    let first = fresh.strengths(&compensation);
    let measured = unit(&later.compensated(&compensation, &first).expect("one shape"));
    let ratios: Vec<f64> =
        before.iter().zip(&measured).map(|(a, b)| f64::from(b / a) - 1.0).collect();
    let ratios = Sample::of(ratios.iter().copied());
    let expected = 0.1 * (2.0_f64 / 256.0).sqrt();
    assert!(ratios.mean.abs() < standard_errors() * expected / ratios.n.sqrt(), "{ratios:?}");
    let (low, high) = variance_ratio_range(ratios.n - 1.0);
    let ratio = ratios.variance / expected.powi(2);
    assert!(low <= ratio && ratio <= high, "{ratio}");
    let other = fresh.aged(Seconds(61.0)).expect("any time");
    let other = unit(&other.compensated(&compensation, &first).expect("one shape"));
    assert_ne!(other, measured);
    let small = Array2::<f32>::ones((INPUTS, 8));
    let small = of_weights(&parts, small.view(), Stream::root(20));
    assert!(later.compensated(&compensation, &small.strengths(&compensation)).is_err());
}
