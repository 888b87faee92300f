//! What the page of a report says and in which order.

use super::parts::{Block, Page, Section};
use super::points;
use super::table::{Cell, Mark, TextTable, marked, plain};
use crate::draw::{self, Drawing};
use crate::format::{count, seconds, shown};
use crate::report::chart::Chart;
use crate::report::{Chapter, Comparison, Part, Report, Table};
use crate::timing::Timing;

/// What is said above a report of a quick run.
const QUICK: &str = "QUICK RUN: fewer epochs and chips than the preset asks for. It shows that everything runs; \
                     its figures are not those of a full run.";

/// The whole page; `drawings` are those of the report's charts.
pub fn page<'r>(report: &'r Report, timing: &Timing, drawings: &'r [Drawing]) -> Page<'r> {
    Page {
        title: &report.title,
        banner: report.run.quick.then_some(QUICK),
        preset: &report.preset,
        seed: report.seed,
        behind: report.behind(),
        revision: &report.revision,
        schema: &report.schema,
        verdict: Comparison::verdict(&report.comparison),
        lead: &report.lead,
        headlines: &report.headlines,
        cover: report.cover.as_ref().and_then(|chart| drawing(drawings, chart)),
        sections: sections(report, timing, drawings),
    }
}

fn sections<'r>(report: &'r Report, timing: &Timing, drawings: &'r [Drawing]) -> Vec<Section<'r>> {
    let named = |part: Part| report.chapters.iter().any(|chapter| chapter.parts.contains(&part));
    let charts = report.charts.iter().filter(|chart| !named(Part::Chart(chart.name.clone())));
    let tables = report.tables.iter().filter(|table| !named(Part::Table(table.title.clone())));
    let chapters = report.chapters.iter().map(|one| chapter(report, one, drawings));
    let verdict =
        Comparison::verdict(&report.comparison).map(|text| format!("Of this run: {text}."));
    let before = [Section::new(
        "The paper's figures beside ours",
        [Block::text(verdict.unwrap_or_default()), Block::table(comparison(report))],
    )];
    let after = [
        Section::new("Results", charts.flat_map(|chart| blocks(chart, drawings)).map(Some)),
        Section::new("Tables", tables.map(|table| Block::table(plain(table)))),
        Section::new(
            "Figures by name",
            [
                Block::text(format!(
                    "What a gate can look at: means over {} with half their 95 % intervals.",
                    report.means_over
                )),
                Block::table(plain(&figures(report))),
            ],
        ),
        Section::new("Parameters", [Block::table(parameters(report))]),
        Section::new("Notes", [Block::list(&report.notes)]),
        Section::new("Counts", [Block::table(plain(&counts(report)))]),
        Section::new("Time", [Block::table(plain(&times(timing)))]),
        Section::new("How to reproduce", reproduce(report)),
    ];
    before.into_iter().chain(chapters).chain(after).filter(Section::tells).collect()
}

fn chapter<'r>(report: &'r Report, chapter: &'r Chapter, drawings: &'r [Drawing]) -> Section<'r> {
    let part = |part: &Part| match part {
        Part::Chart(name) => {
            let chart = report.charts.iter().find(|chart| chart.name == *name);
            chart.map(|chart| blocks(chart, drawings)).unwrap_or_default()
        }
        Part::Table(title) => {
            let table = report.tables.iter().find(|table| table.title == *title);
            table.and_then(|table| Block::table(plain(table))).into_iter().collect()
        }
    };
    let head = [Block::text(chapter.text.as_str()), Block::list(&chapter.points)];
    let parts = chapter.parts.iter().flat_map(part).map(Some);
    Section::new(&chapter.title, head.into_iter().chain(parts))
}

/// A picture and the tables behind it.
fn blocks<'r>(chart: &Chart, drawings: &'r [Drawing]) -> Vec<Block<'r>> {
    let picture = drawing(drawings, chart).map(|drawing| Block::Picture { drawing });
    let tables = points::tables(chart);
    let tables = tables.iter().filter_map(|table| Block::table(plain(table)));
    picture.into_iter().chain(tables).collect()
}

