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
    ("circuit.read_voltage", &["'0 V'", "'-0.2 V'", "'inf V'", "'0.6 V'", "0.2", "'0.2 A'"]),
    ("circuit.disturb_voltage", &["'1 mV'", "'-1 V'", "'nan V'"]),
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
    ("front_end.dac_integral", &["{ table_lsb = [0.1, 0.2] }", "{ sigma_lsb = -1.0 }"]),
    ("front_end.adc_integral", &["{ table_lsb = [0.1, 0.2] }", "{ sigma_lsb = nan }"]),
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
    ("holdout.images", &["0", "-1", "9223372036854775807"]),
    ("holdout.chips", &["0"]),
    ("networks.count", &["0", "1", "100000"]),
    ("choices.clip_shares", &["[]", "[0.0]", "[0.5, 1.5]", "[nan]"]),
    ("choices.energy_tolerances", &["[]", "[0.0]", "[0.1, -0.1]", "[inf]"]),
    ("choices.frugal_tolerances", &["[]", "[nan]"]),
    ("choices.accuracy_slack", &["-0.1", "nan"]),
    ("choices.percentiles", &["[]", "[0.0]", "[101.0]"]),
    ("choices.weight_percentiles", &["[]", "[-1.0]"]),
    ("choices.input_percentiles", &["[]", "[nan]"]),
    ("choices.window_tops", &["[]", "[0.0]", "[1.5]", "[nan]"]),
    ("choices.window_bottoms", &["[]", "[-0.1]", "[0.5]", "[nan]"]),
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
    ("devices.design_chips", &["0", "1001"]),
    ("error_model.designs", &["0", "1", "9223372036854775807"]),
    ("arrays.rows", &["[]", "[1]", "[64, 0]", "[9223372036854775807]"]),
    ("arrays.wires", &["[]", "['2 Ohm', '1 Ohm']", "['-1 Ohm']"]),
    ("drift.times", &["[]", "['1 s']", "['1 h', '1 s']", "['-1 s', '1 h']"]),
    ("board.conversions", &["0", "10001"]),
    ("board.dac_reference", &["'0 V'", "'50 mV'", "'nan V'"]),
    ("comparison.increments", &["[]"]),
    ("rule.rate", &["0.0", "-0.1", "nan"]),
    ("rule.decay", &["-0.1", "inf"]),
    ("rule.presentation", &["'0 s'", "'-1 us'"]),
    ("learner.capacitance", &["'0 F'", "'-1 pF'"]),
    ("learner.bits", &["0", "17"]),
    ("learner.transistors.kappa", &["0.0", "2.0"]),
    ("digits.folder", &["''"]),
    ("membrane.capacitance", &["'-1 pF'", "'0 F'"]),
    ("membrane.excitatory", &["'0.3 V'", "'nan V'"]),
    ("membrane.inhibitory", &["'0 V'", "'1 V'"]),
    ("imperfections.switch", &["'-1 Ohm'"]),
    ("cost.inputs", &["[]", "[0]", "[20, 10]"]),
    ("errors.per_window", &["[]", "[5]", "[10, 0]"]),
    ("learning.recipe.rate", &["0.0", "-1e-3", "nan"]),
    ("learning.recipe.batch", &["0", "-1"]),
    ("learning.rails", &["1.0", "nan", "-4.0"]),
    ("rails.thresholds", &["[1.0]", "[nan]"]),
    ("spiking.neuron.keep", &["-0.1", "1.1", "nan"]),
    ("spiking.taps", &["[]", "[0, 8]"]),
    ("windows.steps", &["0", "-1"]),
    ("adaptation.share", &["0.0", "1.1", "nan"]),
    ("adaptation.rates.drawn", &["0.0", "-1e-3", "nan"]),
    ("adaptation.subjects", &["[]", "[0]", "[2, 1]"]),
    ("drift.after", &["'-1 s'", "'1 year'", "'nan s'"]),
    ("pulses.greatest", &["'0.1 V'", "'inf V'"]),
    ("prices.read", &["'0 J'", "'-1 pJ'"]),
    ("prices.reset", &["'0 J'", "'nan J'"]),
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

