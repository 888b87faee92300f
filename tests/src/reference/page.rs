//! The page: sections that make chips, studies, and the tables that both refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use cim_chip::sections::keys::KEYS;
use cim_studies::{Entry, STUDIES};
use toml::Table;

use super::resolve::Types;
use super::studies::{chip_sections, is_of_chips, joined, shared, spec_of, table_of};
use super::types::{Body, Declared, Field, Place, Value};

const HEAD: &str = "\
# Keys of presets

Every key that a preset can have, made from the code by `cargo xtask keys`; a test holds this page to it. `cim explain
KEY` prints one key of a chip, `cim preset NAME` a whole preset with its comments. A quantity is written with its unit
(`\"25 uS\"`); a bare number is refused where a unit is named. No key has a default but those that may be left out.
";

const CHIPS: &str = "
## Sections that make chips

Of every study that programs chips, of `cim eval` and of `cim optimise`; `[clips]` and `[scaling]` are of networks of your own alone
(`cim eval`, `cim optimise NETWORK`, `cim finetune`), and studies refuse them. *Built-in* says what the presets have.
";

const OWN: &str = "
## Studies

What a preset has beyond these sections.
";

const REFERRED: &str = "
## Tables and choices

What stands behind keys above whose value is a table.
";

/// The page as text.
pub fn page() -> String {
    let types = Types::read();
    let chips = chip_sections(&types);
    let mut page =
        Page { shared: shared(&types, &chips), types, titles: BTreeMap::new(), queue: Vec::new() };
    let mut text = HEAD.to_owned() + CHIPS;
    page.chips(&chips, &mut text);
    text.push_str(OWN);
    for study in STUDIES.iter().filter(|study| study.name == study.study) {
        page.study(study, &chips, &mut text);
    }
    text.push_str(REFERRED);
    let mut next = 0;
    while next < page.queue.len() {
        let place = page.queue[next].clone();
        page.declared(&place, &mut text);
        next += 1;
    }
    text
}

struct Page {
    types: Types,
    shared: BTreeSet<Place>,
    /// Headings of types that are referred to.
    titles: BTreeMap<Place, String>,
    /// The same types in the order in which they come.
    queue: Vec<Place>,
}

impl Page {
    fn chips(&mut self, chips: &[(String, Place)], text: &mut String) {
        let mut section = "";
        for key in KEYS {
            let of = key.name.split_once('.').map_or("", |(section, _)| section);
            if of != section || key.name == "seed" {
                section = of;
                let heading =
                    if of.is_empty() { "Key `seed`".to_owned() } else { format!("Section `{of}`") };
                let _ = writeln!(text, "\n### {heading}\n");
                text.push_str("| key | unit | can be | meaning | built-in | source |\n");
                text.push_str("| --- | --- | --- | --- | --- | --- |\n");
            }
            let more = self.details(chips, key.name);
            let built_in = cell(&built_in(&self.types, chips, key.name));
            let _ = writeln!(
                text,
                "| `{}` | {} | {}{more} | {} | {built_in} | {} |",
                key.name,
                cell(key.unit),
                cell(&key.range.to_string()),
                cell(key.meaning),
                cell(key.source),
            );
        }
    }

    /// A reference to the table that stands behind a key of a chip, if there is one.
    fn details(&mut self, chips: &[(String, Place)], key: &str) -> String {
        let Some((section, name)) = key.split_once('.') else { return String::new() };
        let Some((_, place)) = chips.iter().find(|(of, _)| of == section) else {
            return String::new();
        };
        let value = match self.types.declared(place) {
            Declared::Choice(..) => Some(Value::Declared(place.clone())),
            Declared::Table(fields) => {
                fields.into_iter().find(|field| field.name == name).map(|field| field.value)
            }
        };
        match value.map(|value| self.words(&value)) {
            Some(words) if words.contains("](#") => format!("; {words}"),
            _ => String::new(),
        }
    }

    fn study(&mut self, study: &Entry, chips: &[(String, Place)], text: &mut String) {
        let Entry { name, preset, system, .. } = *study;
        let _ = writeln!(text, "\n### Study `{name}`\n\n{}.", capital(system));
        let fields = table_of(&self.types, &spec_of(name));
        let (of_chips, own): (Vec<&Field>, Vec<&Field>) =
            fields.iter().partition(|field| is_of_chips(field, chips));
        let sections: Vec<String> =
            of_chips.iter().map(|field| format!("`{}`", field.name)).collect();
        let _ = writeln!(text, "Of chips it has {}.\n", sections.join(", "));
        let left_out = of_chips.iter().filter(|field| field.optional);
        let may: Vec<String> = left_out
            .map(|field| {
                format!("`{}` ({})", field.name, cell(field.meaning.trim_end_matches('.')))
            })
            .collect();
        if !may.is_empty() {
            let _ = writeln!(text, "Of these may be left out {}.\n", may.join(", "));
        }
        text.push_str("| key | value | built-in | meaning |\n| --- | --- | --- | --- |\n");
        let table: Table = preset.parse().expect("a built-in preset is TOML");
        for field in own {
            self.key("", field, &table, text);
        }
    }

    /// The row of a key, or rows of the table that it has to itself.
    fn key(&mut self, prefix: &str, field: &Field, preset: &Table, text: &mut String) {
        let path = joined(prefix, &field.name);
        if let Value::Declared(place) = &field.value
            && !self.shared.contains(place)
        {
            let fields = table_of(&self.types, place);
            if !fields.is_empty() {
                fields.iter().for_each(|field| self.key(&path, field, preset, text));
                return;
            }
        }
        let value = self.words(&field.value);
        let built_in = value_at(preset, &path).map_or_else(
            || if field.optional { "left out".to_owned() } else { String::new() },
            |value| if value.len() <= 60 { code(&value) } else { "see the preset".to_owned() },
        );
        let meaning = cell(&field.meaning);
        let _ = writeln!(text, "| `{path}` | {value} | {} | {meaning} |", cell(&built_in));
    }

