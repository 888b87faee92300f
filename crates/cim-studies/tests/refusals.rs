//! What cannot be is refused by every preset that has the key, before any data is read; and nothing
//! that a preset says has a silent default.

use cim_device::published_names;
use cim_studies::{Entry, STUDIES, StudyError};
use toml::{Table, Value};

fn table(study: &Entry) -> Table {
    study.preset.parse().expect("the built-in preset is TOML")
}

/// The table and the last key of a path, if the preset has it. `*` stands for every table.
fn places(root: &Table, path: &str) -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    for part in path.split('.') {
        let mut longer = Vec::new();
        for at in &found {
            let Some(here) = at_path(root, at) else { continue };
            for key in here.keys().filter(|key| part == "*" || part == key.as_str()) {
                longer.push([at.clone(), vec![key.clone()]].concat());
            }
        }
        found = longer;
    }
    found
}

fn at_path<'a>(root: &'a Table, path: &[String]) -> Option<&'a Table> {
    path.iter().try_fold(root, |here, key| here.get(key)?.as_table())
}

fn set(root: &mut Table, path: &[String], value: Option<Value>) {
    let (last, above) = path.split_last().expect("a key");
    let here = above
        .iter()
        .fold(root, |here, key| here.get_mut(key).and_then(Value::as_table_mut).expect("a table"));
    match value {
        Some(value) => here.insert(last.clone(), value),
        None => here.remove(last),
    };
}

fn check(study: &Entry, table: &Table) -> Result<(), StudyError> {
    study.check(&toml::to_string(table).expect("TOML"))
}

