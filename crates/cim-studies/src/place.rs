//! Where in the text of a preset stands what a message is about.
//!
//! Sections are checked after they are parsed, when their places in the text are gone. A message knows
//! the key, or at least names it or quotes its value; here its place is looked up again.

use std::ops::Range;

use cim_chip::ChipError;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::StudyError;

/// The error with its place in `text`, if it is about a value there.
pub fn located(text: &str, error: StudyError) -> StudyError {
    let (sections, key): (&[&str], Option<&str>) = match &error {
        StudyError::Chip(ChipError::Section { key, .. }) => (&[], Some(key)),
        StudyError::Chip(error) => (sections_of(error), None),
        _ => return error,
    };
    let keys = keys_of(text);
    let message = error.to_string();
    let found = match key {
        Some(key) => nearest(&keys, key),
        None => told(&keys, sections, &message),
    };
    let Some(Key { path, span, .. }) = found else { return error };
    let message = if key.is_some() { message } else { format!("{path}: {message}") };
    StudyError::Value { message, help: error.help().map(str::to_owned), span: span.clone() }
}

/// The error with the place of `key`, if `text` has it.
pub fn at_key(text: &str, key: &str, error: StudyError) -> StudyError {
    match nearest(&keys_of(text), key) {
        Some(Key { path, span, .. }) => StudyError::Value {
            message: format!("{path}: {error}"),
            help: error.help().map(str::to_owned),
            span: span.clone(),
        },
        None => error,
    }
}

/// The largest number that any key takes, in whatever unit it is written.
const MOST: f64 = 1e18;

/// Refuses numbers that no key takes, before anything is made of them: infinite ones, and those beyond
/// [`MOST`]. A seed is any number.
pub fn within_reason(text: &str) -> Result<(), StudyError> {
    for Key { path, span, shown } in keys_of(text) {
        let Some(shown) = shown.filter(|_| path != "seed") else { continue };
        let quoted = text.get(span.clone()).is_some_and(|own| own.ends_with(['"', '\'']));
        let of = |text: &str| text.split(' ').next().unwrap_or(text).parse::<f64>();
        let parts = shown
            .trim_matches(['[', ']'])
            .split(',')
            .map(|part| part.trim().trim_matches(['"', '\'']));
        if quoted && !shown.contains(' ') {
            continue;
        }
        let beyond = |number: f64| number.is_nan() || MOST < number.abs();
        if parts.filter_map(|part| of(part).ok()).any(beyond) {
            return Err(StudyError::Value {
                message: format!("{path}: {shown} is beyond every range"),
                help: Some("give a finite number of a size that can be".to_owned()),
                span,
            });
        }
    }
    Ok(())
}

/// A smaller place than `span` for what a parser says of a whole table, and the key that it is of.
pub fn narrowed(text: &str, span: Range<usize>, message: &str) -> (Range<usize>, Option<String>) {
    let keys = keys_of(text);
    let Some(table) = keys.iter().find(|key| key.shown.is_none() && key.span == span) else {
        let key = keys.into_iter().find(|key| key.shown.is_some() && ends_with(&key.span, &span));
        return (span, key.map(|key| key.path));
    };
    match told(&keys, &[&table.path], message) {
        Some(key) => (key.span.clone(), Some(key.path.clone())),
        None => (span, Some(table.path.clone())),
    }
}

fn ends_with(whole: &Range<usize>, part: &Range<usize>) -> bool {
    whole.start <= part.start && whole.end == part.end && part.start < part.end
}

/// Sections that an error of a part can be of.
fn sections_of(error: &ChipError) -> &'static [&'static str] {
    match error {
        ChipError::Device(_) => &["device", "drift", "compensation", "programmer"],
        ChipError::Converter(_) => &["converters", "energy"],
        ChipError::Circuit(_) => &["circuit", "wires", "device", "board"],
        ChipError::Tile(_) => &["mapping", "tile", "converters", "board", "device"],
        ChipError::Network(_) => &["network", "training"],
        ChipError::Optimiser(_) => &["optimiser"],
        ChipError::Sign { .. } => &["converters.dac_polarity"],
        _ => &[],
    }
}

/// A key of a text.
pub(crate) struct Key {
    /// Tables, places in lists and the name, with dots.
    pub path: String,
    /// The key with its value, or the header of its table.
    pub span: Range<usize>,
    /// Its value as written, without quotes; none for a table or a list of these.
    shown: Option<String>,
}

