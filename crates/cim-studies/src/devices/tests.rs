//! The study on a handful of small images.

use cim_device::published_names;
use serde_json::Value;

use super::Devices;
use super::on_device::METHODS;
use super::spec::Spec;
use super::stages;
use crate::parse::parse;
use crate::shared::corners::data;
use crate::shared::nowhere::Nowhere;
use crate::study::{Study, StudySpec};

fn preset() -> Spec {
    parse(Devices::PRESET).expect("valid")
}

#[test]
fn the_preset_has_every_published_device() {
    let mut names = preset().devices.names;
    let mut published = published_names();
    names.sort_unstable();
    published.sort_unstable();
    assert_eq!(names, published);
}

#[test]
fn what_cannot_be_is_refused_before_any_work() {
    for (names, words) in [(vec![], "one or more names"), (vec!["pmc"], "did you mean 'pcm'?")] {
        let mut spec = preset();
        spec.devices.names = names.into_iter().map(str::to_owned).collect();
        let error = spec.check().expect_err("must be refused");
        let text = format!("{error}: {}", error.help().unwrap_or_default());
        assert!(text.contains(words), "{text}");
    }
}

/// Effects are around every device: all cells stuck at the bottom hold it, whatever they are asked to.
#[test]
fn effects_are_around_every_device() {
    let mut spec = preset();
    let stuck = "effects = [{ kind = 'stuck', cells = 'random', share_low = 1.0, share_high = 0.0, \
                 low = '0 S', high = '1 uS' }]";
    let table: toml::Table = stuck.parse().expect("TOML");
    spec.devices.effects = table["effects"].clone().try_into().expect("effects");
    spec.check().expect("they can be");
    for name in &spec.devices.names {
        let held = |spec: &Spec| {
            let device = spec.on(name).expect("a job").parts.device;
            device.programmed(device.window().g_max.0).mean
        };
        assert!(held(&spec) < 1e-12 && 1e-6 < held(&preset()), "{name}");
    }
}

/// Two devices with two test sets: every method on each, over chips of each network; what was chosen does
/// not depend on the test set.
#[test]
fn every_device_has_every_method_and_choices_see_no_test_set() {
    let mut spec = preset().quick();
    spec.devices.names.truncate(2);
    spec.network.widths = Some(vec![36, 12, 8, 4]);
    (spec.tile.rows, spec.tile.outputs) = (20, 8);
    (spec.holdout.images, spec.calibration.images) = (80, 32);
    spec.choices.clip_shares = vec![0.5, 1.0];
    for recipe in [&mut spec.training.digital, &mut spec.training.further] {
        (recipe.epochs, recipe.batch) = (3, 20);
    }
    let report = |test| {
        let found = stages::run(&spec, &data(test), &Nowhere.context()).expect("it runs");
        found.report.data
    };
    let (a, b) = (report(0), report(1));
    let of = |report: &serde_json::Map<String, Value>, path: &str| {
        report["devices"].pointer(path).unwrap_or_else(|| panic!("{path}")).clone()
    };
    for place in 0..2 {
        for (key, length) in [("methods", METHODS.len()), ("heuristics", 2)] {
            let list = of(&a, &format!("/{place}/{key}"));
            assert_eq!(list.as_array().map(Vec::len), Some(length), "{key}");
        }
        for method in 0..METHODS.len() {
            let path = format!("/{place}/methods/{method}");
            assert_eq!(of(&a, &format!("{path}/accuracy/chips")), 4, "2 chips of each of 2");
            for key in ["energy_j", "read_voltage_v"] {
                let path = format!("{path}/{key}");
                assert_eq!(of(&a, &path), of(&b, &path), "chosen before the test");
            }
        }
        for key in ["in_use", "objective_rank"] {
            let path = format!("/{place}/{key}");
            assert_eq!(of(&a, &path), of(&b, &path), "no test set is looked at");
        }
    }
    assert_ne!(of(&a, "/0/methods/0/accuracy"), of(&b, "/0/methods/0/accuracy"));
}
