//! What was fitted, for people and for files: tables, pictures, a page, a preset.

mod about;
mod page;
mod pictures;
mod preset;
mod tables;

pub use about::About;
pub use page::files;
pub use preset::preset;
pub use tables::printed;
