//! Every part that the laws run over. To test a new part, list it here.

use std::sync::Arc;

use cim_adc::{Adc, Dac, DacSpec, Polarity, Uniform, UniformSpec};
use cim_core::{Amps, Volts};
use cim_device::models::Composed;
use cim_device::{Device, EffectSpec, ModelSpec, published};
use cim_tile::{Differential, Mapping, MappingSpec, OffsetColumn};
use proptest::test_runner::{Config, RngSeed};

pub use cim_laws::mapping::POLARITIES;

use crate::foreign::{LoneColumn, TwosComplement};

/// Every kind of cell, every published device, every effect around one of them, and two effects in
/// each other.
pub fn devices() -> Vec<(String, Arc<dyn Device>)> {
    let models = ModelSpec::registered().into_iter();
    let mut devices: Vec<(String, Arc<dyn Device>)> =
        models.map(|(name, spec)| (name.to_owned(), spec.build().expect(name))).collect();
    let around = |names: &[&str]| {
        let mut device = published("pcm").expect("pcm").device;
        for name in names {
            let effects = EffectSpec::registered();
            let (_, effect) = effects.into_iter().find(|(n, _)| n == name).expect("registered");
            device = effect.build(device).expect("an effect around a device");
        }
        (format!("pcm, {}", names.join(", ")), device)
    };
    devices.extend(EffectSpec::registered().into_iter().map(|(name, _)| around(&[name])));
    devices.push(around(&["telegraph", "stuck"]));
    let pcm = published("pcm").expect("pcm").device;
    devices.push(("composed".to_owned(), Arc::new(Composed::of(&pcm))));
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

/// Drives by codes, of either sign or in two phases: those that the convex program knows.
pub const CODES: [Polarity; 3] = [Polarity::Unipolar, Polarity::Bipolar, Polarity::TwoPhase];

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
