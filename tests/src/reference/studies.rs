//! Which keys the presets of studies have, and which of them make chips.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cim_studies::{Entry, STUDIES};

use super::resolve::Types;
use super::types::{Body, Declared, Field, Place, Value};

/// Every key that the type of each study's preset declares, by its path, whatever kinds are chosen.
pub fn declared_keys() -> Vec<(&'static Entry, BTreeSet<String>)> {
    let types = Types::read();
    let of = |study: &'static Entry| {
        let mut keys = BTreeSet::new();
        collect(&types, "", &Value::Declared(spec_of(study.study)), &mut keys);
        (study, keys)
    };
    STUDIES.iter().map(of).collect()
}

fn collect(types: &Types, prefix: &str, value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Plain(_) => {}
        Value::List(inner) => collect(types, prefix, inner, keys),
        Value::Declared(place) => match types.declared(place) {
            Declared::Table(fields) => collect_fields(types, prefix, &fields, keys),
            Declared::Choice(tag, variants) => {
                for variant in &variants {
                    match &variant.body {
                        Body::Keys(fields) => collect_fields(types, prefix, fields, keys),
                        Body::Empty => {}
                        Body::Of(value) if tag.is_some() => collect(types, prefix, value, keys),
                        Body::Of(_) => drop(keys.insert(joined(prefix, &variant.name))),
                    }
                }
                keys.extend(tag.map(|tag| joined(prefix, &tag)));
            }
        },
    }
}

fn collect_fields(types: &Types, prefix: &str, fields: &[Field], keys: &mut BTreeSet<String>) {
    for field in fields {
        let path = joined(prefix, &field.name);
        collect(types, &path, &field.value, keys);
        keys.insert(path);
    }
}

/// The path of a key within a table.
pub fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// The type of a study's preset.
pub fn spec_of(study: &str) -> Place {
    let file = format!("cim-studies/src/{}/spec.rs", study.replace('-', "_"));
    Types::place(Path::new(&file), "Spec")
}

/// The keys of a table; none of a choice.
pub fn table_of(types: &Types, place: &Place) -> Vec<Field> {
    match types.declared(place) {
        Declared::Table(fields) => fields,
        Declared::Choice(..) => Vec::new(),
    }
}

/// Sections that make chips, with their types.
pub fn chip_sections(types: &Types) -> Vec<(String, Place)> {
    let preset = Types::place(Path::new("cim-chip/src/preset.rs"), "ChipPreset");
    let section = |field: Field| match field.value {
        Value::Declared(place) => Some((field.name, place)),
        _ => None,
    };
    table_of(types, &preset).into_iter().filter_map(section).collect()
}

/// Whether a field of a study's preset is a section that makes chips.
pub fn is_of_chips(field: &Field, chips: &[(String, Place)]) -> bool {
    match &field.value {
        Value::Declared(place) => chips.iter().any(|(name, of)| *name == field.name && of == place),
        _ => field.name == "seed",
    }
}

/// Tables that more than one key of the studies has.
pub fn shared(types: &Types, chips: &[(String, Place)]) -> BTreeSet<Place> {
    let mut uses = BTreeMap::new();
    for study in STUDIES.iter().filter(|study| study.name == study.study) {
        let fields = table_of(types, &spec_of(study.name));
        fields.iter().filter(|field| !is_of_chips(field, chips)).for_each(|field| {
            count(types, &field.value, &mut uses);
        });
    }
    uses.into_iter().filter(|&(_, times)| 1 < times).map(|(place, _)| place).collect()
}

fn count(types: &Types, value: &Value, uses: &mut BTreeMap<Place, usize>) {
    let Value::Declared(place) = value else { return };
    *uses.entry(place.clone()).or_default() += 1;
    for field in table_of(types, place) {
        count(types, &field.value, uses);
    }
}
