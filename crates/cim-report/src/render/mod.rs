//! A page or a report as text: HTML, Markdown, JSON, lines for a terminal.

pub mod html;
pub mod json;
pub mod markdown;
pub mod table;
pub mod terminal;
