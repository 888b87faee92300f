//! The report as a reader goes through it, before it is HTML or Markdown.

mod content;
mod parts;
mod points;
mod table;

pub use content::page;
pub use parts::{Block, Page, Section};
pub use table::{Mark, TextTable};
