//! Every published device goes through the whole design of the default study, alone and with an effect
//! around it: parts, naive mapping, certified program, chips.

use cim_chip::{ChipDesign, FullScale, Goal, LayerInputs, Reference, Task, measure, optimise};
use cim_core::Stream;
use cim_device::published_names;
use cim_nn::Dataset;
use cim_studies::Study;
use cim_studies::paper::{Paper, Spec};
use toml::{Table, Value};

/// The default preset on another device, without the sweep that only Gaussian cells have.
fn preset(device: &str, effects: &str) -> Spec {
    let mut preset: Table = Paper::PRESET.parse().expect("the built-in preset");
    let own = format!("model = {{ kind = 'published', name = '{device}' }}\neffects = [{effects}]");
    preset.insert("device".into(), Value::Table(own.parse().expect("a device")));
    let sweeps = preset["sweeps"].as_table_mut().expect("a section");
    sweeps.insert("programming_scale".into(), Value::Array(Vec::new()));
    preset.try_into().expect("a preset")
}

#[test]
fn every_published_device_is_designed_and_certified_alone_and_with_stuck_cells() {
    let network = cim_nn::Network::new(&[16, 8, 3], Stream::root(1)).expect("a network");
    let pixels = (0..640).map(|k| (k * 37 % 251) as u8).collect();
    let images = Dataset::new(pixels, vec![0; 40], 4, 4, 3).expect("images");
    let inputs = LayerInputs::of_first(&network, &images, 40);
    let names = published_names();
    assert!(10 <= names.len(), "{names:?}");
    for name in names {
        for effects in [
            "",
            "{ kind = 'stuck', cells = 'random', share_low = 0.01, share_high = 0.002, low = '0 S', high = '10 uS' }",
        ] {
            let spec = preset(name, effects);
            let parts = spec.parts().unwrap_or_else(|error| panic!("{name} {effects}: {error}"));
            let whole = parts.device.window();
            let naive = ChipDesign::by_policy(parts, &network, &inputs, FullScale::WorstCase);
            let naive = naive.expect("a design");
            let goal = Goal::of(true, true);
            let optimised = optimise(spec.rules(), &naive, &network, &inputs, goal)
                .unwrap_or_else(|error| panic!("{name} {effects}: {error}"));
            assert!(optimised.conic.certificate.gap <= 1e-7, "{name} {effects}");
            let window = optimised.design.parts.window;
            assert!(whole.g_min <= window.g_min && window.g_max <= whole.g_max, "{name}");
            let task = Task::classify(&images).expect("labels");
            let reference = Reference::of(&network, &task).expect("a network");
            let asked = (&task, &reference);
            let chips = measure(&optimised.design, &network, asked, 2, Stream::root(2), || ());
            assert!(chips.expect("chips").output_mse.is_finite(), "{name} {effects}");
        }
    }
}
