//! Oracles of the tile: a dense nodal solve, stepping through time, closed forms, reference
//! figures computed elsewhere from the same model.

use cim_core::{Ohms, Scratch, Siemens, Stream, Volts};
use cim_device::NanosecondRead;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, s};

use super::*;

mod reference;

const QUIET: PwmSpec =
    PwmSpec { v_read: Volts(0.4), read: NanosecondRead::NONE, ..PwmSpec::luquin() };

/// Normal numbers of standard deviation 1/3, clipped to 1.
fn clipped_normals(shape: (usize, usize), at: Stream) -> Array2<f64> {
    let mut normals = vec![0.0; shape.0 * shape.1];
    at.fill_standard_normal(0, &mut normals);
    let clipped = normals.iter().map(|n| (f64::from(*n) / 3.0).clamp(-1.0, 1.0)).collect();
    Array2::from_shape_vec(shape, clipped).expect("as many as asked for")
}

/// Pairs of 0.1 µS to 15 µS for weights up to 1.
fn pairs(weights: &Array2<f64>) -> (Array2<f64>, Array2<f64>) {
    let cell = |w: f64| 0.1e-6 + 14.9e-6 * w.max(0.0);
    (weights.mapv(cell), weights.mapv(|w| cell(-w)))
}

fn codes(inputs: &Array2<f64>, top: i32) -> Array2<i32> {
    inputs.mapv(|x| (x * f64::from(top)).round() as i32)
}

fn tile(spec: PwmSpec, rows: usize, cols: usize, seed: u64) -> PwmTile {
    let (g_plus, g_minus) = pairs(&clipped_normals((rows, cols), Stream::root(seed)));
    spec.build(g_plus.view(), g_minus.view()).expect("a tile")
}

fn drive(tile: &PwmTile, vectors: usize, seed: u64) -> Drive {
    let inputs = clipped_normals((vectors, tile.shape().0), Stream::root(seed));
    tile.drive(codes(&inputs, tile.top_code())).expect("codes in range")
}

/// Charges of all bursts, (bursts · vectors) × columns.
fn charges(tile: &PwmTile, drive: &Drive, at: Stream) -> Array2<f64> {
    let shape = (tile.bursts().len() * drive.vectors(), tile.shape().1);
    let mut charge_c = vec![0.0; shape.0 * shape.1];
    tile.charges(drive, at, &mut charge_c, &mut Scratch::default());
    let charge_c = charge_c.into_iter().map(f64::from).collect();
    Array2::from_shape_vec(shape, charge_c).expect("as many as asked for")
}

/// Charges by stepping, in the same order.
fn stepped(tile: &PwmTile, drive: &Drive, every_step: bool) -> Array2<f64> {
    let (bursts, vectors) = (tile.bursts().len(), drive.vectors());
    let mut charge_c = Array2::zeros((bursts * vectors, tile.shape().1));
    for (k, mut row) in charge_c.rows_mut().into_iter().enumerate() {
        let (burst, vector) = (k / vectors, k % vectors);
        let waveform = if every_step {
            tile.waveform_at_every_step(drive, vector, burst)
        } else {
            tile.waveform(drive, vector, burst)
        };
        let spec = tile.spec();
        row.assign(&waveform.expect("a burst").charges(spec.integration, spec.time_step));
    }
    charge_c
}

fn largest(values: &Array2<f64>) -> f64 {
    values.iter().fold(0.0, |most, v| most.max(v.abs()))
}

/// Solves `a x = b` by elimination with pivots.
fn solve(mut a: Array2<f64>, mut b: Array1<f64>) -> Array1<f64> {
    let n = b.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[[i, k]].abs().total_cmp(&a[[j, k]].abs()));
        let pivot = pivot.expect("a row is left");
        for j in 0..n {
            a.swap([k, j], [pivot, j]);
        }
        b.swap(k, pivot);
        for i in k + 1..n {
            let factor = a[[i, k]] / a[[k, k]];
            for j in k..n {
                a[[i, j]] -= factor * a[[k, j]];
            }
            b[i] -= factor * b[k];
        }
    }
    for k in (0..n).rev() {
        for j in k + 1..n {
            b[k] -= a[[k, j]] * b[j];
        }
        b[k] /= a[[k, k]];
    }
    b
}