/// What may be left out: a name that is implied, a section whose absence is the ideal, and, of `pcm`, what its study
/// does not read but `cim eval` and `cim optimise` do.
fn optional(study: &str, key: &str) -> bool {
    ["experiment", "front_end"].contains(&key)
        || study == "pcm" && ["energy", "optimiser"].contains(&key)
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
            // A table that is one of several is told to have more than its one key.
            let told = ["surprise", "exactly 1 element"];
            let is_told = told.iter().any(|told| error.to_string().contains(told));
            assert!(is_told, "{} {at:?}: {error}", study.name);
            for key in
                at_path(&root, at).expect("a table").keys().filter(|key| !optional(study.name, key))
            {
                let place = [&at[..], std::slice::from_ref(key)].concat();
                let mut table = root.clone();
                set(&mut table, &place, None);
                assert!(check(study, &table).is_err(), "{} without {place:?}", study.name);
            }
        }
    }
}

/// Every value of a table, by path; of lists the places.
fn leaves(value: &Value, at: &[String], all: &mut Vec<(Vec<String>, Value)>) {
    let deeper = |key: String| [at, &[key]].concat();
    match value {
        Value::Table(table) => {
            table.iter().for_each(|(key, value)| leaves(value, &deeper(key.clone()), all));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(idx, value)| {
                leaves(value, &deeper(idx.to_string()), all);
            });
        }
        leaf => all.push((at.to_vec(), leaf.clone())),
    }
}

fn at_leaf<'a>(root: &'a mut Value, path: &[String]) -> &'a mut Value {
    path.iter().fold(root, |here, key| match here {
        Value::Array(list) => &mut list[key.parse::<usize>().expect("a place")],
        table => table.get_mut(key).expect("a key"),
    })
}

/// Values that no key with a value like this can have: the largest, infinities and NaN, in its unit.
fn absurd(leaf: &Value) -> Vec<Value> {
    match leaf {
        Value::Integer(_) => vec![Value::Integer(i64::MAX), Value::Integer(i64::MIN)],
        Value::Float(_) => [1e300, -1e300, f64::INFINITY, f64::NAN].map(Value::Float).to_vec(),
        Value::String(text) => match text.split_once(' ') {
            Some((number, unit)) if number.parse::<f64>().is_ok() => {
                ["1e300", "-1e300", "nan", "inf"]
                    .map(|number| Value::String(format!("{number} {unit}")))
                    .to_vec()
            }
            _ => vec![Value::String("no such thing".into())],
        },
        _ => Vec::new(),
    }
}

