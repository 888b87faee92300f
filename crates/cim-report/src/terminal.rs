//! The tables the command prints at the end: plain text, at most 80 columns.

use super::format::wrapped;
use super::model::{Comparison, Report};
use super::timing::Timing;

/// Columns of a terminal that a line may take.
pub const LINE: usize = 80;

/// Width of each column: figure, paper, ours, target, mark.
const WIDTHS: [usize; 5] = [26, 12, 19, 14, 1];

const GAP: &str = "  ";

/// The paper's figures beside ours, with a line on the run above.
pub fn summary_table(report: &Report) -> String {
    let missed = report.comparison.iter().filter(|row| !row.met).count();
    let verdict = match missed {
        0 => "every target met".to_owned(),
        1 => "1 target not met".to_owned(),
        n => format!("{n} targets not met"),
    };
    let mut text = String::new();
    let run = format!(
        "preset {}, seed {}, {} chips: {verdict}",
        report.preset,
        report.seed,
        report.chips(),
    );
    text += &paragraph(&run);
    text.push('\n');
    text += &head(&WIDTHS, ["", "paper", "ours", "must reach", ""]);
    text + &rows(&report.comparison)
}

/// The rows about time, to stand below [`summary_table`]; empty if there are none.
pub fn timing_table(timing: &Timing) -> String {
    rows(&timing.comparison)
}

fn rows(comparison: &[Comparison]) -> String {
    comparison
        .iter()
        .map(|row| {
            let mark = if row.met { "✓" } else { "✗" };
            let Comparison { figure, paper, ours, target, .. } = row;
            row_of(&WIDTHS, [figure.as_str(), paper, ours, target, mark])
        })
        .collect()
}

/// Text over as many lines as it needs.
pub fn paragraph(text: &str) -> String {
    wrapped(text, LINE).into_iter().map(|line| line + "\n").collect()
}

/// Names of columns of these widths with a rule below.
pub fn head<'c>(widths: &[usize], cells: impl IntoIterator<Item = &'c str>) -> String {
    let rule = "─".repeat(widths.iter().sum::<usize>() + (widths.len() - 1) * GAP.len());
    row_of(widths, cells) + &rule + "\n"
}

/// One row, on as many lines as its longest cell needs.
pub fn row_of<'c>(widths: &[usize], cells: impl IntoIterator<Item = &'c str>) -> String {
    let cells: Vec<_> =
        cells.into_iter().zip(widths).map(|(cell, width)| wrapped(cell, *width)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let mut text = String::new();
    for index in 0..height {
        let parts = cells.iter().zip(widths).map(|(lines, width)| {
            let part = lines.get(index).map_or("", String::as_str);
            format!("{part:<width$}")
        });
        text += parts.collect::<Vec<_>>().join(GAP).trim_end();
        text.push('\n');
    }
    text
}