/// Current into the ADC (A) of one column, far end first, from the full nodal matrix of a chain of
/// nodes with `ohm` between them and half of it to the ADC.
fn nodal_current(g_v: &[(f64, f64)], ohm: f64, v_read: f64) -> f64 {
    let n = g_v.len();
    let (mut a, mut b) = (Array2::<f64>::zeros((n, n)), Array1::<f64>::zeros(n));
    for (k, &(g, gv)) in g_v.iter().enumerate() {
        a[[k, k]] += g;
        b[k] += gv;
        let onward = if k + 1 == n { 2.0 / ohm } else { 1.0 / ohm };
        a[[k, k]] += onward;
        if k + 1 == n {
            b[k] += onward * v_read;
        } else {
            a[[k + 1, k + 1]] += onward;
            a[[k, k + 1]] -= onward;
            a[[k + 1, k]] -= onward;
        }
    }
    (solve(a, b)[n - 1] - v_read) * 2.0 / ohm
}

/// Charges of one vector by a nodal solve at every step, everything as in the definition: lines of
/// each moment, padding, both ways of columns.
fn nodal_charges(
    spec: &PwmSpec,
    g_plus: ArrayView2<'_, f64>,
    g_minus: ArrayView2<'_, f64>,
    codes: ArrayView1<'_, i32>,
) -> Array1<f64> {
    let (rows, cols) = g_plus.dim();
    let before = (spec.tile_rows - rows) / 2;
    let lumped = spec.tile_rows / spec.segments;
    let mut charge_c = Array1::zeros(cols);
    for col in 0..cols {
        for step in 0..1 << (spec.bits - 1) {
            let mut places = vec![(0.0, 0.0); spec.tile_rows];
            for row in 0..rows {
                let (plus_v, minus_v) = match codes[row] {
                    code if code > step => (spec.v_hi.0, spec.v_lo.0),
                    code if code < -step => (spec.v_lo.0, spec.v_hi.0),
                    _ => (spec.v_mid.0, spec.v_mid.0),
                };
                let (plus, minus) = (g_plus[[row, col]], g_minus[[row, col]]);
                places[before + row] = (plus + minus, plus_v * plus + minus_v * minus);
            }
            if spec.columns == Columns::TwoSided && col % 2 == 1 {
                places.reverse();
            }
            let nodes: Vec<_> = places
                .chunks(lumped)
                .map(|c| c.iter().fold((0.0, 0.0), |sum, c| (sum.0 + c.0, sum.1 + c.1)))
                .collect();
            let ohm = spec.wire.0 * lumped as f64;
            charge_c[col] += nodal_current(&nodes, ohm, spec.v_read.0) * spec.time_step.0;
        }
    }
    charge_c
}

#[test]
fn stepping_is_a_nodal_solve_at_every_step() {
    for (rows, segments, columns) in [
        (16, 16, Columns::TwoSided),
        (11, 16, Columns::TwoSided),
        (11, 4, Columns::TwoSided),
        (13, 8, Columns::Down),
        (16, 1, Columns::Down),
    ] {
        let (tile_rows, wire, bits) = (16, Ohms(40.0), 5);
        let spec = PwmSpec { tile_rows, segments, columns, wire, bits, ..PwmSpec::luquin() };
        let weights = clipped_normals((rows, 3), Stream::root(rows as u64));
        let (g_plus, g_minus) = pairs(&weights);
        let tile = spec.build(g_plus.view(), g_minus.view()).expect("a tile");
        let drive = drive(&tile, 2, 7);
        let got = stepped(&tile, &drive, false);
        let scale = largest(&got);
        for (vector, got) in got.rows().into_iter().enumerate() {
            let codes = drive.vector(vector).expect("a vector");
            let want = nodal_charges(&spec, g_plus.view(), g_minus.view(), codes);
            // The nodal matrix has a condition number of (2 / wire) / g, below 1e6.
            assert!(largest(&(&got - &want).insert_axis(ndarray::Axis(0))) <= 1e-10 * scale);
        }
    }
}

#[test]
fn steps_in_which_nothing_switches_change_nothing() {
    for input in [InputMode::OnePass, InputMode::Split { low_bits: 3 }, InputMode::BitWise] {
        for integration in [Integration::Sum, Integration::Trapezoid] {
            let tile = tile(PwmSpec { input, integration, ..PwmSpec::luquin() }, 500, 9, 1);
            let drive = drive(&tile, 3, 2);
            let (skipped, every) = (stepped(&tile, &drive, false), stepped(&tile, &drive, true));
            assert!(largest(&(&skipped - &every)) <= 1e-12 * largest(&every), "{input:?}");
            let waveform = tile.waveform(&drive, 0, 0).expect("a burst");
            assert!(waveform.steps().len() <= tile.bursts()[0].steps() as usize);
        }
    }
}

