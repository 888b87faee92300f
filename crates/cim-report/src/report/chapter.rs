//! Chapters of a report's page, which name the charts and tables that stand in them.

use serde::{Deserialize, Serialize};

/// One chapter of the page.
///
/// Charts and tables that no chapter names come after all chapters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// Its heading.
    pub title: String,
    /// A paragraph below the heading; may be empty.
    pub text: String,
    /// Remarks, one or two sentences each; may be none.
    pub points: Vec<String>,
    /// Charts and tables in reading order.
    pub parts: Vec<Part>,
}

/// A piece of a chapter, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The chart of this name, with its numbers as a table behind it.
    Chart(String),
    /// The table of this title.
    Table(String),
}

impl Part {
    /// The chart called `name`.
    pub fn chart(name: &str) -> Self {
        Self::Chart(name.to_owned())
    }

    /// The table with this title.
    pub fn table(title: &str) -> Self {
        Self::Table(title.to_owned())
    }
}
