//! What any report is made of, whatever it tells; the page and the Markdown file are two renderings.

use serde::{Deserialize, Serialize};

use super::figures::Figure;
use super::tables::Table;

/// A report as a reader goes through it.
pub struct Page<'r> {
    /// What it is about.
    pub title: &'r str,
    /// Name of the preset.
    pub preset: &'r str,
    /// Root of all randomness.
    pub seed: u64,
    /// Simulated chips behind the estimates.
    pub chips: usize,
    /// Revision or version of the program that ran.
    pub revision: &'r str,
    /// Layout of the data.
    pub schema: &'r str,
    /// The report in two sentences.
    pub lead: String,
    /// The numbers of the first screen.
    pub headlines: Vec<Headline>,
    /// A picture to stand at the top of a file that shows no cards.
    pub cover: Option<&'r Figure>,
    /// Everything else, in order.
    pub sections: Vec<Section<'r>>,
}

/// One number of the first screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headline {
    /// The number.
    pub value: String,
    /// What it is.
    pub label: String,
    /// What to compare it with.
    pub detail: String,
}

/// One chapter.
pub struct Section<'r> {
    /// Its heading.
    pub title: &'static str,
    /// What stands in it, in order.
    pub blocks: Vec<Block<'r>>,
}

/// One piece of a chapter.
pub enum Block<'r> {
    /// A paragraph.
    Text { text: String },
    /// A list of remarks.
    List { items: Vec<String> },
    /// A picture with its caption.
    Picture { figure: &'r Figure },
    /// A table.
    Table { table: Table },
    /// Text as typed; folded away if it is long.
    Code { title: &'static str, language: &'static str, text: String, folded: bool },
}

impl<'r> Section<'r> {
    /// A chapter of those blocks that are there.
    pub fn new(title: &'static str, blocks: impl IntoIterator<Item = Option<Block<'r>>>) -> Self {
        Self { title, blocks: blocks.into_iter().flatten().collect() }
    }

    /// Whether it tells something: an introduction to nothing is nothing.
    pub fn tells(&self) -> bool {
        self.blocks.iter().any(|block| !matches!(block, Block::Text { .. }))
    }
}

impl Block<'_> {
    /// A paragraph.
    pub fn text(text: &str) -> Option<Self> {
        Some(Self::Text { text: text.to_owned() })
    }

    /// Remarks, if there are any.
    pub fn list(items: Vec<String>) -> Option<Self> {
        (!items.is_empty()).then_some(Self::List { items })
    }

    /// A table, if there is one.
    pub fn table(table: Option<Table>) -> Option<Self> {
        table.map(|table| Self::Table { table })
    }

    /// The preset as its author wrote it.
    pub fn preset(spec: &str) -> Option<Self> {
        Some(Self::Code {
            title: "The preset as written",
            language: "toml",
            text: spec.to_owned(),
            folded: true,
        })
    }
}