#[test]
fn trapezoids_take_the_first_sample_twice() {
    let tile = tile(PwmSpec { bits: 4, ..PwmSpec::luquin() }, 20, 3, 6);
    let drive = drive(&tile, 1, 7);
    let every = tile.waveform_at_every_step(&drive, 0, 0).expect("a burst");
    let current_a = every.currents();
    let mut want = current_a.sum_axis(ndarray::Axis(0));
    want.scaled_add(0.5, &current_a.row(0));
    want.scaled_add(-0.5, &current_a.row(7));
    let charge_c = every.charges(Integration::Trapezoid, tile.spec().time_step);
    for (got, want) in charge_c.iter().zip(want) {
        assert!((got - want * 1e-9).abs() <= 1e-14 * want.abs() * 1e-9 * 8.0);
    }
}

#[test]
fn one_product_is_stepping_through_time() {
    let lifted = PwmSpec { v_hi: Volts(0.65), ..PwmSpec::luquin() };
    for spec in [QUIET, PwmSpec { read: NanosecondRead::NONE, ..lifted }] {
        for input in [InputMode::OnePass, InputMode::Split { low_bits: 3 }, InputMode::BitWise] {
            for integration in [Integration::Sum, Integration::Trapezoid] {
                let spec = PwmSpec { input, integration, wire: Ohms(0.35), ..spec };
                let tile = tile(spec, 300, 11, 3);
                let drive = drive(&tile, 4, 5);
                let want = stepped(&tile, &drive, false);
                let got = charges(&tile, &drive, Stream::root(0));
                // Roundings of f32 to half of 2⁻²³: of the cells and in a sum of 300 terms of
                // random sign and size like the result over √300.
                let tolerance = 20.0 * f64::from(f32::EPSILON) * largest(&want);
                assert!(largest(&(&got - &want)) <= tolerance, "{input:?} {integration:?}");
            }
        }
    }
}

#[test]
fn without_wire_charges_are_the_exact_sums() {
    let weights = clipped_normals((512, 16), Stream::root(11));
    let (g_plus, g_minus) = pairs(&weights);
    for segments in [1, 8, 512] {
        let spec = PwmSpec { wire: Ohms::ZERO, segments, ..QUIET };
        let tile = spec.build(g_plus.view(), g_minus.view()).expect("a tile");
        let drive = drive(&tile, 5, 12);
        let want = drive.codes().mapv(f64::from).dot(&(&g_plus - &g_minus));
        let got = stepped(&tile, &drive, false) / tile.charge_per_siemens().0;
        assert!(largest(&(&got - &want)) <= 1e-12 * largest(&want));
    }
}

#[test]
fn a_single_pair_sees_its_own_wire() {
    for (row, col, distance) in [(0, 0, 511.5), (511, 0, 0.5), (0, 1, 0.5), (100, 1, 100.5)] {
        let (mut g_plus, mut g_minus) = (Array2::zeros((512, 2)), Array2::zeros((512, 2)));
        g_plus[[row, col]] = 12e-6;
        g_minus[[row, col]] = 3e-6;
        let spec = PwmSpec { wire: Ohms(100.0), segments: 512, ..QUIET };
        let tile = spec.build(g_plus.view(), g_minus.view()).expect("a tile");
        let mut codes = Array2::zeros((2, 512));
        codes[[0, row]] = 127;
        codes[[1, row]] = -1;
        let drive = tile.drive(codes).expect("codes in range");
        let i_a = (0.6 - 0.4) * (12e-6 - 3e-6) / (1.0 + 100.0 * distance * 15e-6);
        let got = stepped(&tile, &drive, false);
        assert!((got[[0, col]] / (127e-9 * i_a) - 1.0).abs() <= 1e-12);
        assert!((got[[1, col]] / (-1e-9 * i_a) - 1.0).abs() <= 1e-12);
        assert_eq!(got[[0, 1 - col]], 0.0, "a column without cells carries nothing");
    }
}