/// Keys, and values that they cannot have.
const IMPOSSIBLE: &[(&str, &[&str])] = &[
    ("seed", &["-1", "1.5", "'one'"]),
    (
        "network.widths",
        &[
            "[]",
            "[784]",
            "[784, 0, 8, 10]",
            "[784, 9223372036854775807, 8, 10]",
            "[65536, 65536, 65536, 10]",
        ],
    ),
    ("data.folder", &["''", "7"]),
    ("tile.rows", &["0", "-1", "65537", "9223372036854775807"]),
    ("tile.outputs", &["0", "-1", "65537", "9223372036854775807"]),
    (
        "device.model",
        &[
            "{ kind = 'published', name = 'no such cell' }",
            "{ kind = 'ideal', g_off = '2 uS', g_on = '1 uS' }",
        ],
    ),
    ("device.model.g_off", &["'-10 uS'", "'1 S'", "1e-6", "'1 V'", "'nan S'"]),
    (
        "device.model.programming",
        &[
            "{ constant = '-1 uS', proportional = 0.0, inverse = '0 S', inverse_at = '0 S', linear = '0 S' }",
        ],
    ),
    ("circuit.read_voltage", &["'0 V'", "'-0.2 V'", "'inf V'", "'0.5 V'", "0.2", "'0.2 A'"]),
    ("circuit.disturb_voltage", &["'0.1 V'", "'-1 V'", "'nan V'"]),
    ("circuit.temperature", &["'-1 K'", "'nan K'"]),
    ("circuit.bandwidth", &["'-1 Hz'", "'inf Hz'"]),
    ("circuit.amplifier_factor", &["-1.0", "nan"]),
    ("circuit.fano_factor", &["-1.0", "inf"]),
    ("converters.dac_bits", &["0", "1", "17", "32", "33", "64", "1000", "-8", "8.0"]),
    ("converters.adc_bits", &["0", "1", "17", "20", "32", "33", "64", "1000", "-8", "8.0"]),
    ("converters.adc_noise", &["'-1 nA'", "'nan A'", "0"]),
    (
        "converters.full_scale",
        &[
            "{ policy = 'optimised' }",
            "{ policy = 'percentile', percentile = 0.0 }",
            "{ policy = 'percentile', percentile = 101.0 }",
            "{ policy = 'fixed', full_scale = '-1 uA' }",
            "{ policy = 'best' }",
        ],
    ),
    ("wires.row", &["'-1 Ohm'", "'inf Ohm'", "1"]),
    ("wires.column", &["'-1 Ohm'", "'nan Ohm'"]),
    ("mapping.kind", &["'no such mapping'"]),
    ("calibration.images", &["0", "-1", "9223372036854775807"]),
    ("gains.images", &["0"]),
    ("gains.measurement_noise", &["-1.0", "inf"]),
    ("compensation.repeats", &["0"]),
    ("compensation.noise", &["'-1 nA'"]),
    ("compensation.floor", &["'-1 nA'"]),
    ("energy.node_nm", &["0.0", "-45.0", "inf"]),
    ("energy.supply", &["'0 V'", "'-1 V'"]),
    ("energy.read_time", &["'0 s'", "'-1 s'", "'inf s'"]),
    ("energy.dac_unit", &["'-1 fF'"]),
    ("energy.accumulate", &["'-1 pJ'"]),
    ("energy.activation", &["'nan J'"]),
    ("energy.buffer_byte", &["'-1 pJ'"]),
    ("digital.mac", &["'0 J'", "'-1 pJ'"]),
    ("digital.sram_8kb_byte", &["'-1 pJ'"]),
    ("optimiser.least_read_voltage", &["'0 V'", "'-1 V'", "'0.3 V'"]),
    ("optimiser.histogram_bins", &["0", "3", "9223372036854775807"]),
    ("optimiser.least_clip", &["0.0", "nan", "1.1"]),
    ("optimiser.clip_points", &["0", "1", "9223372036854775807"]),
    ("optimiser.energy_tolerance", &["0.0", "-0.1", "inf"]),
    ("training.clip", &["0.0", "1.5", "nan"]),
    ("training.noise.weight_noise", &["-0.1", "1.5", "nan"]),
    ("training.*.batch", &["0", "-1", "9223372036854775807"]),
    ("training.*.epochs", &["-1", "9223372036854775807"]),
    ("training.*.learning_rate", &["0.0", "-1e-3", "nan"]),
    ("training.*.max_shift", &["-1", "4000000000"]),
    ("training.*.distillation", &["-0.1", "1.1"]),
    ("training.*.teacher_temperature", &["0.0"]),
    ("training.noise.recipe.batch", &["0", "9223372036854775807"]),
    ("evaluation.chips", &["0", "1", "-5", "9223372036854775807"]),
    ("sweeps.chips", &["1"]),
    ("sweeps.bits", &["[0]", "[3, 32]", "[20]"]),
    ("sweeps.programming_scale", &["[-1.0]", "[nan]"]),
    ("sweeps.temperatures", &["['-1 K']"]),
    ("sweeps.bandwidths", &["['-1 Hz']"]),
    ("error_model.chips", &["1"]),
    ("error_model.images", &["0"]),
    ("arrays.rows", &["[]", "[1]", "[64, 0]", "[9223372036854775807]"]),
    ("arrays.wires", &["[]", "['2 Ohm', '1 Ohm']", "['-1 Ohm']"]),
    ("drift.times", &["[]", "['1 s']", "['1 h', '1 s']", "['-1 s', '1 h']"]),
    ("board.adc_bits", &["0", "17"]),
    ("board.dac_bits", &["0", "32"]),
    ("comparison.increments", &["[]"]),
    ("rule.rate", &["0.0", "-0.1", "nan"]),
    ("rule.decay", &["-0.1", "inf"]),
    ("rule.presentation", &["'0 s'", "'-1 us'"]),
    ("circuit.capacitance", &["'0 F'", "'-1 pF'"]),
    ("circuit.bits", &["0", "17"]),
    ("circuit.transistors.kappa", &["0.0", "2.0"]),
    ("digits.folder", &["''"]),
    ("membrane.capacitance", &["'-1 pF'", "'0 F'"]),
    ("membrane.excitatory", &["'0.3 V'", "'nan V'"]),
    ("membrane.inhibitory", &["'0 V'", "'1 V'"]),
    ("circuit.switch", &["'-1 Ohm'"]),
    ("cost.inputs", &["[]", "[0]", "[20, 10]"]),
    ("errors.per_window", &["[]", "[5]", "[10, 0]"]),
    ("learning.recipe.rate", &["0.0", "-1e-3", "nan"]),
    ("learning.recipe.batch", &["0", "-1"]),
    ("rails.thresholds", &["[1.0]", "[nan]"]),
    ("spiking.neuron.keep", &["-0.1", "1.1", "nan"]),
    ("spiking.taps", &["[]", "[0, 8]"]),
    ("windows.steps", &["0", "-1"]),
    ("adaptation.share", &["0.0", "1.1", "nan"]),
    ("pulses.greatest", &["'0.1 V'", "'inf V'"]),
    ("prices.read", &["'0 J'", "'-1 pJ'"]),
];