/// Absurd values are refused by the check, with key and place, not by what they do to a run.
#[test]
fn absurd_values_of_any_key_are_refused_with_their_place() {
    let mut passed = Vec::new();
    for study in STUDIES {
        let root = Value::Table(table(study));
        let mut all = Vec::new();
        leaves(&root, &[], &mut all);
        for (path, leaf) in all {
            // Any number is a seed, any text a folder.
            let is_folder = path.last().is_some_and(|name| name == "folder");
            if is_folder || ["seed", "data"].contains(&path[0].as_str()) {
                continue;
            }
            for value in absurd(&leaf) {
                let mut changed = root.clone();
                *at_leaf(&mut changed, &path) = value.clone();
                let text = toml::to_string(&changed).expect("TOML");
                match study.check(&text) {
                    Ok(()) => passed.push(format!("{}: {} = {value}", study.name, path.join("."))),
                    Err(StudyError::Value { span, .. }) => {
                        assert!(!span.is_empty(), "{} {path:?} = {value}", study.name);
                    }
                    Err(other) => {
                        passed.push(format!(
                            "{}: {path:?} = {value} has no place: {other}",
                            study.name
                        ));
                    }
                }
            }
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}

/// A refused quantity is told with its unit, in the size in which it was written.
#[test]
fn refused_quantities_are_told_with_their_units() {
    let (mut told, mut bare) = (0, Vec::new());
    for study in STUDIES {
        let root = Value::Table(table(study));
        let mut all = Vec::new();
        leaves(&root, &[], &mut all);
        for (path, leaf) in all {
            let Some((number, unit)) = leaf.as_str().and_then(|text| text.split_once(' ')) else {
                continue;
            };
            let is_said_as_written =
                !["h", "d", "day", "days", "month", "year", "years", "min"].contains(&unit);
            if number.parse::<f64>().is_err() || !is_said_as_written {
                continue;
            }
            let mut changed = root.clone();
            *at_leaf(&mut changed, &path) = Value::String(format!("-7 {unit}"));
            let text = toml::to_string(&changed).expect("TOML");
            let Err(error) = study.check(&text) else { continue };
            let said = error.to_string().replace('µ', "u").replace('Ω', "Ohm");
            // The law of learners knows shares of the unit of current, and names what it counts in.
            let in_words =
                ["over the unit is", "in kelvin is"].iter().any(|words| said.contains(words));
            if !in_words && !said.contains(&format!("-7 {unit}")) {
                bare.push(format!("{} {}: {said}", study.name, path.join(".")));
            }
            told += 1;
        }
    }
    assert!(bare.is_empty() && 100 < told, "{told}: {}", bare.join("\n"));
}

/// Where a value is swept beside what fits only another, the sweep is at fault.
#[test]
fn a_sweep_is_blamed_for_what_it_makes_of_the_rest() {
    let paper = STUDIES.iter().find(|study| study.name == "paper").expect("a study");
    let with = |changes: &[(&str, &str)]| {
        let mut text = paper.preset.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        match paper.check(&text) {
            Err(StudyError::Value { message, help, span }) => {
                (message, help.unwrap_or_default(), text[span].to_owned())
            }
            other => panic!("{other:?}"),
        }
    };
    let table: Vec<&str> = (0..62).map(|_| "0.0").collect();
    let integral = format!("adc_integral = {{ table_lsb = [{}] }}", table.join(", "));
    let table = ("adc_integral = { sigma_lsb = 0.0 }", integral.as_str());
    // The table fits the converters of 6 bits, which are not in the way.
    let (message, help, at) = with(&[table, ("\nbits = [2, 3, 4, 6]", "\nbits = [6, 3]")]);
    assert_eq!((message.as_str(), at.as_str()), ("sweeps.bits is 3", "bits = [6, 3]"));
    assert!(help.contains("front_end.adc_integral") && help.contains("62"), "{help}");
    let key = paper.preset.lines().find(|line| line.starts_with("temperatures =")).expect("a key");
    let (message, help, at) = with(&[(key, "temperatures = [\"300 K\", \"3000 K\"]")]);
    assert_eq!(message, "sweeps.temperatures is 3000 K");
    assert!(help.contains("2000 K") && at.starts_with("temperatures"), "{help}");
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
        networks: &[],
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
            networks: &[],
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

/// A section that may be left out: what it says is kept, and what cannot be is named.
#[test]
fn a_front_end_is_read_and_refused_by_its_keys() {
    const GOOD: &str = "amplifier_offset = '2 mV'\ngain_spread = 0.01\ndriver_noise = '0.1 mV'\n\
        dac_integral = { sigma_lsb = 0.3 }\nadc_integral = { sigma_lsb = 0.5 }\n\
        adc_differential = 0.2\ncalibration = { kind = 'zero', reads = 16, offset_noise = '0.5 mV', \
        offset_step = '0.1 mV' }\ndrivers = 'supply'\ndriver_power = '1 uW'\n\
        amplifier_power = '2 uW'\nleakage = '3 uW'\n";
    const BAD: &[(&str, &str)] = &[
        ("amplifier_offset", "'-1 mV'"),
        ("amplifier_offset", "'nan V'"),
        ("amplifier_offset", "0.002"),
        ("gain_spread", "-0.1"),
        ("gain_spread", "inf"),
        ("driver_noise", "'1 A'"),
        ("dac_integral", "{ sigma_lsb = -1.0 }"),
        ("dac_integral", "{ table_lsb = [0.0, 0.1, 0.0, 0.1, 0.0] }"),
        ("dac_integral", "0.5"),
        ("adc_integral", "{ sigma_lsb = nan }"),
        ("adc_integral", "{ table_lsb = [0.0, 0.1, 0.0] }"),
        ("adc_differential", "-0.1"),
        ("calibration", "{ kind = 'zero', reads = 0, offset_noise = '1 mV', offset_step = '0 V' }"),
        (
            "calibration",
            "{ kind = 'zero', reads = 4, offset_noise = '-1 mV', offset_step = '0 V' }",
        ),
        ("calibration", "{ kind = 'zero', reads = 4 }"),
        ("calibration", "{ kind = 'best' }"),
        ("calibration", "{ kind = 'none', reads = 4 }"),
        ("drivers", "'free'"),
        ("leakage", "'-1 uW'"),
        ("driver_power", "'1 J'"),
        ("nothing", "1"),
    ];
    // Arrays with wires and converters: those of `mdm` have no converters.
    let whole = |study: &&Entry| {
        ["wires", "converters"].iter().all(|section| table(study).contains_key(*section))
    };
    for study in STUDIES.iter().filter(whole) {
        let with = |section: Table| {
            let mut root = table(study);
            root.insert("front_end".into(), Value::Table(section));
            check(study, &root)
        };
        let good: Table = GOOD.parse().expect("TOML");
        with(good.clone()).unwrap_or_else(|error| panic!("{}: {error}", study.name));
        for (key, value) in BAD {
            let mut section = good.clone();
            let value: Table = format!("x = {value}").parse().expect("TOML");
            section.insert((*key).into(), value["x"].clone());
            assert!(with(section).is_err(), "{}: {key} = {value}", study.name);
        }
        for key in good.keys() {
            let mut section = good.clone();
            section.remove(key);
            assert!(with(section).is_err(), "{}: without {key}", study.name);
        }
    }
}

/// Layers with splits of their own are known before any work to be more than the network has, or not to fit, and are shown
/// where they stand, in every preset with a network on a mapping.
#[test]
fn splits_of_layers_that_cannot_be_are_shown_where_they_stand() {
    let mut seen = Vec::new();
    for study in STUDIES {
        let mut table = table(study);
        let has = |table: &Table| {
            let kind = table.get("mapping").and_then(|mapping| mapping.get("kind"));
            table.contains_key("network") && kind.and_then(Value::as_str) == Some("differential")
        };
        if !has(&table) {
            continue;
        }
        seen.push(study.name);
        for (layers, said) in [
            (
                "[[1, 3], [2, 2], [4], [1, 3], [2, 2], [4], [1, 3], [2, 2], [4]]",
                "mapping.layers: layers has 9 splits",
            ),
            ("[[1, 3], [2, 3]]", "mapping.layers: layers, split 2: parts [2, 3]"),
            ("[[1, 3], []]", "layers, split 2: parts []"),
        ] {
            let mapping =
                format!("kind = 'split-differential'\nbits = 4\nsplit = [4]\nlayers = {layers}");
            table.insert("mapping".into(), Value::Table(mapping.parse().expect("TOML")));
            let text = toml::to_string(&table).expect("TOML");
            match study.check(&text) {
                Err(StudyError::Value { message, span, .. }) => {
                    assert!(message.contains(said), "{}: {message}", study.name);
                    let shown = &text[span];
                    assert!(shown.starts_with("layers"), "{}: {shown}: {message}", study.name);
                }
                other => panic!("{}: {layers}: {other:?}", study.name),
            }
        }
    }
    assert!(5 <= seen.len(), "{seen:?}");
}
