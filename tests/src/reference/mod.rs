//! The reference of every key of every preset, made from the code: `cargo xtask keys`. It is a page of the book and a
//! table, which `cim explain` reads.
//!
//! Keys of the sections that make chips come from the table that `cim explain` reads, all others from
//! the types that presets are read into, with their documentation and the built-in values.

mod page;
mod raw;
mod resolve;
mod source;
mod studies;
mod tables;
mod types;

pub use page::{Reference, reference};
pub use studies::declared_keys;

/// The table, below the root of the repository.
pub const TABLE: &str = "crates/cim-studies/src/explained/keys.tsv";
/// The page, below the root of the repository.
pub const PAGE: &str = "docs/keys.md";
