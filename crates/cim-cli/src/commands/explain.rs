//! `cim explain`: what the keys of presets mean.

use std::fmt::Write;

use cim_chip::sections::keys::{KEYS, Key, explained};
use cim_studies::STUDIES;

use crate::error::CliError;

/// Explains a key or a section, or lists all keys.
pub fn run(asked: Option<&str>) -> Result<String, CliError> {
    let Some(asked) = asked else { return Ok(list(KEYS.iter())) };
    let keys = explained(asked);
    if keys.is_empty() {
        let near = KEYS.iter().filter(|key| key.name.contains(asked)).map(|key| key.name);
        let near: Vec<&str> = near.collect();
        let help = match near.as_slice() {
            [] => "`cim explain` lists those of chips; those of studies are explained in `cim preset NAME`"
                .to_owned(),
            near => format!("did you mean {}? `cim explain` lists all keys", near.join(", ")),
        };
        return Err(CliError::Usage {
            what: format!("no section that makes chips has the key {asked}"),
            help,
        });
    }
    Ok(keys.into_iter().map(explain).collect::<Vec<_>>().join("\n"))
}

fn list<'a>(keys: impl Iterator<Item = &'a Key>) -> String {
    let mut text = String::new();
    for key in keys {
        let _ = writeln!(text, "{:30} {}", key.name, key.meaning);
    }
    text
}

fn explain(key: &Key) -> String {
    let Key { name, meaning, unit, range, source } = key;
    let mut text = format!("{name}: {meaning}\n");
    let _ = writeln!(text, "  unit     {unit}");
    let _ = writeln!(text, "  range    {range}");
    let mut values = Vec::new();
    for study in STUDIES {
        if let Some(value) = value(study.preset, name) {
            values.push(format!("{value} in `{}`", study.name));
        }
    }
    let values = if values.is_empty() { "left out in all".to_owned() } else { values.join(", ") };
    let _ = writeln!(text, "  built-in {values}");
    let _ = writeln!(text, "  source   {source}");
    text
}

/// The value of a key in a preset, as written.
fn value(preset: &str, name: &str) -> Option<String> {
    let table: toml::Table = toml::from_str(preset).ok()?;
    let mut parts = name.split('.');
    let mut found = table.get(parts.next()?)?;
    for part in parts {
        found = found.get(part)?;
    }
    Some(found.to_string())
}
