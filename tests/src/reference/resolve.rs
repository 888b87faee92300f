//! Which type a name in a source file means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{GenericArgument, PathArguments, Type};

use super::raw::{RawField, RawType};
use super::source::Source;
use super::types::{Body, Declared, Field, Place, Value, Variant};

/// All types of presets.
pub struct Types {
    sources: BTreeMap<PathBuf, Source>,
}

/// Types that are written otherwise than they are declared, or whose declaration says less.
const WRITTEN: [(&str, &str); 21] = [
    ("Siemens", "S"),
    ("Volts", "V"),
    ("Amps", "A"),
    ("Ohms", "Ohm"),
    ("Seconds", "s"),
    ("Kelvin", "K"),
    ("Joules", "J"),
    ("Watts", "W"),
    ("Hertz", "Hz"),
    ("Coulombs", "C"),
    ("Farads", "F"),
    ("f64", "number"),
    ("f32", "number"),
    ("bool", "true or false"),
    ("String", "text"),
    ("Experiment", "name of the study"),
    ("Shape", "list of 1 to 3 whole numbers"),
    ("Sides", "whole number, or [down, right]"),
    ("S", "operation"),
    ("Split", "list of whole numbers, most significant first"),
    ("LayerSplits", "list of such lists, the first layer's first"),
];

impl Types {
    /// Reads the sources.
    pub fn read() -> Self {
        Self { sources: super::source::all() }
    }

    /// The type of that name in that file.
    pub fn place(file: &Path, name: &str) -> Place {
        Place { file: file.to_owned(), name: name.to_owned() }
    }

    /// What is declared there.
    pub fn declared(&self, place: &Place) -> Declared {
        let from = &place.file;
        match &self.sources[from].types[&place.name] {
            RawType::Struct(fields) => Declared::Table(self.fields(from, fields)),
            RawType::Enum(tag, variants) => {
                let variants = variants.iter().map(|variant| Variant {
                    name: variant.name.clone(),
                    meaning: variant.meaning.clone(),
                    body: match &variant.holds {
                        Some(of) => Body::Of(self.value(from, of).0),
                        None if variant.fields.is_empty() => Body::Empty,
                        None => Body::Keys(self.fields(from, &variant.fields)),
                    },
                });
                Declared::Choice(tag.clone(), variants.collect())
            }
        }
    }

    fn fields(&self, from: &Path, fields: &[RawField]) -> Vec<Field> {
        let field = |raw: &RawField| {
            let (value, left_out) = self.value(from, &raw.of);
            let (name, meaning) = (raw.name.clone(), raw.meaning.clone());
            Field { name, meaning, value, optional: raw.optional || left_out }
        };
        fields.iter().map(field).collect()
    }

    /// What is written for a type, and whether it may be left out.
    fn value(&self, from: &Path, of: &Type) -> (Value, bool) {
        let path = match of {
            Type::Array(array) => {
                return (Value::List(Box::new(self.value(from, &array.elem).0)), false);
            }
            Type::Path(path) => &path.path,
            _ => return (Value::Plain("value".into()), false),
        };
        let last = path.segments.last().expect("a path is not empty");
        let name = last.ident.to_string();
        let inner = match &last.arguments {
            PathArguments::AngleBracketed(all) => all.args.iter().find_map(|one| match one {
                GenericArgument::Type(of) => Some(of),
                _ => None,
            }),
            _ => None,
        };
        match (&*name, inner) {
            ("Option", Some(inner)) => return (self.value(from, inner).0, true),
            ("Vec", Some(inner)) => {
                return (Value::List(Box::new(self.value(from, inner).0)), false);
            }
            ("Box", Some(inner)) => return self.value(from, inner),
            _ => {}
        }
        if let Some((_, written)) = WRITTEN.iter().find(|(known, _)| *known == name) {
            return (Value::Plain((*written).to_owned()), false);
        }
        if ["u8", "u16", "u32", "u64", "usize", "i32", "i64"].contains(&&*name) {
            return (Value::Plain("whole number".into()), false);
        }
        let segments: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let found = self.find(from, &segments);
        (found.map_or_else(|| Value::Plain("value".into()), Value::Declared), false)
    }

    /// The declaration that a path means in a file.
    fn find(&self, from: &Path, segments: &[String]) -> Option<Place> {
        let source = self.sources.get(from);
        let first = &segments[0];
        if segments.len() == 1 && source.is_some_and(|source| source.types.contains_key(first)) {
            return Some(Self::place(from, first));
        }
        let import = source.and_then(|source| source.imports.get(first));
        let whole: Vec<String> = match import {
            Some(path) => path.iter().chain(&segments[1..]).cloned().collect(),
            None => segments.to_vec(),
        };
        let name = whole.last().expect("not empty");
        let own = crate_of(from);
        let home = match whole[0].strip_prefix("cim_") {
            Some(rest) => format!("cim-{}", rest.replace('_', "-")),
            None => own,
        };
        let declares = |(file, source): (&PathBuf, &Source)| {
            source.types.contains_key(name).then(|| file.clone())
        };
        let everywhere: Vec<PathBuf> = self.sources.iter().filter_map(declares).collect();
        let within = |name: &str| -> Vec<PathBuf> {
            everywhere.iter().filter(|file| crate_of(file) == name).cloned().collect()
        };
        let mut candidates = within(&home);
        if candidates.is_empty() {
            // The crate hands on what it has from another.
            let mut handed_on = self.sources.iter().filter(|(file, _)| crate_of(file) == home);
            let origin = handed_on.find_map(|(_, source)| {
                let path = source.imports.get(name)?;
                path[0].strip_prefix("cim_").map(|rest| format!("cim-{}", rest.replace('_', "-")))
            });
            candidates = origin.map_or_else(Vec::new, |origin| within(&origin));
        }
        if candidates.is_empty() {
            candidates = everywhere;
        }
        // Modules that the path names, and the folder that it is named in, tell those of one name apart.
        let likeness = |file: &PathBuf| {
            let named = whole.iter().filter(|segment| {
                file.iter().any(|part| {
                    let part = part.to_string_lossy();
                    part.strip_suffix(".rs").unwrap_or(&part) == segment.as_str()
                })
            });
            2 * named.count() + usize::from(file.parent() == from.parent())
        };
        candidates.sort_by_key(|file| std::cmp::Reverse(likeness(file)));
        if let [first, second, ..] = &candidates[..] {
            assert!(
                likeness(second) < likeness(first),
                "{}: {name} is declared in {} and in {}",
                from.display(),
                first.display(),
                second.display()
            );
        }
        candidates.first().map(|file| Self::place(file, name))
    }
}

/// The folder of the crate that a file is in.
fn crate_of(file: &Path) -> String {
    file.iter().next().expect("below crates").to_string_lossy().into_owned()
}