impl Key {
    fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }

    fn is_within(&self, section: &str) -> bool {
        self.path.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// All keys of a text, in its order; none of what is no TOML.
pub(crate) fn keys_of(text: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    if let Ok(table) = DeTable::parse(text) {
        collect(text, table.get_ref(), "", &mut keys);
    }
    keys.sort_by_key(|key| (key.span.start, key.path.len()));
    keys
}

fn collect(text: &str, table: &DeTable<'_>, above: &str, keys: &mut Vec<Key>) {
    for (name, value) in table {
        let dot = if above.is_empty() { "" } else { "." };
        let path = format!("{above}{dot}{}", name.get_ref());
        let (at, of) = (name.span(), value.span());
        let header = of.start <= at.start && at.end <= of.end;
        let span = if header { of } else { at.start..of.end.max(at.end) };
        add(text, value, path, span, keys);
    }
}

fn add(
    text: &str,
    value: &Spanned<DeValue<'_>>,
    path: String,
    span: Range<usize>,
    keys: &mut Vec<Key>,
) {
    let shown = match value.get_ref() {
        DeValue::Table(table) => {
            collect(text, table, &path, keys);
            None
        }
        DeValue::Array(list) if list.iter().any(|value| value.get_ref().is_table()) => {
            for (idx, value) in list.iter().enumerate() {
                add(text, value, format!("{path}.{idx}"), value.span(), keys);
            }
            None
        }
        _ => text.get(value.span()).map(|shown| shown.trim_matches(['"', '\'']).to_owned()),
    };
    keys.push(Key { path, span, shown });
}

/// The key of this path, or the innermost table around it.
fn nearest<'a>(keys: &'a [Key], path: &str) -> Option<&'a Key> {
    let mut path = path.split_whitespace().next()?;
    loop {
        if let Some(key) = keys.iter().find(|key| key.path == path) {
            return Some(key);
        }
        path = path.rsplit_once('.')?.0;
    }
}

/// The key that a message begins with, names, or whose value it quotes; else the first of the sections.
fn told<'a>(keys: &'a [Key], sections: &[&str], message: &str) -> Option<&'a Key> {
    let message = message.replace('µ', "u").replace('Ω', "Ohm");
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let words: Vec<&str> = message.split(|c| !is_of_word(c)).collect();
    let numbers: Vec<f64> = message
        .split(|c: char| c.is_whitespace() || "[](),;:\"'`".contains(c))
        .filter_map(|word| word.parse().ok())
        .collect();
    let bare = message.starts_with("bare number");
    let score = |key: &Key| -> Option<u32> {
        let within = sections.iter().any(|section| key.is_within(section));
        let named = 3 <= key.name().len() && words.contains(&key.name());
        let begun = named && words.first() == Some(&key.name());
        let quoted = key.shown.as_deref().is_some_and(|shown| match shown.parse::<f64>() {
            Ok(number) => numbers.contains(&number),
            Err(_) => 3 <= shown.len() && message.contains(shown),
        });
        let unit = key.shown.as_deref().is_some_and(|shown| shown.parse::<f64>().is_err());
        let can_be = key.shown.is_some() && within && (named || quoted && (unit || bare));
        can_be.then(|| 4 * u32::from(begun) + 2 * u32::from(named) + u32::from(quoted))
    };
    let best = keys.iter().filter_map(|key| Some((score(key)?, key)));
    // Of equals the first: `max_by_key` takes the last.
    let best = best.rev().max_by_key(|(score, _)| *score).map(|(_, key)| key);
    best.or_else(|| sections.iter().find_map(|name| keys.iter().find(|key| key.path == *name)))
}

#[cfg(test)]
mod tests {
    use cim_device::DeviceError;

    use super::*;

    const TEXT: &str = "seed = 1\n[device]\neffects = [{ kind = \"stuck\", share = 0.5 }, \
        { kind = \"telegraph\", share = 2.0 }]\n[device.model]\ng_off = \"-10 uS\"\n[tile]\nrows = 0\n";

    fn marked(error: ChipError) -> (String, String) {
        match located(TEXT, error.into()) {
            StudyError::Value { message, span, .. } => (message, TEXT[span].to_owned()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_key_is_found_by_its_path_and_one_that_is_missing_by_its_table() {
        let error =
            |key: &str| ChipError::Section { key: key.into(), value: "0".into(), help: "".into() };
        assert_eq!(marked(error("tile.rows")), ("tile.rows is 0".into(), "rows = 0".into()));
        assert_eq!(marked(error("tile.rows × tile.outputs")).1, "rows = 0");
        assert_eq!(marked(error("tile.outputs")).1, "[tile]");
    }

    #[test]
    fn a_part_that_knows_no_path_is_found_by_the_name_and_the_value_that_it_says() {
        let share = DeviceError::Parameter { name: "share", value: 2.0, range: "[0, 1]" };
        let (message, place) = marked(share.into());
        assert_eq!(place, "share = 2.0");
        assert!(message.starts_with("device.effects.1.share: share is 2"), "{message}");
        let (g_min, g_max) = (cim_core::Siemens(-1e-5), cim_core::Siemens(1e-4));
        assert_eq!(marked(DeviceError::Window { g_min, g_max }.into()).1, "g_off = \"-10 uS\"");
    }
}