fn drawing<'r>(drawings: &'r [Drawing], chart: &Chart) -> Option<&'r Drawing> {
    drawings.iter().find(|drawing| drawing.file == draw::file(chart))
}

fn comparison(report: &Report) -> Option<TextTable> {
    let rows = report.comparison.iter().map(|row| {
        let (target, text, mark) = match &row.target {
            Some(target) => {
                let (text, mark) = match (target.verdict.met, target.verdict.open) {
                    (true, false) => ("✓ met", Mark::Good),
                    (true, true) => ("(✓) met in the mean", Mark::None),
                    (false, false) => ("✗ missed", Mark::Bad),
                    (false, true) => ("(✗) missed in the mean", Mark::None),
                };
                (target.text.as_str(), text, mark)
            }
            None => ("–", "", Mark::None),
        };
        let cells = [&row.figure, &row.paper, &row.ours].map(|text| Cell::from(text.as_str()));
        cells.into_iter().chain([target.into(), Cell { text: text.to_owned(), mark }]).collect()
    });
    marked("Row by row", &["figure", "paper", "ours", "must reach", ""], rows.collect())
}

fn figures(report: &Report) -> Table {
    let rows = report.figures.iter().map(|(name, figure)| {
        let value = shown(&figure.estimate, &figure.shown);
        vec![figure.label.clone(), value, figure.estimate.chips.to_string(), name.clone()]
    });
    Table::new("Figures", ["figure", "mean", &report.means_over, "name in report.json"], rows)
}

fn parameters(report: &Report) -> Option<TextTable> {
    let rows = report.parameters.iter().map(|parameter| {
        let (text, mark) = if parameter.ours { ("ours", Mark::Own) } else { ("", Mark::None) };
        vec![
            parameter.name.as_str().into(),
            parameter.value.as_str().into(),
            Cell { text: text.to_owned(), mark },
            parameter.note.as_str().into(),
        ]
    });
    let title = "Parameters; “ours” marks a value the paper does not give";
    marked(title, &["parameter", "value", "", "origin"], rows.collect())
}

fn counts(report: &Report) -> Table {
    let rows = report.counts.iter().map(|(name, number)| vec![name.clone(), count(*number)]);
    Table::new("Counts", ["what", "count"], rows)
}

/// The stages of a run, the whole of it, and single steps.
fn times(timing: &Timing) -> Table {
    let text = |name: &str, time_s: f64| vec![name.to_owned(), seconds(time_s)];
    let whole = format!("whole run, threads: {}", timing.threads);
    let stages = timing.stages.iter().map(|stage| text(&stage.name, stage.seconds));
    let steps = timing.steps.iter().map(|step| text(&step.name, step.seconds));
    let rows = stages.chain([text(&whole, timing.total_s)]).chain(steps);
    Table::new("Time (differs from run to run)", ["stage", "time"], rows).folded()
}

fn reproduce(report: &Report) -> Vec<Option<Block<'_>>> {
    let run = &report.run;
    let data = match (run.data_name.as_str(), run.data_sha256.as_str()) {
        ("", _) => String::new(),
        (name, "") => format!("Data: {name}."),
        (name, sum) => format!("Data: {name}, SHA-256 {sum}."),
    };
    let command = (!run.command.is_empty()).then_some(Block::Code {
        title: "Command",
        language: "sh",
        text: &run.command,
        folded: false,
    });
    let spec = (!report.spec.is_empty()).then_some(Block::Code {
        title: "The preset as it was run",
        language: "toml",
        text: &report.spec,
        folded: true,
    });
    let same = "The same preset, seed and data give the same bytes of report.json on any number of threads.";
    vec![Block::text(same), Block::text(data), command, spec]
}
