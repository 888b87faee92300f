//! Every part that the laws run over. To test a new part, list it here.

use std::sync::Arc;

use cim_adc::{Adc, Dac, DacSpec, Polarity, Uniform, UniformSpec};
use cim_core::{Amps, Kelvin, Seconds, Siemens, Volts};
use cim_device::models::{Composed, NoiseSpec};
use cim_device::{
    Conduction, Device, GaussianSpec, Ideal, StuckSpec, TelegraphSpec, TemperatureSpec, Window,
    published, published_names,
};
use cim_tile::{Differential, Mapping, MappingSpec, OffsetColumn};
use proptest::test_runner::{Config, RngSeed};

use crate::foreign::{LoneColumn, TwosComplement};

/// Every device model, the Gaussian one with each of its terms, every
/// published device, and each effect around one of them.
pub fn devices() -> Vec<(&'static str, Arc<dyn Device>)> {
    let window = Window::new(Siemens(1e-6), Siemens(100e-6)).expect("a window");
    let mut devices: Vec<(&'static str, Arc<dyn Device>)> =
        vec![("ideal", Arc::new(Ideal { window }))];
    let us = |x: f64| Siemens(x * 1e-6);
    let none = NoiseSpec::NONE;
    for (name, programming, read) in [
        ("gaussian-silent", none, none),
        ("gaussian-constant", NoiseSpec { constant: us(3.0), ..none }, none),
        ("gaussian-proportional", NoiseSpec { proportional: 0.1, ..none }, none),
        ("gaussian-linear", NoiseSpec { linear: us(0.2), ..none }, none),
        ("gaussian-inverse", NoiseSpec { inverse: us(0.5), inverse_at: us(2.0), ..none }, none),
        (
            "gaussian-all",
            NoiseSpec {
                constant: us(1.0),
                proportional: 0.02,
                inverse: us(0.25),
                inverse_at: us(2.0),
                linear: us(0.01),
            },
            NoiseSpec { constant: us(0.1), proportional: 0.01, ..none },
        ),
    ] {
        let spec = GaussianSpec {
            g_off: window.g_min,
            g_on: window.g_max,
            programming,
            read,
            current_voltage: Conduction::Sinh { scale: Volts(0.4) },
        };
        devices.push((name, Arc::new(spec.build().expect(name))));
    }
    for name in published_names() {
        devices.push((name, published(name).expect(name).device));
    }
    let pcm = || published("pcm").expect("pcm").device;
    let telegraph =
        TelegraphSpec { share: 0.3, depth: 0.2, high: Seconds(100.0), low: Seconds(40.0) };
    let stuck =
        StuckSpec::Random { share_low: 0.01, share_high: 0.02, low: us(0.2), high: us(24.0) };
    devices.push(("composed", Arc::new(Composed::of(&pcm()))));
    let both = telegraph.build(pcm()).expect("a device");
    let both = stuck.clone().build(Arc::new(both)).expect("a device");
    devices.push(("pcm, telegraph", Arc::new(telegraph.build(pcm()).expect("a device"))));
    devices.push(("pcm, stuck", Arc::new(stuck.build(pcm()).expect("a device"))));
    devices.push(("pcm, telegraph, stuck", Arc::new(both)));
    let activation = Volts(0.0);
    let cold = TemperatureSpec { programmed_at: Kelvin(300.0), read_at: Kelvin(250.0), activation };
    devices.push(("pcm, cold", Arc::new(cold.build(pcm()).expect("a device"))));
    devices
}

/// Every registered mapping, pairs and offset columns at a few sizes, and two that are not of the
/// library: lone columns, whose zero is subtracted digitally.
pub fn mappings() -> Vec<(String, Arc<dyn Mapping>)> {
    let mut mappings: Vec<(String, Arc<dyn Mapping>)> = MappingSpec::registered()
        .into_iter()
        .map(|spec| (format!("{spec:?}"), spec.build().expect("a registered mapping")))
        .collect();
    for top in [1, 3, 127, u16::MAX] {
        mappings.push((format!("differential, {top}"), Arc::new(Differential::new(top))));
        mappings.push((format!("offset column, {top}"), Arc::new(OffsetColumn::new(top))));
    }
    mappings.push(("two's complement".into(), Arc::new(TwosComplement { bits: 6 })));
    mappings.push(("lone column".into(), Arc::new(LoneColumn { shift: 300 })));
    mappings
}

/// Every way to drive rows.
pub const POLARITIES: [Polarity; 3] = [Polarity::Unipolar, Polarity::Bipolar, Polarity::TwoPhase];

/// Every ADC at every resolution, with its largest code. Full scale 30 µA.
pub fn adcs() -> Vec<(String, i32, Box<dyn Adc>)> {
    (2..=16)
        .map(|bits| {
            let spec = UniformSpec { bits, full_scale: Amps(30e-6), input_noise: Amps::ZERO };
            let adc: Uniform = spec.build().expect("2 to 16 bits");
            (format!("uniform, {bits} bits"), adc.top_code(), Box::new(adc) as Box<dyn Adc>)
        })
        .collect()
}

/// Every DAC at every resolution, with the smallest code. Read voltage 0.2 V.
pub fn dacs() -> Vec<(String, i32, Dac)> {
    let unipolar = (1..=16).map(|bits| DacSpec { bits, polarity: Polarity::Unipolar });
    let bipolar = (2..=16).map(|bits| DacSpec { bits, polarity: Polarity::Bipolar });
    let phases = (1..=16).map(|bits| DacSpec { bits, polarity: Polarity::TwoPhase });
    unipolar
        .chain(bipolar)
        .chain(phases)
        .map(|spec| {
            let dac = spec.build(Volts(0.2)).expect("1 or 2 to 16 bits");
            let lowest = if spec.polarity.is_signed() { -dac.top_code() } else { 0 };
            (format!("{:?}, {} bits", spec.polarity, spec.bits), lowest, dac)
        })
        .collect()
}

/// Random cases of the property tests: the same ones in every run, `count` of them or as many as
/// the environment asks for in `PROPTEST_CASES`.
pub fn cases(count: u32) -> Config {
    #[expect(clippy::disallowed_methods, reason = "the variable of proptest, read by tests alone")]
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    Config {
        cases: asked.unwrap_or(count),
        rng_seed: RngSeed::Fixed(17),
        failure_persistence: None,
        ..Config::default()
    }
}
