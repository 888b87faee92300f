//! Declarations as they are written, before the types in them are looked up.

use syn::Type;

/// A declaration before its types are looked up.
pub enum RawType {
    /// A struct with named fields.
    Struct(Vec<RawField>),
    /// An enum.
    Enum(Option<String>, Vec<RawVariant>),
}

/// A field before its type is looked up.
pub struct RawField {
    /// As written in a file.
    pub name: String,
    /// Its documentation.
    pub meaning: String,
    /// Its type.
    pub of: Type,
    /// Whether a default stands in for it.
    pub optional: bool,
}

/// A variant before its types are looked up.
pub struct RawVariant {
    /// As written in a file.
    pub name: String,
    /// Its documentation.
    pub meaning: String,
    /// Named fields.
    pub fields: Vec<RawField>,
    /// The one type that it holds.
    pub holds: Option<Type>,
}

/// A name in the case that `rename_all` asks for.
pub fn cased(name: &str, case: &str) -> String {
    let joined = match case {
        "kebab-case" => '-',
        "snake_case" => '_',
        _ => return name.to_owned(),
    };
    let mut text = String::new();
    for (idx, letter) in name.char_indices() {
        if letter.is_uppercase() && 0 < idx {
            text.push(joined);
        }
        text.extend(letter.to_lowercase());
    }
    text
}