#[test]
fn the_two_ways_are_mirror_images() {
    let weights = clipped_normals((300, 1), Stream::root(41));
    let mirrored = weights.slice(s![..;-1, ..]).to_owned();
    let both = ndarray::concatenate![ndarray::Axis(1), weights, mirrored];
    let (g_plus, g_minus) = pairs(&both);
    let tile = PwmSpec { wire: Ohms(1.0), ..QUIET };
    let tile = tile.build(g_plus.view(), g_minus.view()).expect("a tile");
    let down = drive(&tile, 3, 42);
    let up = tile.drive(down.codes().slice(s![.., ..;-1]).to_owned()).expect("in range");
    let (down, up) = (stepped(&tile, &down, false), stepped(&tile, &up, false));
    // The rows of a segment are added in the other order.
    assert!(
        largest(&(&down.column(0) - &up.column(1)).insert_axis(ndarray::Axis(0)))
            <= 1e-12 * largest(&down)
    );
}

#[test]
fn a_resting_tile_leaks_what_its_reference_is_off_by() {
    let spec = PwmSpec { wire: Ohms::ZERO, ..PwmSpec::luquin() };
    let tile = tile(spec, 512, 2, 4);
    let drive = tile.drive(Array2::zeros((1, 512))).expect("zeros");
    let got = charges(&tile, &drive, Stream::root(1));
    let g_s: f64 = tile.sides[0].g_s.sum();
    // No pulse, no read noise; 128 steps at −0.5 mV over the whole column.
    assert!((got[[0, 0]] / (-0.5e-3 * g_s * 128e-9) - 1.0).abs() <= 1e-6);
    assert_eq!(got[[0, 0]] as f32, tile.idle_charge_c(tile.bursts()[0])[0] as f32);
}

/// Variance of the charges of all bursts about their mean without noise, each over `draws`.
fn noise(spec: PwmSpec, draws: usize) -> (Array2<f64>, PwmTile, Drive) {
    let tile = tile(PwmSpec { tile_rows: 64, ..spec }, 48, 6, 21);
    let one = drive(&tile, 1, 22);
    let many = one.codes().broadcast((draws, 48)).expect("one vector").to_owned();
    let many = tile.drive(many).expect("codes in range");
    let still = PwmSpec { read: NanosecondRead::NONE, ..*tile.spec() };
    let (g_plus, g_minus) = pairs(&clipped_normals((48, 6), Stream::root(21)));
    let still = still.build(g_plus.view(), g_minus.view()).expect("a tile");
    let off = charges(&tile, &many, Stream::root(23)) - charges(&still, &many, Stream::root(23));
    (off, tile, one)
}

#[test]
fn read_noise_has_the_published_variance_in_every_mode() {
    const DRAWS: usize = 20_000;
    for input in [InputMode::OnePass, InputMode::Split { low_bits: 3 }] {
        let spec = PwmSpec { input, wire: Ohms(50.0), ..PwmSpec::luquin() };
        let (off, tile, one) = noise(spec, DRAWS);
        let noise = NanosecondRead::PCM
            .at(one.mean_steps().next().expect("a vector") * tile.spec().time_step);
        let side = &tile.sides[1];
        let (transfer, codes) = (side.ladder.transfer(), one.vector(0).expect("a vector"));
        // Covariance of two bursts of column 3, the second of those that run up.
        let covariance = |a: Burst, b: Burst| -> f64 {
            let pair = |row: usize| {
                let g = side.g_plus[[row, 1]] - side.g_minus[[row, 1]];
                let sigma = noise.sigma(Siemens(g)).0 * transfer[[side.segment[row], 1]];
                sigma * sigma * f64::from(a.part(codes[row])) * f64::from(b.part(codes[row]))
            };
            (0..48).map(pair).sum::<f64>() * tile.charge_per_siemens().0.powi(2)
        };
        let bursts = tile.bursts();
        for (a, b) in [(0, 0), (0, bursts.len() - 1), (bursts.len() - 1, bursts.len() - 1)] {
            let column = |burst: usize| off.slice(s![burst * DRAWS..(burst + 1) * DRAWS, 3]);
            let got = (&column(a) * &column(b)).sum() / DRAWS as f64;
            let want = covariance(bursts[a], bursts[b]);
            let variances = covariance(bursts[a], bursts[a]) * covariance(bursts[b], bursts[b]);
            // Standard error of a covariance is √((1 + ρ²) V₁ V₂ / n) ≤ √(2 V₁ V₂ / n); five of it.
            let error = (2.0 * variances / DRAWS as f64).sqrt();
            assert!((got - want).abs() <= 5.0 * error, "{input:?}: {got} for {want}");
        }
    }
}

