//! The published table of signal-to-noise ratios, source by source, from the layer's error model.

use std::sync::Arc;

use cim_core::{Amps, Hertz, Kelvin, Siemens, Stream, Volts};
use cim_crossbar::Ambient;
use cim_device::models::NoiseSpec;
use cim_device::{Conduction, GaussianSpec, Window};
use cim_opt::{gaussian_full_scale, psi};
use cim_tests::chip::{design, normals, silent};
use cim_tile::{Calibration, ColumnErrors, LayerErrors, Parts};
use statrs::distribution::{ContinuousCDF, Normal};

/// Vectors over which powers are averaged.
const SAMPLES: usize = 2048;
/// Columns over which powers are averaged.
const OUTPUTS: usize = 64;

/// Errors per unit of signal power of 128 rows at 0.2 V, a temperature and 10 MHz, with `E[w²] = 0.04` and
/// drives of `±√0.1`, at the optimal full scale.
fn shares(
    kelvin: f64,
    (g_min_us, span_us): (f64, f64),
    bits: u32,
    programming_us: f64,
) -> ColumnErrors {
    let us = |x: f64| Siemens(x * 1e-6);
    let window = Window::new(us(g_min_us), us(g_min_us + span_us)).expect("a window");
    let device = GaussianSpec {
        g_off: window.g_min,
        g_on: window.g_max,
        programming: NoiseSpec { constant: us(programming_us), ..NoiseSpec::NONE },
        read: NoiseSpec::NONE,
        current_voltage: Conduction::Ohmic,
    };
    let parts = Parts {
        device: Arc::new(device.build().expect("a device")),
        window,
        read_voltage: Volts(0.2),
        adc_bits: bits,
        ambient: Ambient {
            temperature: Kelvin(kelvin),
            bandwidth: Hertz(1e7),
            amplifier_factor: 0.0,
            fano_factor: 1.0,
        },
        ..silent(128, OUTPUTS)
    };
    let mut weights = normals(128, OUTPUTS, Stream::root(1));
    let rms = (weights.mapv(|w| w * w).sum() / weights.len() as f32).sqrt();
    weights.mapv_inplace(|w| w * 0.2 / rms);
    let x = normals(SAMPLES, 128, Stream::root(2)).mapv(|n| 0.1f32.sqrt().copysign(n));
    let calibration = Calibration::new(x.view(), 1.0, &parts.check().expect("parts"));
    let mut design = design(&parts, weights.dim(), 1.0, 1.0, 1.0);
    let wide = LayerErrors::of(&parts, &design, weights.view(), &calibration).expect("errors");
    let ideal_a = &wide.tiles[0].ideal_a;
    let sigma_a = (ideal_a.mapv(|i| i * i).sum() / ideal_a.len() as f64).sqrt();
    design.full_scale.fill(Amps(gaussian_full_scale(bits) * sigma_a));
    LayerErrors::of(&parts, &design, weights.view(), &calibration).expect("errors").shares()
}

/// Decibels of one part in `share`.
fn db(share: f64) -> f64 {
    -10.0 * share.log10()
}

/// Half a unit of the last digit printed, and what finite samples leave: with the totals of `w²` and
/// `x²` fixed, the signal power is off by `√2/√(samples · columns)` of itself per standard error,
/// six of which are 0.1 dB.
///
/// Our converter has `2^b − 1` steps where the table has `2^b`. Programming is taken from windows
/// 20 µS higher up, where no cell comes near 0 S: the table knows no such floor, and the variance
/// does not depend on the place.
#[test]
fn signal_to_noise_equals_the_published_table() {
    let sampling = db(1.0 - 6.0 * (2.0 / (SAMPLES * OUTPUTS) as f64).sqrt());
    for (g_max, bits, thermal, shot, programming, quantisation, clipping) in [
        (20.0, 8, 48.0, 48.0, 8.6, 41.0, 51.0),
        (50.0, 6, 54.0, 53.0, 16.8, 31.0, 39.0),
        (100.0, 4, 57.0, 56.0, 22.9, 20.7, 27.0),
        (100.0, 8, 57.0, 56.0, 22.9, 41.0, 51.0),
    ] {
        let silent = shares(300.0, (1.0, g_max - 1.0), bits, 0.0);
        // The table adds full shot noise to full thermal noise: that of cells at 0 K.
        let cold = shares(0.0, (1.0, g_max - 1.0), bits, 0.0);
        let noisy = shares(300.0, (21.0, g_max - 1.0), bits, 1.0);
        // Rounding happens inside the range only: clipping takes its share of conversions away.
        let inside = 1.0 - 2.0 * Normal::standard().sf(gaussian_full_scale(bits));
        let ours = 20.0 * (1.0 - 0.5f64.powi(bits as i32)).log10() + db(inside);
        let quantisation_digit = if bits == 4 { 0.05 } else { 0.5 };
        for (name, share, want, digit) in [
            ("thermal", silent.thermal, thermal, 0.5),
            ("shot", cold.shot, shot, 0.5),
            ("programming", noisy.programming, programming, 0.05),
            ("quantisation", noisy.quantisation, quantisation + ours, quantisation_digit),
        ] {
            let off = (db(share) - want).abs();
            assert!(off <= digit + sampling, "{name}, {bits} bits: {} dB", db(share));
        }
        let got = db(psi(gaussian_full_scale(bits)));
        assert!((got - clipping).abs() <= 0.5, "clipping at {bits} bits: {got} dB");
    }
}
