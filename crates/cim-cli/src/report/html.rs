//! The report as one self-contained page.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Value, context};

use super::content::{Block, headlines, lead, sections};
use super::error::ReportError;
use super::figures::Figure;
use super::model::Report;
use super::tables::{Mark, Table};
use super::timing::Timing;

const TEMPLATE: &str = include_str!("page.html");

/// The whole page; pictures and styles inline, nothing fetched.
///
/// # Errors
/// [`ReportError::Render`] with what the template engine said.
pub fn render(report: &Report, timing: &Timing, figures: &[Figure]) -> Result<String, ReportError> {
    page(report, timing, figures).map_err(|e| ReportError::Render { reason: format!("{e:#}") })
}

fn page(report: &Report, timing: &Timing, figures: &[Figure]) -> Result<String, minijinja::Error> {
    let headlines: Vec<_> = headlines(report)
        .into_iter()
        .map(|line| context! { value => line.value, label => line.label, detail => line.detail })
        .collect();
    let sections: Vec<_> = sections(report, timing, figures)
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
            preset => report.preset.as_str(),
            seed => report.seed.to_string(),
            revision => report.revision.as_str(),
            schema => report.schema.as_str(),
            chips => report.chips(),
            lead => lead(report),
            headlines => headlines,
            sections => sections,
        },
    )
}

fn block_value(block: &Block<'_>) -> Value {
    match block {
        Block::Text { text } => context! { kind => "text", text => text.as_str() },
        Block::List { items } => context! { kind => "list", lines => items.clone() },
        Block::Picture { title, caption, svg, .. } => {
            context! { kind => "picture", title => *title, caption => *caption, svg => *svg }
        }
        Block::Table { table } => context! { kind => "table", table => table_value(table) },
        Block::Code { title, text, folded, .. } => {
            context! { kind => "code", title => *title, text => text.as_str(), folded => *folded }
        }
    }
}

fn table_value(table: &Table) -> Value {
    let columns = table.columns.iter();
    let columns: Vec<_> =
        columns.map(|column| context! { name => column.name, numeric => column.numeric }).collect();
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
