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
KEY` prints any of them, by its whole name or the last part of it, `cim preset NAME` a whole preset with its comments. A quantity is written with its unit
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

/// What the reference is written to: the page, and the same keys as a table that the program reads.
pub struct Reference {
    /// `docs/keys.md`.
    pub page: String,
    /// [`TABLE`](super::TABLE): a key a line, its parts between tabs.
    pub table: String,
}

/// Makes both.
pub fn reference() -> Reference {
    let types = Types::read();
    let chips = chip_sections(&types);
    let shared = shared(&types, &chips);
    let (titles, queue) = (BTreeMap::new(), Vec::new());
    let mut page = Page { shared, types, titles, queue, rows: Rows::default() };
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
    Reference { page: text, table: page.rows.0 }
}

/// Keys as a table: what each belongs to (`chips`, a study, or a table by its heading in brackets), the kind that has
/// it, its name, what is written, the table that this refers to, what it means.
#[derive(Default)]
struct Rows(String);

impl Rows {
    /// `value` as the page has it, with its reference.
    fn push(&mut self, of: &str, kind: &str, key: &str, value: &str, meaning: &str) {
        let (mut words, mut table) = (value.to_owned(), "");
        if let Some((before, behind)) = value.split_once('[')
            && let Some((title, after)) = behind.split_once("](#")
        {
            let after = after.split_once(')').map_or("", |(_, after)| after);
            (words, table) = (format!("{before}{title}{after}"), title);
        }
        let meaning = plain(meaning);
        let cells = [of, kind, key, &words, table, &meaning];
        assert!(cells.iter().all(|cell| !cell.contains(['\t', '\n'])), "{cells:?}");
        let _ = writeln!(self.0, "{}", cells.join("\t"));
    }
}

struct Page {
    types: Types,
    shared: BTreeSet<Place>,
    /// Headings of types that are referred to.
    titles: BTreeMap<Place, String>,
    /// The same types in the order in which they come.
    queue: Vec<Place>,
    rows: Rows,
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
            Some(words) if words.contains("](#") => {
                // A section that is one of several kinds has their keys itself.
                let is_choice = matches!(self.types.declared(place), Declared::Choice(..));
                self.rows.push("chips", "", if is_choice { section } else { key }, &words, "");
                format!("; {words}")
            }
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
            self.key((name, ""), field, &table, text);
        }
    }

    /// The row of a key of a study, or rows of the table that it has to itself.
    fn key(
        &mut self,
        (study, prefix): (&str, &str),
        field: &Field,
        preset: &Table,
        text: &mut String,
    ) {
        let path = joined(prefix, &field.name);
        if let Value::Declared(place) = &field.value
            && !self.shared.contains(place)
        {
            let fields = table_of(&self.types, place);
            if !fields.is_empty() {
                fields.iter().for_each(|field| self.key((study, &path), field, preset, text));
                return;
            }
        }
        let value = self.words(&field.value);
        let words =
            if field.optional { format!("{value}, may be left out") } else { value.clone() };
        self.rows.push(study, "", &path, &words, &field.meaning);
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
        let of = format!("[{title}]");
        match self.types.declared(place) {
            Declared::Table(fields) => {
                text.push_str("| key | value | meaning |\n| --- | --- | --- |\n");
                for field in &fields {
                    let value = self.optional(field);
                    self.rows.push(&of, "", &field.name, &value, &field.meaning);
                    let meaning = cell(&field.meaning);
                    let _ = writeln!(text, "| `{}` | {value} | {meaning} |", field.name);
                }
            }
            Declared::Choice(tag, variants) => {
                let first =
                    tag.as_deref().map_or_else(|| "key".to_owned(), |tag| format!("`{tag}`"));
                let _ = writeln!(text, "| {first} | further keys | meaning |\n| --- | --- | --- |");
                if let Some(tag) = &tag {
                    let names: Vec<&str> = variants.iter().map(|kind| kind.name.as_str()).collect();
                    self.rows.push(&of, "", tag, &names.join(", "), "Which of these it is.");
                }
                for variant in &variants {
                    let kind = match &tag {
                        Some(tag) => format!("{tag} = {}", variant.name),
                        None => variant.name.clone(),
                    };
                    let (further, value) = match &variant.body {
                        Body::Empty => (String::new(), String::new()),
                        Body::Keys(fields) => (self.listed((&of, &kind), fields), String::new()),
                        Body::Of(Value::Declared(inner)) => match self.types.declared(inner) {
                            Declared::Table(fields) => {
                                (self.listed((&of, &kind), &fields), String::new())
                            }
                            Declared::Choice(..) => {
                                let words = self.words(&Value::Declared(inner.clone()));
                                (words.clone(), words)
                            }
                        },
                        Body::Of(value) => {
                            let words = self.words(value);
                            (words.clone(), words)
                        }
                    };
                    self.rows.push(&of, &kind, "", &value, &variant.meaning);
                    let meaning = cell(&variant.meaning);
                    let _ = writeln!(text, "| `{}` | {further} | {meaning} |", variant.name);
                }
            }
        }
    }

    /// Keys within a cell of a table: those of a kind.
    fn listed(&mut self, (of, kind): (&str, &str), fields: &[Field]) -> String {
        let mut keys = Vec::new();
        for field in fields {
            let value = self.optional(field);
            self.rows.push(of, kind, &field.name, &value, &field.meaning);
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

/// Text in a cell of a table: bars are no borders.
fn cell(text: &str) -> String {
    plain(text).replace('|', "\\|").replace('<', "&lt;")
}

/// Text on one line, whose references to the code's own pages are words.
fn plain(text: &str) -> String {
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
    plain.replace('\n', " ")
}
