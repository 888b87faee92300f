//! Thermal and shot noise of a column, drawn by the real read-out, against the published table.

use std::sync::Arc;

use cim_core::{Hertz, Kelvin, Scratch, Siemens, Stream, Tally};
use cim_crossbar::{Ambient, Crossbar, Readout, Sensed, Wires};
use cim_device::{Ideal, Window};
use cim_tests::statistics::{Sample, standard_errors, variance_ratio_range};
use ndarray::Array2;

/// Reads of which a variance is taken.
const READS: usize = 40_000;

/// Noise (A²) of a column of 128 cells of 20 µS, every other row driven by 0.2 V of either sign:
/// half activity, 0.256 mA counted without sign.
fn column_noise(ambient: Ambient, sign: f32, at: Stream) -> Sample {
    let window = Window::new(Siemens::ZERO, Siemens(100e-6)).expect("a window");
    let targets = Array2::from_elem((128, 1), 20e-6);
    let (device, tally) = (Arc::new(Ideal { window }), &mut Tally::default());
    let array = Crossbar::program(device, Wires::NONE, ambient, targets.view(), at, tally);
    let array = array.expect("an array");
    let readout = Readout::compile(&array, &[Sensed { plus: 0, minus: None }], 0.0);
    let volts = |k: usize| match k % 4 {
        0 => 0.2,
        2 => 0.2 * sign,
        _ => 0.0,
    };
    let row_v: Vec<f32> = (0..READS * 128).map(|k| volts(k % 128)).collect();
    let mut sensed_a = vec![0.0; READS];
    let scratch = &mut Scratch::default();
    readout.expect("column 0").currents(&row_v, READS, at, &mut sensed_a, scratch);
    let sample = Sample::of(sensed_a.iter().map(|&i| f64::from(i)));
    let want = if sign > 0.0 { 0.256e-3 } else { 0.0 };
    // Plus 128 roundings to f32 of the whole current.
    let allowed = standard_errors() * sample.mean_error() + 0.256e-3 * 128.0 / (1 << 24) as f64;
    assert!((sample.mean - want).abs() <= allowed, "mean {} A", sample.mean);
    sample
}

/// Half a unit of the last digit printed, and chi-square of 40,000 reads. Rounding the sum of the
/// column to `f32`, by 0.256 mA · 2⁻²⁵ at most, is below 1e-5 of the smallest variance.
#[test]
fn thermal_and_shot_noise_equal_the_published_table() {
    let (low, high) = variance_ratio_range((READS - 1) as f64);
    let table = [(1e6, 6.5, 9.1), (1e7, 20.6, 28.6), (1e8, 65.0, 91.0), (1e9, 206.0, 286.0)];
    for (k, (bandwidth, thermal_na, shot_na)) in table.into_iter().enumerate() {
        let at = Stream::root(1).child("bandwidth", k as u64);
        let thermal = Ambient {
            temperature: Kelvin(300.0),
            bandwidth: Hertz(bandwidth),
            amplifier_factor: 0.0,
            fano_factor: 0.0,
        };
        let shot = Ambient { temperature: Kelvin::ZERO, fano_factor: 1.0, ..thermal };
        for (name, ambient, want_na) in [("thermal", thermal, thermal_na), ("shot", shot, shot_na)]
        {
            let digit = if want_na < 100.0 { 0.05 } else { 0.5 };
            // 65 and 91 nA are printed without the digit that 6.5 and 9.1 nA have.
            let digit = if want_na == 65.0 || want_na == 91.0 { 0.5 } else { digit };
            for sign in [1.0, -1.0] {
                let rms_na =
                    column_noise(ambient, sign, at.child(name, sign as u64)).variance.sqrt() * 1e9;
                let (least, most) =
                    ((want_na - digit) * low.sqrt(), (want_na + digit) * high.sqrt());
                let found = format!("{name} at {bandwidth} Hz: {rms_na} nA");
                assert!(least * (1.0 - 1e-5) <= rms_na && rms_na <= most * (1.0 + 1e-5), "{found}");
            }
        }
    }
}

/// The amplifier's noise is a multiple of the array's own, the Fano factor scales shot noise, and
/// independent sources add up in variance.
#[test]
fn sources_add_up_in_variance() {
    let (low, high) = variance_ratio_range((READS - 1) as f64);
    let ambient = Ambient {
        temperature: Kelvin(350.0),
        bandwidth: Hertz(5e8),
        amplifier_factor: 1.5,
        fano_factor: 0.4,
    };
    let thermal = 4.0 * 1.380_649e-23 * 350.0 * 128.0 * 20e-6 * 5e8 * 2.5;
    // Half of the cells at 0.2 V, by their own coth: full shot noise in place of the
    // thermal noise that the Fano factor takes away.
    let coth = 1.0 / f64::tanh(1.602_176_634e-19 * 0.2 / (2.0 * 1.380_649e-23 * 350.0));
    let replaced = 4.0 * 1.380_649e-23 * 350.0 * 64.0 * 20e-6 * 5e8 * 0.4;
    let shot = 2.0 * 1.602_176_634e-19 * 0.256e-3 * 5e8 * 0.4 * coth - replaced;
    let ratio = column_noise(ambient, 1.0, Stream::root(2)).variance / (thermal + shot);
    assert!(low <= ratio && ratio <= high, "variance ratio {ratio}");
}
