//! Every specification reads from a file with units, writes what it reads back, and refuses a key
//! that it does not know.

use std::fmt::Debug;

use cim_device::compensation::CompensationSpec;
use cim_device::models::{StuckSpec, TelegraphSpec, TemperatureSpec};
use cim_device::{
    CmoHfoxSpec, DeviceError, DeviceSpec, EffectSpec, LogNormalSpec, ModelSpec, PcmSpec,
    RramWanSpec, SynaptogenSpec,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn check<S: Serialize + DeserializeOwned + PartialEq + Debug>(spec: &S) -> String {
    let text = toml::to_string(spec).expect("a specification can be written");
    assert_eq!(toml::from_str::<S>(&text).as_ref(), Ok(spec), "{text}");
    let unknown = format!("colour = \"red\"\n{text}");
    let error = toml::from_str::<S>(&unknown).expect_err("an unknown key").to_string();
    assert!(error.contains("colour"), "{error}");
    text
}

fn read<S: Serialize + DeserializeOwned + PartialEq + Debug>(text: &str) -> S {
    let spec = toml::from_str(text).expect("a specification");
    check(&spec);
    spec
}

#[test]
fn published_specifications_survive_a_file() {
    let text = check(&PcmSpec::PUBLISHED);
    for line in ["g_max = \"25 uS\"", "t0 = \"20 s\"", "pulse = \"250 ns\"", "strength = 0.0088"] {
        assert!(text.contains(line), "{text}");
    }
    check(&RramWanSpec::published());
    check(&RramWanSpec::published_cross_sim());
    check(&CmoHfoxSpec::published());
    check(&LogNormalSpec::PUBLISHED);
    let text = check(&SynaptogenSpec::PUBLISHED);
    assert!(text.contains("constants = \"physical\"") && text.contains("\"100 MHz\""), "{text}");
}

#[test]
fn effects_read_as_they_are_written_by_hand() {
    read::<TelegraphSpec>("share = 0.3\ndepth = 0.1\nhigh = \"2 ms\"\nlow = \"40 us\"");
    read::<TemperatureSpec>(
        "programmed_at = \"300 K\"\nread_at = \"358 K\"\nactivation = \"50 mV\"",
    );
    read::<StuckSpec>(
        "cells = \"random\"\nshare_low = 0.01\nshare_high = 0.002\nlow = \"0 S\"\nhigh = \"25 uS\"",
    );
    let listed: StuckSpec =
        toml::from_str("cells = \"listed\"\nmap = [{ row = 3, col = 7, conductance = \"0 S\" }]")
            .expect("a map");
    assert!(matches!(listed, StuckSpec::Listed { map } if map.len() == 1));
    read::<SynaptogenSpec>("order = 10\nread_noise = { constants = \"library-compatible\" }");
    read::<CompensationSpec>(
        "scope = \"per-column\"\nnoise = \"10 nA\"\nrepeats = 16\nfloor = \"1 nA\"",
    );
    let bare = "share = 0.3\ndepth = 0.1\nhigh = 2\nlow = \"40 us\"";
    let error = toml::from_str::<TelegraphSpec>(bare).expect_err("a bare number").to_string();
    assert!(error.contains("bare number 2"), "{error}");
}

#[test]
fn any_device_reads_from_a_file_and_its_effects_in_order() {
    let models = [
        ModelSpec::Published { name: "synaptogen".into() },
        ModelSpec::Pcm(PcmSpec::PUBLISHED),
        ModelSpec::RramWan(RramWanSpec::published()),
        ModelSpec::CmoHfox(CmoHfoxSpec::published()),
        ModelSpec::LogNormal(LogNormalSpec::PUBLISHED),
    ];
    let effects = [
        "kind = \"telegraph\"\nshare = 0.3\ndepth = 0.1\nhigh = \"2 ms\"\nlow = \"40 us\"",
        "kind = \"temperature\"\nprogrammed_at = \"300 K\"\nread_at = \"358 K\"\nactivation = \"50 mV\"",
        "kind = \"stuck\"\ncells = \"listed\"\nmap = [{ row = 3, col = 7, conductance = \"0 S\" }]",
    ];
    let effects: Vec<EffectSpec> = effects.map(read).into();
    for model in models {
        check(&model);
        let spec = DeviceSpec { model, effects: effects.clone() };
        check(&spec);
        let device = spec.build().expect("a device");
        assert!(device.window().span().0 > 0.0);
    }
    let error = ModelSpec::Published { name: "pmc".into() }.build().err();
    assert!(matches!(error, Some(DeviceError::UnknownDevice { .. })));
}
