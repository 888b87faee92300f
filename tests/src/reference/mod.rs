//! The reference of every key of every preset, made from the code: `cargo xtask keys`.
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

pub use page::page;
pub use studies::declared_keys;
