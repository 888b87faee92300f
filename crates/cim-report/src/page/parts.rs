//! What a page is made of, whatever it tells; HTML and Markdown are two renderings.

use super::table::TextTable;
use crate::draw::Drawing;
use crate::report::Headline;

/// A report as a reader goes through it.
pub struct Page<'r> {
    /// What it is about.
    pub title: &'r str,
    /// What stands above everything if the run was cut short.
    pub banner: Option<&'static str>,
    /// Name of the preset.
    pub preset: &'r str,
    /// Root of all randomness.
    pub seed: u64,
    /// How many chips, or what else, are behind the estimates.
    pub behind: String,
    /// Revision or version of the program that ran.
    pub revision: &'r str,
    /// Layout of the data.
    pub schema: &'r str,
    /// How many targets are met, if there are any.
    pub verdict: Option<String>,
    /// The report in two sentences.
    pub lead: &'r str,
    /// The numbers of the first screen.
    pub headlines: &'r [Headline],
    /// A picture to stand at the top of a file that shows no cards.
    pub cover: Option<&'r Drawing>,
    /// Everything else, in order.
    pub sections: Vec<Section<'r>>,
}

/// One chapter.
pub struct Section<'r> {
    /// Its heading.
    pub title: &'r str,
    /// What stands in it, in order.
    pub blocks: Vec<Block<'r>>,
}

/// One piece of a chapter.
pub enum Block<'r> {
    /// A paragraph.
    Text { text: String },
    /// A list of remarks.
    List { items: &'r [String] },
    /// A picture with its caption.
    Picture { drawing: &'r Drawing },
    /// A table.
    Table { table: TextTable },
    /// Text as typed; folded away if it is long.
    Code { title: &'static str, language: &'static str, text: &'r str, folded: bool },
}

impl<'r> Section<'r> {
    /// A chapter of those blocks that are there.
    pub fn new(title: &'r str, blocks: impl IntoIterator<Item = Option<Block<'r>>>) -> Self {
        Self { title, blocks: blocks.into_iter().flatten().collect() }
    }

    /// Whether it tells something: an introduction to nothing is nothing.
    pub fn tells(&self) -> bool {
        self.blocks.iter().any(|block| !matches!(block, Block::Text { .. }))
    }
}

impl<'r> Block<'r> {
    /// A paragraph, if it says something.
    pub fn text(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty()).then_some(Self::Text { text })
    }

    /// Remarks, if there are any.
    pub fn list(items: &'r [String]) -> Option<Self> {
        (!items.is_empty()).then_some(Self::List { items })
    }

    /// A table, if there is one.
    pub fn table(table: Option<TextTable>) -> Option<Self> {
        table.map(|table| Self::Table { table })
    }
}