#[test]
fn what_cannot_be_is_refused_by_every_preset_that_has_the_key() {
    for (path, values) in IMPOSSIBLE {
        let mut met = 0;
        for study in STUDIES {
            for place in places(&table(study), path) {
                // Of `training.*` those that are recipes.
                for value in *values {
                    let changed: Table = format!("value = {value}").parse().expect("TOML");
                    let mut table = table(study);
                    set(&mut table, &place, Some(changed["value"].clone()));
                    let outcome = check(study, &table);
                    let error = outcome.expect_err(&format!("{} {path} = {value}", study.name));
                    assert!(!error.to_string().is_empty());
                    met += 1;
                }
            }
        }
        assert!(0 < met, "no preset has {path}");
    }
}

/// Every table of a preset, by path.
fn tables(root: &Table, at: &[String], all: &mut Vec<Vec<String>>) {
    all.push(at.to_vec());
    for (key, value) in at_path(root, at).expect("a table") {
        if value.is_table() {
            tables(root, &[at, std::slice::from_ref(key)].concat(), all);
        }
    }
}

#[test]
fn every_key_is_known_and_none_has_a_default() {
    for study in STUDIES {
        let root = table(study);
        let mut all = Vec::new();
        tables(&root, &[], &mut all);
        for at in &all {
            let mut table = root.clone();
            set(&mut table, &[&at[..], &["surprise".to_owned()]].concat(), Some(Value::Integer(1)));
            let error = check(study, &table).expect_err("an unknown key");
            assert!(error.to_string().contains("surprise"), "{} {at:?}: {error}", study.name);
            for key in
                at_path(&root, at).expect("a table").keys().filter(|key| *key != "experiment")
            {
                let place = [&at[..], std::slice::from_ref(key)].concat();
                let mut table = root.clone();
                set(&mut table, &place, None);
                assert!(check(study, &table).is_err(), "{} without {place:?}", study.name);
            }
        }
    }
}

#[test]
fn quick_and_other_chips_are_checked_as_written_first() {
    // `quick` looks at the middle size: an empty list must be refused before.
    let study = cim_studies::named("ir-drop").expect("listed");
    let text = study.preset.replace("rows = [64, 128, 256]", "rows = []");
    let request = cim_studies::Request {
        preset: "ir-drop",
        text: &text,
        quick: true,
        seed: None,
        chips: None,
        data: None,
    };
    let Err(error) = study.open(request) else { panic!("no arrays") };
    assert!(error.to_string().contains("arrays.rows is []"), "{error}");
    for study in STUDIES {
        let request = cim_studies::Request {
            preset: study.name,
            text: study.preset,
            quick: true,
            seed: None,
            chips: Some(1),
            data: None,
        };
        let Err(error) = study.open(request) else { panic!("{} on one chip", study.name) };
        assert!(error.to_string().contains("chips is 1"), "{error}");
    }
}

/// Any cell of the catalogue with any effects around it, in every preset that has cells to choose.
#[test]
fn every_published_cell_with_effects_fits_every_preset() {
    let effects: Table = "effects = [
        { kind = 'stuck', cells = 'random', share_low = 0.01, share_high = 0.0, low = '0 S', high = '1 uS' },
    ]"
    .parse()
    .expect("TOML");
    for study in STUDIES {
        let mut root = table(study);
        if !root.contains_key("device") {
            continue;
        }
        // Only the noise of a Gaussian cell can be scaled, and not every cell is known for a year.
        for (path, value) in
            [("sweeps.programming_scale", "[]"), ("drift.times", "['20 s', '1 h']")]
        {
            let value: Table = format!("value = {value}").parse().expect("TOML");
            for place in places(&root, path) {
                set(&mut root, &place, Some(value["value"].clone()));
            }
        }
        for name in published_names() {
            let model: Table =
                format!("model = {{ kind = 'published', name = '{name}' }}").parse().expect("TOML");
            set(&mut root, &["device".into(), "model".into()], Some(model["model"].clone()));
            set(&mut root, &["device".into(), "effects".into()], Some(effects["effects"].clone()));
            check(study, &root).unwrap_or_else(|error| panic!("{} on {name}: {error}", study.name));
        }
    }
}
