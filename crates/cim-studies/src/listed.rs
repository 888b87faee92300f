//! Lists in which every value is measured or tried, in whatever study.

use cim_chip::ChipError;
use cim_chip::sections::{listed, need};
use serde::Serialize;
use toml::{Table, Value};

/// Refuses a value that comes twice in one of the lists of `spec` that `keys` names: it would be measured
/// and shown twice. Values are compared as they are understood, so that 1 h and 60 min are one.
///
/// # Errors
/// [`ChipError::Section`] naming key and value.
pub fn need_once(spec: &impl Serialize, keys: &[&str]) -> Result<(), ChipError> {
    // What no table can hold was not read from one.
    let Ok(table) = Table::try_from(spec) else { return Ok(()) };
    for (key, values) in keys.iter().flat_map(|key| lists(&table, key)) {
        let twice = values.iter().enumerate().find(|(idx, value)| values[..*idx].contains(value));
        if let Some((_, value)) = twice {
            let shown: Vec<String> = values.iter().map(words).collect();
            let shown = format!("{}, with {} twice", listed(&shown), words(value));
            need(false, &key, shown, "give every value once")?;
        }
    }
    Ok(())
}

/// The list at a key with dots, or those of a section, each by its own key.
fn lists<'a>(table: &'a Table, key: &str) -> Vec<(String, &'a [Value])> {
    let (first, rest) = key.split_once('.').unwrap_or((key, ""));
    let below = |inner: &'a Table, rest: &str| {
        let found = lists(inner, rest).into_iter();
        found.map(|(name, values)| (format!("{first}.{name}"), values)).collect()
    };
    match table.get(first) {
        Some(Value::Array(values)) => vec![(first.to_owned(), values)],
        Some(Value::Table(inner)) if rest.is_empty() => {
            inner.keys().flat_map(|name| below(inner, name)).collect()
        }
        Some(Value::Table(inner)) => below(inner, rest),
        _ => Vec::new(),
    }
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::STUDIES;
    use crate::parse::parse;
    use crate::study::{Study, StudySpec};
    use crate::table::{EveryStudy, for_every_study};

    /// Lists of shapes and places, in which a value may well come twice.
    const SHAPES: [&str; 10] = [
        "adaptation.subjects",
        "hidden.widths",
        "network.input",
        "network.widths",
        "regression.inputs",
        "robot.arena.goal",
        "spiking.neurons",
        "spiking.strides",
        "spiking.taps",
        "windows.mirrored",
    ];

    /// Every list of plain values below `table`, by its key with dots.
    fn all_lists(table: &Table, above: &str, found: &mut Vec<String>) {
        for (name, value) in table {
            let key = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
            match value {
                Value::Table(inner) => all_lists(inner, &key, found),
                Value::Array(values)
                    if !values.is_empty()
                        && values.iter().all(|value| !value.is_table() && !value.is_array()) =>
                {
                    found.push(key);
                }
                _ => {}
            }
        }
    }

    struct IsSaid;

    impl EveryStudy for IsSaid {
        fn of<S: Study<Spec: PartialEq + std::fmt::Debug>>(&self) {
            let table: Table = S::PRESET.parse().expect("valid");
            let mut found = Vec::new();
            all_lists(&table, "", &mut found);
            for key in found {
                let is_shape = SHAPES.contains(&key.as_str());
                let is_once = S::Spec::ONCE.iter().any(|once| {
                    key.strip_prefix(once)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                });
                assert_ne!(is_once, is_shape, "{}: {key}", S::NAME);
            }
            let spec = Table::try_from(parse::<S::Spec>(S::PRESET).expect("valid")).expect("plain");
            for key in S::Spec::ONCE {
                assert!(!lists(&spec, key).is_empty(), "{} has no {key}", S::NAME);
            }
        }
    }

    /// A list of a preset is of shapes or of what is measured: a new one has to be said to be either.
    #[test]
    fn every_list_of_every_preset_is_said_to_be_one_of_two_kinds() {
        for_every_study(&IsSaid);
    }

    struct IsRefused;

    impl EveryStudy for IsRefused {
        fn of<S: Study<Spec: PartialEq + std::fmt::Debug>>(&self) {
            let entry = STUDIES.iter().find(|entry| entry.name == S::NAME).expect("listed");
            let preset: Table = S::PRESET.parse().expect("valid");
            for (key, values) in S::Spec::ONCE.iter().flat_map(|key| lists(&preset, key)) {
                let mut table = preset.clone();
                // Nothing else is changed; a list that must rise may say that instead.
                let Some(last) = values.last() else { continue };
                let twice: Vec<Value> = values.iter().chain([last]).cloned().collect();
                let (sections, name) = key.rsplit_once('.').expect("in a section");
                let mut at = &mut table;
                for section in sections.split('.') {
                    at = at[section].as_table_mut().expect("a section");
                }
                at.insert(name.to_owned(), Value::Array(twice));
                let error = entry.check(&table.to_string()).expect_err(&key);
                let text = format!("{error}: {}", error.help().unwrap_or_default());
                assert!(text.contains(name), "{}: {text}", S::NAME);
            }
        }
    }

    #[test]
    fn a_value_that_comes_twice_is_refused_in_every_preset() {
        for_every_study(&IsRefused);
    }

    #[test]
    fn values_are_compared_as_they_are_understood() {
        let spec = |values: &str| -> Table { format!("[a]\nb = {values}").parse().expect("valid") };
        assert!(need_once(&spec("[1, 2, 3]"), &["a.b"]).is_ok());
        assert!(need_once(&spec("[1, 2, 1]"), &["a.c"]).is_ok(), "not asked about");
        let error = need_once(&spec("[\"1 V\", \"2 V\", \"1 V\"]"), &["a.b"]).expect_err("twice");
        assert_eq!(error.to_string(), "a.b is [1 V, 2 V, 1 V], with 1 V twice");
    }
}
