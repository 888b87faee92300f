//! The table that explains keys, held to the presets, to the types and to what their checks refuse.

use std::collections::BTreeSet;
use std::path::Path;

use cim_chip::ChipPreset;
use cim_chip::sections::keys::{KEYS, Range};
use cim_studies::{Explained, STUDIES};
use toml::{Table, Value};

/// Sections that make chips, with the file and the type that declares their keys.
const DECLARED: [(&str, &str, &str); 14] = [
    ("tile", "cim-chip/src/sections/tile.rs", "TileSpec"),
    ("device", "cim-device/src/spec.rs", "DeviceSpec"),
    ("circuit", "cim-chip/src/sections/circuit.rs", "CircuitSpec"),
    ("converters", "cim-chip/src/sections/converters.rs", "ConverterSpec"),
    ("front_end", "cim-tile/src/front_end/spec.rs", "FrontEnd"),
    ("wires", "cim-crossbar/src/wires.rs", "Wires"),
    ("energy", "cim-tile/src/energy.rs", "EnergySpec"),
    ("calibration", "cim-chip/src/sections/calibration.rs", "CalibrationSpec"),
    ("clips", "cim-chip/src/sections/clips.rs", "ClipSpec"),
    ("scaling", "cim-chip/src/sections/scaling.rs", "ScalingSpec"),
    ("compensation", "cim-chip/src/sections/compensation.rs", "CompensationSpec"),
    ("evaluation", "cim-chip/src/sections/evaluation.rs", "EvaluationSpec"),
    ("optimiser", "cim-chip/src/sections/optimiser.rs", "OptimiserSpec"),
    ("", "cim-chip/src/preset.rs", "ChipPreset"),
];

/// Public fields of a struct.
fn fields(file: &str, name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(file);
    let text = std::fs::read_to_string(&path).expect("a source file");
    let begins = text.find(&format!("pub struct {name} {{")).expect("declared there");
    let body = text[begins..].split("\n}").next().expect("a body");
    let field = |line: &str| Some(line.trim().strip_prefix("pub ")?.split_once(':')?.0.to_owned());
    body.lines().skip(1).filter_map(field).collect()
}

#[test]
fn every_declared_key_is_explained_and_nothing_else() {
    let mut declared: BTreeSet<String> = ["mapping.kind".to_owned()].into();
    for (section, file, name) in DECLARED {
        for field in fields(file, name) {
            match section {
                "" if field == "seed" => drop(declared.insert(field)),
                "" => assert!(
                    field == "mapping" || DECLARED.iter().any(|(known, ..)| *known == field),
                    "section {field} is new: list it in this test and its keys in the table"
                ),
                _ => drop(declared.insert(format!("{section}.{field}"))),
            }
        }
    }
    let listed: BTreeSet<String> = KEYS.iter().map(|key| key.name.to_owned()).collect();
    assert_eq!(listed, declared);
    assert_eq!(listed.len(), KEYS.len(), "a key is there twice");
}

#[test]
fn every_key_of_a_built_in_preset_is_found() {
    // Other studies have sections of these names with keys of their own.
    let of_chips = |preset: &str| toml::from_str::<ChipPreset>(preset).is_ok();
    for study in STUDIES.iter().filter(|study| of_chips(study.preset)) {
        let table: Table = study.preset.parse().expect("TOML");
        let own = KEYS.iter().map(|key| key.name.split('.').next().expect("a name"));
        let sections: BTreeSet<&str> = own.collect();
        for (section, value) in table.iter().filter(|(name, _)| sections.contains(name.as_str())) {
            let keys: Vec<&String> =
                value.as_table().map_or(Vec::new(), |keys| keys.keys().collect());
            for key in keys {
                let name = format!("{section}.{key}");
                let found = Explained::of(Some(&name));
                let of_chips = found.iter().filter(|own| own.of_chips && own.kinds.is_empty());
                assert_eq!(of_chips.filter(|own| own.key == name).count(), 1, "{name}");
            }
        }
    }
}

fn with(key: &str, value: u64) -> Result<(), String> {
    let mut table: Table = STUDIES[0].preset.parse().expect("TOML");
    let (section, key) = key.split_once('.').expect("a section");
    let section = table[section].as_table_mut().expect("a section");
    section.insert(key.to_owned(), Value::Integer(value as i64));
    let preset: ChipPreset = table.try_into().map_err(|error| format!("{error}"))?;
    preset.parts().map(|_| ()).map_err(|error| error.to_string())
}

/// The ends of a range are taken, or refused for something else; what is beyond them is refused by name.
#[test]
fn ranges_are_those_of_the_checks() {
    let ranges = KEYS.iter().filter_map(|key| match key.range {
        Range::Whole(least, most) => Some((key.name, least, most)),
        Range::Words(_) => None,
    });
    for (name, least, most) in ranges {
        let said = |value| with(name, value).err().unwrap_or_default();
        for inside in [least, most] {
            assert!(!said(inside).starts_with(name), "{name} = {inside}: {}", said(inside));
        }
        for outside in [least - 1, most + 1] {
            assert!(said(outside).contains(name), "{name} = {outside}: {:?}", said(outside));
        }
    }
}
