//! Operating points: random layers on random parts, in each of which another source of noise rules.

use std::sync::Arc;

use cim_adc::{Dac, DacSpec, Polarity};
use cim_core::{Amps, Hertz, Kelvin, Siemens, Stream, Volts};
use cim_crossbar::Ambient;
use cim_device::models::NoiseSpec;
use cim_device::{Conduction, GaussianSpec, Window};
use cim_tests::chip::{design, silent, uniforms};
use cim_tile::{Calibration, LayerDesign, LayerErrors, Parts};
use ndarray::Array2;

/// A layer, what drives it, and the parts that carry it.
pub struct OperatingPoint {
    pub name: &'static str,
    /// Source, as named by `ColumnErrors::sources`, that makes up most of the variance in front of
    /// the converter of every column; none if sources are mixed.
    pub dominant: Option<&'static str>,
    pub parts: Parts,
    pub design: LayerDesign,
    pub weights: Array2<f32>,
    pub x: Array2<f32>,
}

/// Sizes of the noises of a point; what is not named is drawn.
struct Sizes {
    volts: f64,
    programming_us: f64,
    read_us: f64,
    temperature_k: f64,
    bandwidth_hz: f64,
    /// Noise of the converter in units of the programming error of one cell at full drive.
    adc: f64,
    sinh: bool,
}

/// One point for each source that can dominate, then five in which all are mixed.
pub fn all() -> Vec<OperatingPoint> {
    let at = |k: u64| Stream::root(41).child("point", k);
    let small = Sizes {
        volts: 0.2,
        programming_us: 0.02,
        read_us: 0.02,
        temperature_k: 4.0,
        bandwidth_hz: 1e6,
        adc: 0.0,
        sinh: false,
    };
    let thermal = Sizes { volts: 2e-3, temperature_k: 350.0, bandwidth_hz: 1e9, ..small };
    let shot = Sizes { volts: 0.5, temperature_k: 20.0, bandwidth_hz: 2e10, ..small };
    let programming = Sizes { programming_us: 1.0, ..small };
    let read = Sizes { read_us: 0.8, ..small };
    let input = Sizes { adc: 200.0, ..small };
    let mut points = vec![
        point("thermal", Some("thermal"), thermal, at(0)),
        point("shot", Some("shot"), shot, at(1)),
        point("programming", Some("programming"), programming, at(2)),
        point("read", Some("read"), read, at(3)),
        point("ADC input", Some("ADC input"), input, at(4)),
    ];
    for k in 5..10 {
        let u = |label| scalar(0.0, 1.0, at(k), label);
        let mixed = Sizes {
            volts: 0.05 + 0.2 * u("volts"),
            programming_us: 0.15 + 0.3 * u("programming"),
            read_us: 0.15 + 0.3 * u("read"),
            temperature_k: 250.0 + 150.0 * u("temperature"),
            bandwidth_hz: 10f64.powf(8.5 + u("bandwidth")),
            adc: 5.0 * u("adc"),
            sinh: true,
        };
        points.push(point("mixed", None, mixed, at(k)));
    }
    points
}

fn point(
    name: &'static str,
    dominant: Option<&'static str>,
    sizes: Sizes,
    at: Stream,
) -> OperatingPoint {
    let draw = |low, high, label| scalar(low, high, at, label);
    let us = |x: f64| Siemens(x * 1e-6);
    let (g_min, span) = (draw(10.0, 20.0, "g_min"), draw(30.0, 90.0, "span"));
    let noise = |constant_us, proportional| NoiseSpec {
        constant: us(constant_us),
        proportional,
        ..NoiseSpec::NONE
    };
    let device = GaussianSpec {
        // Programming errors are below a tenth of the least conductance: none reaches these ends.
        g_off: us(0.2 * g_min),
        g_on: us(2.0 * (g_min + span)),
        programming: noise(sizes.programming_us, 1e-2 * sizes.programming_us),
        read: noise(sizes.read_us, 1e-2 * sizes.read_us),
        current_voltage: if sizes.sinh {
            Conduction::Sinh { scale: Volts(sizes.volts * draw(1.0, 2.0, "sinh")) }
        } else {
            Conduction::Ohmic
        },
    };
    let mut parts = Parts {
        device: Arc::new(device.clone().build().expect("a device")),
        window: Window::new(us(g_min), us(g_min + span)).expect("a window"),
        read_voltage: Volts(sizes.volts),
        dac: DacSpec {
            bits: 4 + (5.0 * draw(0.0, 1.0, "bits")) as u32,
            polarity: Polarity::Bipolar,
        },
        adc_noise: Amps(sizes.adc * sizes.programming_us * 1e-6 * sizes.volts),
        ambient: Ambient {
            temperature: Kelvin(sizes.temperature_k),
            bandwidth: Hertz(sizes.bandwidth_hz),
            amplifier_factor: draw(0.0, 1.0, "amplifier"),
            fano_factor: 1.0,
        },
        ..silent(30 + (15.0 * draw(0.0, 1.0, "rows")) as usize, 6)
    };
    let weights = uniforms(90, 10, -0.8, 0.8, at.child("weights", 0));
    let x = uniforms(4, 90, -1.0, 1.0, at.child("x", 0));
    let mut design = design(&parts, weights.dim(), 0.7, 1.0, 1e3);
    let dac: Dac = parts.check().expect("parts");
    let calibration = Calibration::new(x.view(), 1.0, &dac);
    design.drive_gain =
        calibration.drive_gain(&device.current_voltage, parts.read_voltage, parts.dac);
    fit_converters(&mut parts, &mut design, &weights, &calibration, draw(0.8, 1.6, "steps"));
    OperatingPoint { name, dominant, parts, design, weights, x }
}

/// Gives every tile a full scale that nothing passes, and all the resolution at which the least
/// noise of each spans `steps` steps at least.
fn fit_converters(
    parts: &mut Parts,
    design: &mut LayerDesign,
    weights: &Array2<f32>,
    calibration: &Calibration,
    steps: f64,
) {
    let errors = LayerErrors::of(parts, design, weights.view(), calibration).expect("errors");
    let mut wanted = Vec::new();
    for tile in &errors.tiles {
        let pairs = || tile.phases.iter().flat_map(|p| p.ideal_a.iter().zip(&p.sigma_a));
        // The mean lies within a tenth of the ideal current: sinh cells are weakly superlinear.
        let reach = pairs().fold(0.0, |m: f64, (i, s)| m.max(1.2 * i.abs() + 8.0 * s));
        let least = pairs().fold(f64::INFINITY, |m: f64, (_, s)| m.min(*s));
        wanted.push((tile.place, reach, least / steps));
    }
    let count = |(_, reach, step): &((usize, usize), f64, f64)| 2.0 * reach / step + 1.0;
    let most = wanted.iter().map(count).fold(0.0, f64::max);
    parts.adc_bits = most.log2().ceil() as u32;
    assert!(parts.adc_bits <= 16, "an ADC of {} bits", parts.adc_bits);
    let levels = f64::from((1u32 << parts.adc_bits) - 1);
    for (place, _, step) in wanted {
        design.full_scale[place] = Amps(0.5 * levels * step);
    }
}

/// A number uniform in `[low, high)` at a labelled address.
fn scalar(low: f64, high: f64, at: Stream, label: &'static str) -> f64 {
    let mut u = [0.0];
    at.child(label, 0).fill_uniform(0, &mut u);
    low + (high - low) * f64::from(u[0])
}
