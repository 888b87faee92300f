//! Types of presets, read from the source files that declare them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::{Attribute, Fields, Item, Meta, Token, UseTree};

use super::raw::{RawField, RawType, RawVariant, cased};
use super::tables;

/// A source file that declares types of presets.
#[derive(Default)]
pub struct Source {
    /// Names that are imported, with the path that leads to them.
    pub imports: BTreeMap<String, Vec<String>>,
    /// Types as they are declared, by name.
    pub types: BTreeMap<String, RawType>,
}

/// Crates whose types stand in presets.
const CRATES: [&str; 9] = [
    "cim-adc",
    "cim-chip",
    "cim-core",
    "cim-crossbar",
    "cim-device",
    "cim-dynamics",
    "cim-nn",
    "cim-studies",
    "cim-tile",
];

/// All source files that declare such types, by their path below `crates/`.
pub fn all() -> BTreeMap<PathBuf, Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut sources = BTreeMap::new();
    for name in CRATES {
        let mut files = Vec::new();
        rust_files(&root.join(name).join("src"), &mut files);
        for file in files {
            let text = fs::read_to_string(&file).expect("a source file");
            // The others have nothing that is read from files, and take longest.
            if text.contains("Deserialize") || text.contains("mod registry;") {
                let below = file.strip_prefix(&root).expect("below crates").to_owned();
                sources.insert(below, source(&text));
            }
        }
    }
    sources
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn source(text: &str) -> Source {
    let file = syn::parse_file(text).expect("Rust that compiles");
    let mut source = Source::default();
    for item in file.items {
        match item {
            Item::Use(used) => imports(&used.tree, &mut Vec::new(), &mut source.imports),
            Item::Struct(declared) => {
                if let Fields::Named(fields) = &declared.fields {
                    let fields = raw_fields(fields.named.iter());
                    source.types.insert(declared.ident.to_string(), RawType::Struct(fields));
                }
            }
            Item::Enum(declared) => {
                let attributes = serde(&declared.attrs);
                let case = attributes.get("rename_all").cloned().unwrap_or_default();
                let variants = declared.variants.iter().map(|variant| {
                    let mut own = serde(&variant.attrs);
                    let name = match own.remove("rename") {
                        Some(name) => name,
                        // Whatever none of the others is.
                        None if own.contains_key("untagged") => "any other".to_owned(),
                        None => cased(&variant.ident.to_string(), &case),
                    };
                    let meaning = documentation(&variant.attrs);
                    let (fields, holds) = match &variant.fields {
                        Fields::Named(fields) => (raw_fields(fields.named.iter()), None),
                        Fields::Unnamed(fields) => {
                            (Vec::new(), fields.unnamed.first().map(|field| field.ty.clone()))
                        }
                        Fields::Unit => (Vec::new(), None),
                    };
                    RawVariant { name, meaning, fields, holds }
                });
                let tag = attributes.get("tag").cloned();
                let raw = RawType::Enum(tag, variants.collect());
                source.types.insert(declared.ident.to_string(), raw);
            }
            _ => {}
        }
    }
    source.types.extend(tables::types(text));
    source
}

/// Names that a `use` brings in.
fn imports(tree: &UseTree, path: &mut Vec<String>, found: &mut BTreeMap<String, Vec<String>>) {
    match tree {
        UseTree::Path(next) => {
            path.push(next.ident.to_string());
            imports(&next.tree, path, found);
            path.pop();
        }
        UseTree::Name(last) => {
            let name = last.ident.to_string();
            found.insert(name.clone(), path.iter().cloned().chain([name]).collect());
        }
        UseTree::Rename(last) => {
            let whole = path.iter().cloned().chain([last.ident.to_string()]).collect();
            found.insert(last.rename.to_string(), whole);
        }
        UseTree::Group(group) => {
            group.items.iter().for_each(|item| imports(item, path, found));
        }
        UseTree::Glob(_) => {}
    }
}

fn raw_fields<'a>(fields: impl Iterator<Item = &'a syn::Field>) -> Vec<RawField> {
    let mut raw = Vec::new();
    for field in fields {
        let attributes = serde(&field.attrs);
        if attributes.contains_key("skip") {
            continue;
        }
        let name = field.ident.as_ref().expect("named").to_string();
        raw.push(RawField {
            name: attributes.get("rename").cloned().unwrap_or(name),
            meaning: documentation(&field.attrs),
            of: field.ty.clone(),
            optional: attributes.contains_key("default"),
        });
    }
    raw
}

/// What `#[serde(…)]` says, words without a value as empty texts.
fn serde(attributes: &[Attribute]) -> BTreeMap<String, String> {
    let mut said = BTreeMap::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        let list = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        for meta in list.expect("serde's attributes") {
            let word = meta.path().get_ident().expect("a word").to_string();
            let value = match meta {
                Meta::NameValue(pair) => text_of(&pair.value).unwrap_or_default(),
                _ => String::new(),
            };
            said.insert(word, value);
        }
    }
    said
}

fn text_of(value: &syn::Expr) -> Option<String> {
    match value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

/// The first paragraph of what is documented, on one line.
fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
    let lines = lines.filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) => text_of(&pair.value),
        _ => None,
    });
    let lines: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
    let paragraph = lines.split(String::is_empty).next().unwrap_or_default();
    paragraph.join(" ")
}
