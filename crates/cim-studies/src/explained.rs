//! Keys of presets with the values that the built-in ones have.

use std::fmt;

use cim_chip::sections::keys::{KEYS, Key, explained};
use serde::Serialize;
use toml::Table;

use crate::STUDIES;
use crate::entry::Entry;

/// A key as `cim explain` shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// Section and key, such as `converters.adc_bits`.
    pub key: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Unit in which it is written, or what kind of value it is.
    pub unit: &'static str,
    /// What can be.
    pub range: String,
    /// Its value in every built-in preset that has it.
    pub built_in: Vec<BuiltIn>,
    /// Where the built-in values come from.
    pub source: &'static str,
}

/// A value of a built-in preset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BuiltIn {
    /// Name of the preset.
    pub preset: &'static str,
    /// The value as TOML.
    pub value: String,
}

/// Keys whose names hold `part`, which may be none.
pub fn keys_like(part: &str) -> Vec<&'static str> {
    KEYS.iter().map(|key| key.name).filter(|name| name.contains(part)).collect()
}

impl Explained {
    /// The key `asked` of any section, all keys of the section `asked`, or all keys for nothing; none if no
    /// section that makes chips has it.
    pub fn of(asked: Option<&str>) -> Vec<Self> {
        let table =
            |study: &Entry| toml::from_str(study.preset).expect("built-in presets are TOML");
        let presets: Vec<_> = STUDIES.iter().map(|study| (study.name, table(study))).collect();
        let keys = asked.map_or_else(|| KEYS.iter().collect(), explained);
        keys.into_iter().map(|key| Self::with_values(key, &presets)).collect()
    }

    fn with_values(key: &Key, presets: &[(&'static str, Table)]) -> Self {
        let Key { name, meaning, unit, range, source } = *key;
        let in_preset = |(preset, table): &(&'static str, Table)| {
            Some(BuiltIn { preset, value: value(table, name)? })
        };
        let built_in = presets.iter().filter_map(in_preset).collect();
        Self { key: name, meaning, unit, range: range.to_string(), built_in, source }
    }
}

/// The value of a key in a preset, as written.
fn value(table: &Table, name: &str) -> Option<String> {
    let mut parts = name.split('.');
    let mut found = table.get(parts.next()?)?;
    for part in parts {
        found = found.get(part)?;
    }
    Some(found.to_string())
}

/// Five lines for a terminal.
impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, meaning, unit, range, built_in, source } = self;
        let one = |BuiltIn { preset, value }: &BuiltIn| format!("{value} in `{preset}`");
        let values: Vec<String> = built_in.iter().map(one).collect();
        let values =
            if values.is_empty() { "left out in all".to_owned() } else { values.join(", ") };
        writeln!(f, "{key}: {meaning}")?;
        writeln!(f, "  unit     {unit}")?;
        writeln!(f, "  range    {range}")?;
        writeln!(f, "  built-in {values}")?;
        writeln!(f, "  source   {source}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_values_of_the_presets_and_a_section_all_of_its_keys() {
        let [bits] = &Explained::of(Some("adc_bits"))[..] else { panic!("one key") };
        assert_eq!(bits.key, "converters.adc_bits");
        for study in STUDIES {
            let table: Table = toml::from_str(study.preset).expect("TOML");
            let section = table.get("converters").and_then(toml::Value::as_table);
            let written = section.and_then(|section| section.get("adc_bits"));
            let told = bits.built_in.iter().find(|own| own.preset == study.name);
            assert_eq!(told.map(|own| own.value.clone()), written.map(ToString::to_string));
        }
        let section = Explained::of(Some("converters"));
        assert!(3 < section.len() && section.iter().all(|own| own.key.starts_with("converters.")));
        assert_eq!(Explained::of(None).len(), KEYS.len());
        assert!(Explained::of(Some("no such key")).is_empty());
        assert!(keys_like("bits").contains(&"converters.adc_bits"));
    }
}
