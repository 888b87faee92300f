//! The report as Markdown, with links to the pictures beside it.

use crate::draw::Drawing;
use crate::page::{Block, Page, Section, TextTable};

/// The whole file.
pub fn render(page: &Page<'_>) -> String {
    let mut text = format!(
        "# {}\n\nPreset `{}`, seed {}, revision {}, {}.\n\n",
        escaped(page.title),
        code_span(page.preset),
        page.seed,
        escaped(page.revision),
        page.behind,
    );
    if let Some(banner) = page.banner {
        text += &format!("> **{}**\n\n", escaped(banner));
    }
    text += &format!("{}\n", escaped(page.lead));
    if let Some(verdict) = &page.verdict {
        text += &format!("\n**Targets: {}.**\n", escaped(verdict));
    }
    if let Some(drawing) = page.cover {
        text += &format!("\n{}\n", image(drawing));
    }
    for Section { title, blocks } in &page.sections {
        text += &format!("\n## {}\n", escaped(title));
        for block in blocks {
            text.push('\n');
            text += &rendered(block);
        }
    }
    text
}

fn rendered(block: &Block<'_>) -> String {
    match block {
        Block::Text { text } => format!("{}\n", escaped(text)),
        Block::List { items } => {
            items.iter().map(|item| format!("- {}\n", escaped(item))).collect()
        }
        Block::Picture { drawing } => {
            format!("{}\n\n*{}*\n", image(drawing), escaped(&drawing.caption))
        }
        Block::Table { table } => table_lines(table),
        Block::Code { title, language, text, .. } => {
            let fence = fence(text);
            format!("{title}:\n\n{fence}{language}\n{}\n{fence}\n", text.trim_end())
        }
    }
}

fn image(drawing: &Drawing) -> String {
    format!("![{}]({})", escaped(&drawing.title), drawing.file)
}

fn table_lines(table: &TextTable) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let rule = |numeric: bool| if numeric { "---:" } else { "---" }.to_owned();
    let mut lines = format!("**{}**\n\n", escaped(&table.title));
    lines += &line(table.columns.iter().map(|column| escaped(&column.name)).collect());
    lines += &line(table.columns.iter().map(|column| rule(column.numeric)).collect());
    for row in &table.rows {
        lines += &line(row.iter().map(|cell| escaped(&cell.text)).collect());
    }
    lines
}

/// Text that Markdown shows as it is, on one line.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '\n' | '\r' => safe.push(' '),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' => safe.extend(['\\', c]),
            _ => safe.push(c),
        }
    }
    safe
}

/// Text between single backticks, where no escape exists.
fn code_span(text: &str) -> String {
    text.replace('`', "'").replace(['\n', '\r'], " ")
}

/// A fence longer than any run of backticks in `text`.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat((longest + 1).max(3))
}