    /// What is written for a value: in words, or as a reference to a table below.
    fn words(&mut self, value: &Value) -> String {
        match value {
            Value::Plain(words) => cell(words),
            Value::List(inner) => {
                let one = self.words(inner);
                let many = ["number", "whole number", "text", "operation"].contains(&&*one);
                format!("list of {one}{}", if many { "s" } else { "" })
            }
            Value::Declared(place) => {
                if let Declared::Choice(_, variants) = self.types.declared(place)
                    && variants.iter().all(|variant| matches!(variant.body, Body::Empty))
                {
                    let names = variants.iter().map(|variant| format!("`{}`", variant.name));
                    return names.collect::<Vec<_>>().join(", ");
                }
                let title = self.title(place);
                format!("[{title}](#{})", title.replace([' ', '_'], "-"))
            }
        }
    }

    /// The heading of a type, which no other has.
    fn title(&mut self, place: &Place) -> String {
        if let Some(title) = self.titles.get(place) {
            return title.clone();
        }
        let name = place.name.strip_suffix("Spec").filter(|name| !name.is_empty());
        let words = super::raw::cased(name.unwrap_or(&place.name), "kebab-case");
        let mut title = words.replace('-', " ");
        if self.titles.values().any(|other| *other == title) {
            let of = place.file.iter().next().expect("a crate").to_string_lossy();
            title = format!("{title} of {of}");
            assert!(!self.titles.values().any(|other| *other == title), "{title} is there twice");
        }
        self.titles.insert(place.clone(), title.clone());
        self.queue.push(place.clone());
        title
    }

    /// A type that is referred to.
    fn declared(&mut self, place: &Place, text: &mut String) {
        let title = self.title(place);
        let _ = writeln!(text, "\n### {title}\n");
        match self.types.declared(place) {
            Declared::Table(fields) => {
                text.push_str("| key | value | meaning |\n| --- | --- | --- |\n");
                for field in &fields {
                    let value = self.optional(field);
                    let meaning = cell(&field.meaning);
                    let _ = writeln!(text, "| `{}` | {value} | {meaning} |", field.name);
                }
            }
            Declared::Choice(tag, variants) => {
                let first =
                    tag.as_deref().map_or_else(|| "key".to_owned(), |tag| format!("`{tag}`"));
                let _ = writeln!(text, "| {first} | further keys | meaning |\n| --- | --- | --- |");
                for variant in &variants {
                    let further = match &variant.body {
                        Body::Empty => String::new(),
                        Body::Keys(fields) => self.listed(fields),
                        Body::Of(Value::Declared(of)) => match self.types.declared(of) {
                            Declared::Table(fields) => self.listed(&fields),
                            Declared::Choice(..) => self.words(&Value::Declared(of.clone())),
                        },
                        Body::Of(value) => self.words(value),
                    };
                    let meaning = cell(&variant.meaning);
                    let _ = writeln!(text, "| `{}` | {further} | {meaning} |", variant.name);
                }
            }
        }
    }

    /// Keys within a cell of a table.
    fn listed(&mut self, fields: &[Field]) -> String {
        let mut keys = Vec::new();
        for field in fields {
            let value = self.optional(field);
            let meaning = cell(&field.meaning);
            keys.push(format!("`{}` ({value}): {}", field.name, meaning.trim_end_matches('.')));
        }
        keys.join("; ")
    }

    fn optional(&mut self, field: &Field) -> String {
        let value = self.words(&field.value);
        if field.optional { format!("{value}, may be left out") } else { value }
    }
}

/// Values of a key of a chip, each with the presets that have it.
fn built_in(types: &Types, chips: &[(String, Place)], key: &str) -> String {
    let section = key.split('.').next().expect("a name");
    let mut values: Vec<(String, Vec<&str>)> = Vec::new();
    for study in STUDIES {
        let fields = table_of(types, &spec_of(study.study));
        let has = fields.iter().any(|field| field.name == section && is_of_chips(field, chips));
        let table: Table = study.preset.parse().expect("a built-in preset is TOML");
        let Some(value) = value_at(&table, key).filter(|_| has) else { continue };
        match values.iter_mut().find(|(known, _)| *known == value) {
            Some((_, names)) => names.push(study.name),
            None => values.push((value, vec![study.name])),
        }
    }
    let one = |(value, names): (String, Vec<&str>)| {
        let value = if value.len() <= 60 { code(&value) } else { "a table".to_owned() };
        format!("{value} in {}", names.join(", "))
    };
    let values: Vec<String> = values.into_iter().map(one).collect();
    if values.is_empty() { "left out in all".to_owned() } else { values.join("; ") }
}

fn value_at(table: &Table, path: &str) -> Option<String> {
    let mut parts = path.split('.');
    let mut found = table.get(parts.next()?)?;
    for part in parts {
        found = found.get(part)?;
    }
    Some(found.to_string().trim().to_owned())
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

/// Text in a cell of a table: bars are no borders, and references of the code's own pages are words.
fn cell(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, behind)) = rest.split_once("[`") {
        plain.push_str(before);
        let Some((name, after)) = behind.split_once("`]") else { break };
        let _ = write!(plain, "`{name}`");
        rest = match after.strip_prefix('(').and_then(|path| path.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    plain.push_str(rest);
    plain.replace('\n', " ").replace('|', "\\|").replace('<', "&lt;")
}
