//! What a type of a preset declares.

use std::path::PathBuf;

/// Where a type is declared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, below `crates/`.
    pub file: PathBuf,
    /// Name of the type.
    pub name: String,
}

/// One key.
#[derive(Clone, Debug)]
pub struct Field {
    /// As written in a file.
    pub name: String,
    /// What its documentation says, on one line.
    pub meaning: String,
    /// What is written behind it.
    pub value: Value,
    /// Whether it may be left out.
    pub optional: bool,
}

/// What is written behind a key.
#[derive(Clone, Debug)]
pub enum Value {
    /// A number, a text or a quantity, in words.
    Plain(String),
    /// A table, or one of several, whose type is declared there.
    Declared(Place),
    /// A list.
    List(Box<Value>),
}

/// One of several.
#[derive(Clone, Debug)]
pub struct Variant {
    /// As written in a file.
    pub name: String,
    /// What its documentation says, on one line.
    pub meaning: String,
    /// What comes with it.
    pub body: Body,
}

/// What comes with a variant.
#[derive(Clone, Debug)]
pub enum Body {
    /// Nothing.
    Empty,
    /// Keys of its own.
    Keys(Vec<Field>),
    /// What another type declares.
    Of(Value),
}

/// A type that is written in files.
#[derive(Clone, Debug)]
pub enum Declared {
    /// A table of keys.
    Table(Vec<Field>),
    /// One of several: the key that says which, if that is a key beside the others.
    Choice(Option<String>, Vec<Variant>),
}
