//! What the report of a study says and in which order.

use std::path::{Path, PathBuf};

use super::chart;
use super::model::{Chart, Scale, Study};
use crate::error::ReportError;
use crate::figures::Figure;
use crate::files;
use crate::format::{count, number, number_estimate, percent, percent_estimate};
use crate::model::Estimate;
use crate::page::{Block, Page, Section};
use crate::tables::{self, Table, folded};
use crate::timing::Timing;

/// Writes the report into `dir`, which is made if need be, and returns the paths of its files.
///
/// # Errors
/// [`ReportError::NotFinite`] if a number is NaN or infinite, [`ReportError::Malformed`] if parts of
/// the study do not fit together, [`ReportError::Folder`] and [`ReportError::Write`] if the folder or
/// a file cannot be written, and the errors of rendering.
pub fn write(study: &Study, timing: &Timing, dir: &Path) -> Result<Vec<PathBuf>, ReportError> {
    study.check()?;
    let data = files::data(study, timing)?;
    let figures = chart::all(study)?;
    files::write(&page(study, timing, &figures), data, &figures, dir)
}

fn page<'r>(study: &'r Study, timing: &Timing, figures: &'r [Figure]) -> Page<'r> {
    Page {
        title: &study.title,
        preset: &study.preset,
        seed: study.seed,
        chips: study.chips(),
        revision: &study.revision,
        schema: &study.schema,
        lead: study.lead.clone(),
        headlines: study.headlines.clone(),
        cover: None,
        sections: sections(study, timing, figures),
    }
}

fn sections<'r>(study: &'r Study, timing: &Timing, figures: &'r [Figure]) -> Vec<Section<'r>> {
    let pictures = study.charts.iter().flat_map(|chart| {
        let figure = figures.iter().find(|figure| figure.file == chart::file(chart));
        let picture = figure.map(|figure| Block::Picture { figure });
        [picture, Block::table(points(chart))]
    });
    let plain = study
        .tables
        .iter()
        .map(|table| Block::table(tables::plain(&table.title, &table.columns, &table.rows)));
    let all = [
        Section::new("Results", pictures),
        Section::new("Tables", plain),
        Section::new(
            "Figures by name",
            [
                Block::text(
                    "What a gate can look at: means over simulated chips with half their 95 % intervals.",
                ),
                Block::table(named(study)),
            ],
        ),
        Section::new("Notes", [Block::list(study.notes.clone())]),
        Section::new("Counts", [Block::table(counts(study))]),
        Section::new("Time", [Block::table(tables::stages(timing))]),
        Section::new(
            "How to reproduce",
            [
                Block::text("The same preset and seed give the same bytes of report.json."),
                Block::preset(&study.spec),
            ],
        ),
    ];
    all.into_iter().filter(Section::tells).collect()
}

/// What a chart shows, as numbers.
fn points(chart: &Chart) -> Option<Table> {
    let text = |estimate: &Estimate| match chart.y {
        Scale::Accuracy if estimate.chips > 1 => percent_estimate(estimate),
        Scale::Accuracy => percent(estimate.mean),
        Scale::Linear | Scale::Log => number_estimate(estimate),
    };
    let names = chart.names();
    let several = chart.filled().count() > 1;
    let mut rows = Vec::new();
    for panel in chart.filled() {
        let found = panel.series.iter().flat_map(|line| &line.points).map(|point| point.x);
        let mut places: Vec<f64> = found.collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        for x in places {
            let cell = |name: &&str| {
                let mut lines = panel.series.iter().filter(|line| line.name == *name);
                let point = lines.find_map(|line| line.points.iter().find(|point| point.x == x));
                point.map_or_else(|| "–".to_owned(), |point| text(&point.y))
            };
            let head = several.then(|| panel.title.clone()).into_iter().chain([number(x)]);
            rows.push(head.chain(names.iter().map(cell)).collect());
        }
    }
    let head = several.then_some("panel").into_iter().chain([chart.x_label.as_str()]);
    let columns: Vec<_> = head.chain(names.iter().copied()).map(str::to_owned).collect();
    let title = format!("{}: {}", chart.title, chart.y_label);
    tables::plain(&title, &columns, &rows).map(folded)
}

fn named(study: &Study) -> Option<Table> {
    let rows: Vec<_> = study
        .figures
        .iter()
        .map(|(name, figure)| vec![name.clone(), number_estimate(figure), figure.chips.to_string()])
        .collect();
    tables::plain("Figures", &["figure", "mean", "chips"].map(str::to_owned), &rows)
}

fn counts(study: &Study) -> Option<Table> {
    let rows: Vec<_> =
        study.counts.iter().map(|(name, number)| vec![name.clone(), count(*number)]).collect();
    tables::plain("Counts", &["what", "count"].map(str::to_owned), &rows)
}
