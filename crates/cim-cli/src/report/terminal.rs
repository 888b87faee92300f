//! The tables the command prints at the end: plain text, at most 80 columns.

use super::model::{Comparison, Report};
use super::timing::Timing;

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
    for line in wrapped(&run, 80) {
        text += &line;
        text.push('\n');
    }
    text.push('\n');
    text += &lines(["", "paper", "ours", "must reach", ""].map(str::to_owned));
    text += &"─".repeat(WIDTHS.iter().sum::<usize>() + (WIDTHS.len() - 1) * GAP.len());
    text.push('\n');
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
            lines(
                [figure, paper, ours, target]
                    .map(String::to_owned)
                    .into_iter()
                    .chain([mark.to_owned()]),
            )
        })
        .collect()
}

/// One row, on as many lines as its longest cell needs.
fn lines(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<_> =
        cells.into_iter().zip(WIDTHS).map(|(cell, width)| wrapped(&cell, width)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let mut text = String::new();
    for index in 0..height {
        let parts = cells.iter().zip(WIDTHS).map(|(lines, width)| {
            let part = lines.get(index).map_or("", String::as_str);
            format!("{part:<width$}")
        });
        text += parts.collect::<Vec<_>>().join(GAP).trim_end();
        text.push('\n');
    }
    text
}

/// `text` broken at plain spaces (no-break spaces hold), or inside a word longer than a line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        let mut letters: Vec<char> = word.chars().collect();
        let used = lines.last().map_or(0, |line| line.chars().count());
        if used > 0 && used + 1 + letters.len() > width {
            lines.push(String::new());
        } else if used > 0
            && let Some(line) = lines.last_mut()
        {
            line.push(' ');
        }
        while letters.len() > width {
            let rest = letters.split_off(width);
            if let Some(line) = lines.last_mut() {
                line.extend(letters);
            }
            lines.push(String::new());
            letters = rest;
        }
        if let Some(line) = lines.last_mut() {
            line.extend(letters);
        }
    }
    lines
}
