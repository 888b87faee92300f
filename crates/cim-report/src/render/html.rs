//! The report as one self-contained page.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Value, context};

use crate::error::ReportError;
use crate::page::{Block, Mark, Page, TextTable};

const TEMPLATE: &str = include_str!("page.html");

/// The whole page; pictures and styles inline, nothing fetched.
///
/// # Errors
/// [`ReportError::Render`] with what the template engine said.
pub fn render(page: &Page<'_>) -> Result<String, ReportError> {
    rendered(page).map_err(|e| ReportError::Render { reason: format!("{e:#}") })
}

fn rendered(page: &Page<'_>) -> Result<String, minijinja::Error> {
    let headlines: Vec<_> = page
        .headlines
        .iter()
        .map(|line| {
            context! {
                value => line.value.as_str(),
                label => line.label.as_str(),
                detail => line.detail.as_str(),
            }
        })
        .collect();
    let sections: Vec<_> = page
        .sections
        .iter()
        .map(|section| {
            let blocks: Vec<_> = section.blocks.iter().map(block_value).collect();
            context! { title => section.title, blocks => blocks }
        })
        .collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.render_str(
        TEMPLATE,
        context! {
            title => page.title,
            preset => page.preset,
            seed => page.seed.to_string(),
            revision => page.revision,
            schema => page.schema,
            behind => page.behind.clone(),
            banner => page.banner,
            verdict => page.verdict.as_deref(),
            lead => page.lead,
            headlines => headlines,
            sections => sections,
        },
    )
}

fn block_value(block: &Block<'_>) -> Value {
    match block {
        Block::Text { text } => context! { kind => "text", text => text.as_str() },
        Block::List { items } => context! { kind => "list", lines => items.to_vec() },
        Block::Picture { drawing } => context! {
            kind => "picture",
            title => drawing.title.as_str(),
            caption => drawing.caption.as_str(),
            svg => drawing.svg.as_str(),
        },
        Block::Table { table } => context! { kind => "table", table => table_value(table) },
        Block::Code { title, text, folded, .. } => {
            context! { kind => "code", title => *title, text => *text, folded => *folded }
        }
    }
}

fn table_value(table: &TextTable) -> Value {
    let columns = table.columns.iter();
    let columns: Vec<_> = columns
        .map(|column| context! { name => column.name.as_str(), numeric => column.numeric })
        .collect();
    let rows: Vec<_> = table
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|cell| context! { text => cell.text.as_str(), mark => class(cell.mark) })
                .collect::<Vec<_>>()
        })
        .collect();
    context! { title => table.title.as_str(), folded => table.folded, columns => columns, rows => rows }
}

/// Name of the style of a mark; empty for none.
fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::None => "",
        Mark::Good => "good",
        Mark::Bad => "bad",
        Mark::Own => "own",
    }
}
