//! Types that macros make from a table of parts: `mod gaussian => Gaussian(GaussianSpec);`.

use syn::Type;

use super::raw::{RawField, RawType, RawVariant, cased};

/// Types that the tables in a source file stand for, by name.
pub fn types(text: &str) -> Vec<(String, RawType)> {
    let cells = body(text, "models! {\n    cells {", "\n    }").map(|body| rows(body, of_parts));
    let cells = cells.map(|rows| [vec![published()], rows].concat());
    let of = |open: &str, read| body(text, open, "\n}").map(|body| rows(body, read));
    let tables = [
        ("ModelSpec", "kind", cells),
        ("EffectSpec", "kind", of("\neffects! {", of_parts)),
        ("MappingSpec", "kind", of("registry::mappings! {", of_mappings)),
        ("OperationSpec", "op", of("\noperations! {", of_operations)),
    ];
    let mut found = Vec::new();
    for (name, key, rows) in tables {
        let Some(rows) = rows else { continue };
        let variants = rows.into_iter().map(Row::variant).collect();
        found.push((name.to_owned(), RawType::Enum(Some(key.to_owned()), variants)));
        if name == "ModelSpec" {
            found.push((PUBLISHED.to_owned(), RawType::Struct(vec![device_name()])));
        }
    }
    found
}

/// What stands behind the kind that the macro adds to those of the table.
const PUBLISHED: &str = "PublishedSpec";

fn published() -> Row {
    let (name, meaning) = ("published".to_owned(), "A device of the catalogue.".to_owned());
    Row { name, meaning, holds: PUBLISHED.to_owned() }
}

fn device_name() -> RawField {
    let of = syn::parse_str("String").expect("a type");
    let meaning = "its name, as `cim device list` has it".to_owned();
    RawField { name: "name".to_owned(), meaning, of, optional: false }
}

/// A line of a table.
#[derive(Clone)]
struct Row {
    name: String,
    meaning: String,
    holds: String,
}

impl Row {
    fn variant(self) -> RawVariant {
        let holds: Type = syn::parse_str(&self.holds).expect("a path of a type");
        RawVariant {
            name: self.name,
            meaning: self.meaning,
            fields: Vec::new(),
            holds: Some(holds),
        }
    }
}

/// What stands between an opening and the first closing behind it.
fn body<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let (_, behind) = text.split_once(open)?;
    behind.split_once(close).map(|(body, _)| body)
}

/// Statements of a body, each read by `read` into name and type.
fn rows(body: &str, read: fn(&str) -> Option<(String, String)>) -> Vec<Row> {
    let mut rows = Vec::new();
    for statement in body.split(';') {
        let (mut meaning, mut code) = (Vec::new(), Vec::new());
        for line in statement.lines().map(str::trim) {
            match line.strip_prefix("///") {
                Some(said) => meaning.push(said.trim()),
                None => code.push(line),
            }
        }
        if let Some((name, holds)) = read(code.join(" ").trim()) {
            rows.push(Row { name, meaning: meaning.join(" "), holds });
        }
    }
    rows
}

/// `mod file => Name(Spec)`.
fn of_parts(code: &str) -> Option<(String, String)> {
    let (module, right) = code.split_once(" => ")?;
    let module = module.rsplit(' ').next()?;
    let (name, spec) = right.strip_suffix(')')?.split_once('(')?;
    Some((cased(name, "kebab-case"), format!("{module}::{spec}")))
}

/// `mod file => Name`, whose specification is `file::Spec`.
fn of_mappings(code: &str) -> Option<(String, String)> {
    let (module, name) = code.strip_prefix("mod ")?.split_once(" => ")?;
    Some((cased(name, "kebab-case"), format!("{module}::Spec")))
}

/// `Name = "name": file::Spec => …`.
fn of_operations(code: &str) -> Option<(String, String)> {
    let (left, right) = code.split_once("\": ")?;
    let (_, name) = left.split_once('"')?;
    Some((name.to_owned(), right.split(" =>").next()?.trim().to_owned()))
}