#[test]
fn noise_is_drawn_by_address_and_afresh_for_every_vector() {
    for input in [InputMode::OnePass, InputMode::BitWise] {
        let tile = tile(PwmSpec { input, ..PwmSpec::luquin() }, 40, 5, 31);
        let one = drive(&tile, 1, 32);
        let twice = one.codes().broadcast((2, 40)).expect("one vector").to_owned();
        let twice = tile.drive(twice).expect("codes in range");
        let got = charges(&tile, &twice, Stream::root(1));
        assert_eq!(got, charges(&tile, &twice, Stream::root(1)));
        assert_ne!(got, charges(&tile, &twice, Stream::root(2)));
        assert_ne!(got.row(0), got.row(1));
    }
}

#[test]
fn specifications_are_text_with_units_and_nothing_unknown() {
    let spec = PwmSpec { input: InputMode::Split { low_bits: 3 }, ..PwmSpec::luquin() };
    let text = toml::to_string(&spec).expect("a table");
    assert!(text.contains("v_read = \"400.5 mV\"") && text.contains("mode = \"split\""), "{text}");
    assert_eq!(toml::from_str::<PwmSpec>(&text), Ok(spec));
    let error = toml::from_str::<PwmSpec>(&format!("rs = \"1 Ohm\"\n{text}")).unwrap_err();
    assert!(error.message().contains("unknown field `rs`"), "{error}");
    let short: String =
        text.lines().filter(|l| !l.starts_with("wire")).fold(String::new(), |t, l| t + l + "\n");
    assert!(toml::from_str::<PwmSpec>(&short).is_err(), "no default for physics");
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let g_s = Array2::from_elem((4, 2), 1e-6);
    let spec = PwmSpec { tile_rows: 8, segments: 4, ..QUIET };
    let build = |spec: PwmSpec| spec.build(g_s.view(), g_s.view()).map(|_| ()).unwrap_err();
    let text = |error: PwmError| error.to_string();
    let wire = Ohms(-1.0);
    assert_eq!(
        text(build(PwmSpec { wire, ..spec })),
        "wire is -1 Ω: it must be zero or positive and finite"
    );
    assert_eq!(
        build(PwmSpec { segments: 3, ..spec }),
        PwmError::Segments { segments: 3, tile_rows: 8 }
    );
    assert_eq!(
        build(PwmSpec { segments: 0, ..spec }),
        PwmError::Segments { segments: 0, tile_rows: 8 }
    );
    assert_eq!(build(PwmSpec { bits: 1, ..spec }), PwmError::Bits { bits: 1 });
    let size = PwmError::Size { rows: 4, cols: 2, tile_rows: 3 };
    assert_eq!(build(PwmSpec { tile_rows: 3, segments: 1, ..spec }), size);
    for (v_hi, v_mid) in [(0.2, 0.4), (f64::NAN, 0.4), (0.6, f64::INFINITY)] {
        let error = build(PwmSpec { v_hi: Volts(v_hi), v_mid: Volts(v_mid), ..spec });
        assert!(matches!(error, PwmError::Quantity { .. }), "{error}");
    }
    let mut bad = g_s.clone();
    bad[[3, 1]] = -1e-9;
    let error = spec.build(g_s.view(), bad.view()).map(|_| ()).unwrap_err();
    assert_eq!(
        text(error),
        "g_minus of -0.000000001 S at row 3, column 1 must be zero or positive and finite"
    );
    let error = spec.build(g_s.view(), g_s.slice(s![..3, ..])).map(|_| ()).unwrap_err();
    assert_eq!(error, PwmError::Pairs { plus: (4, 2), minus: (3, 2) });

    let tile = spec.build(g_s.view(), g_s.view()).expect("a tile");
    let error = tile.drive(Array2::from_elem((2, 4), 128)).unwrap_err();
    assert_eq!(text(error), "code 128 of row 0 in vector 0 is outside -127..=127");
    let error = tile.drive(Array2::from_elem((2, 5), 0)).unwrap_err();
    assert_eq!(error, PwmError::Inputs { codes: 5, rows: 4 });
    let drive = tile.drive(Array2::from_elem((2, 4), -127)).expect("in range");
    let error = tile.waveform(&drive, 2, 0).unwrap_err();
    assert_eq!(text(error), "vector 2 does not exist: there are 2");
    assert!(tile.waveform(&drive, 0, 1).is_err());
    let short = PwmSpec { bits: 4, ..spec }.build(g_s.view(), g_s.view()).expect("a tile");
    let error = short.waveform(&drive, 0, 0).unwrap_err();
    assert_eq!(error, PwmError::Foreign { drive_top: 127, top: 7 });
}
