//! What a command prints at the end of a study: plain text, at most 80 columns.

use crate::format::{seconds, wrapped};
use crate::report::{Comparison, Headline, Report, Verdict};
use crate::timing::Timing;

/// Columns of a terminal that a line may take.
const LINE: usize = 80;

/// Width of each column of a comparison: figure, paper, ours, target, mark.
const COMPARISON: [usize; 5] = [24, 12, 19, 14, 3];

/// Width of each column of headlines: number, what it is, what to compare it with.
const HEADLINES: [usize; 3] = [12, 30, 34];

/// Width of each column of times.
const TIMES: [usize; 2] = [44, 14];

/// Width of each column of stages: name, time, share.
const STAGES: [usize; 3] = [44, 14, 8];

const GAP: &str = "  ";

/// Title, run, lead, comparison or headlines, and times; the same for every study.
pub fn summary(report: &Report, timing: &Timing) -> String {
    let Report { title, preset, seed, .. } = report;
    let mut text = String::new();
    if report.run.quick {
        text += &paragraph("QUICK RUN: fewer epochs and chips than the preset asks for");
        text.push('\n');
    }
    text += &paragraph(title);
    text += &paragraph(&format!("preset {preset}, seed {seed}, {}", report.behind()));
    if !report.lead.is_empty() {
        text.push('\n');
        text += &paragraph(&report.lead);
    }
    if report.comparison.is_empty() {
        text += &headlines(&report.headlines);
    } else {
        text += &comparison(&report.comparison);
    }
    text += &times(timing);
    text
}

fn comparison(rows: &[Comparison]) -> String {
    let mut text = String::from("\n");
    if let Some(verdict) = Comparison::verdict(rows) {
        text += &paragraph(&format!("Targets: {verdict}"));
        text.push('\n');
    }
    text += &head(&COMPARISON, ["", "paper", "ours", "must reach", ""]);
    for row in rows {
        let (target, mark) = match &row.target {
            Some(target) => (target.text.as_str(), mark(target.verdict)),
            None => ("–", ""),
        };
        text += &row_of(&COMPARISON, [row.figure.as_str(), &row.paper, &row.ours, target, mark]);
    }
    text
}

fn mark(verdict: Verdict) -> &'static str {
    match (verdict.met, verdict.open) {
        (true, false) => "✓",
        (true, true) => "(✓)",
        (false, false) => "✗",
        (false, true) => "(✗)",
    }
}

fn headlines(headlines: &[Headline]) -> String {
    // A number is whole on its line, as far as the last column has room for it.
    let [number, label, detail] = HEADLINES;
    let longest = |text: &str| text.split(' ').map(|word| word.chars().count()).max().unwrap_or(0);
    let needed = headlines.iter().map(|headline| longest(&headline.value)).max().unwrap_or(0);
    let wider = needed.saturating_sub(number).min(detail / 2);
    let widths = [number + wider, label, detail - wider];
    let rows = headlines.iter().map(|headline| {
        let Headline { value, label, detail } = headline;
        row_of(&widths, [value.as_str(), label, detail])
    });
    let rows: String = rows.collect();
    if rows.is_empty() { rows } else { format!("\n{rows}") }
}

fn times(timing: &Timing) -> String {
    let whole = format!("whole run, threads: {}", timing.threads);
    let steps = timing.steps.iter().map(|step| (step.name.as_str(), step.seconds));
    let rows = [(whole.as_str(), timing.total_s)].into_iter().chain(steps);
    let rows: String =
        rows.map(|(name, time_s)| row_of(&TIMES, [name, &seconds(time_s)])).collect();
    format!("\n{rows}")
}

/// Every stage with its time and its share of the run, in the order they ran, and what was spent between
/// them.
pub fn stages(timing: &Timing) -> String {
    let known: f64 = timing.stages.iter().map(|stage| stage.seconds).sum();
    let rest = ("between stages", (timing.total_s - known).max(0.0));
    let stages = timing.stages.iter().map(|stage| (stage.name.as_str(), stage.seconds));
    let total_s = timing.total_s.max(known).max(f64::MIN_POSITIVE);
    let mut text = head(&STAGES, ["stage", "time", "share"]);
    for (name, time_s) in stages.chain([rest]) {
        let share = format!("{:.1} %", 100.0 * time_s / total_s);
        text += &row_of(&STAGES, [name, &seconds(time_s), &share]);
    }
    text
}

/// Text over as many lines as it needs.
fn paragraph(text: &str) -> String {
    wrapped(text, LINE).into_iter().map(|line| line + "\n").collect()
}

/// Names of columns of these widths with a rule below.
fn head<'c>(widths: &[usize], cells: impl IntoIterator<Item = &'c str>) -> String {
    let rule = "─".repeat(widths.iter().sum::<usize>() + (widths.len() - 1) * GAP.len());
    row_of(widths, cells) + &rule + "\n"
}

/// One row, on as many lines as its longest cell needs.
fn row_of<'c>(widths: &[usize], cells: impl IntoIterator<Item = &'c str>) -> String {
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
