//! What every report of a study must be, whatever is in it.

use std::fs;

use super::{Chart, Panel, Point, Scale, Study, chart, fixture, summary, write};
use crate::fixture::timing;
use crate::svg::{marks, palette};
use crate::tests::{assert_on_canvas, assert_well_formed, read};
use crate::{Estimate, ReportError};

fn written(study: &Study) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(study, &timing(), dir.path()).unwrap();
    dir
}

/// The picture of a chart, checked.
fn drawn(chart: Chart) -> String {
    let study = Study { charts: vec![chart], ..fixture::study() };
    let figure = chart::all(&study).unwrap().remove(0);
    assert_well_formed(&figure.svg, &figure.file);
    assert_on_canvas(&figure.svg, &figure.file);
    figure.svg
}

/// Whether a text of the picture says exactly this.
fn says(svg: &str, text: &str) -> bool {
    svg.contains(&format!(">\n{text}\n</text>"))
}

#[test]
fn the_same_study_gives_the_same_files_and_reads_back() {
    let study = fixture::study();
    let (first, second) = (written(&study), written(&study));
    let mut names = Vec::new();
    for entry in fs::read_dir(first.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert_eq!(read(first.path(), &name), read(second.path(), &name), "{name} differs");
        names.push(name);
    }
    names.sort();
    let pictures = ["time.svg", "timing.json", "transfer-error.svg", "wires.svg"];
    assert_eq!(names[..3], ["report.html", "report.json", "report.md"]);
    assert_eq!(names[3..], pictures);
    let text = read(first.path(), "report.json");
    assert_eq!(serde_json::from_str::<Study>(&text).unwrap(), study);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json.pointer("/figures/naive_2_ohm/mean").unwrap(), 0.6702);
}

#[test]
fn page_and_markdown_hold_every_part_escaped() {
    let mut study = fixture::study();
    study.title = "Wires <b> & more".to_owned();
    let dir = written(&study);
    let page = read(dir.path(), "report.html");
    assert_eq!(page.matches("<svg").count(), 3);
    assert_eq!(page.matches("class=\"card\"").count(), 4);
    assert!(page.contains("<h1>Wires &lt;b&gt; &amp; more</h1>"));
    assert!(page.contains("10 simulated chips"));
    assert!(page.contains("&lt;wire&gt; &amp; mapping") && page.contains("1,234,567"));
    assert!(!page.contains("conic optimum"), "times of another experiment");
    let markdown = read(dir.path(), "report.md");
    assert!(markdown.starts_with("# Wires &lt;b&gt; &amp; more\n\nPreset `ir-drop`, seed 1,"));
    assert!(markdown.contains("![Accuracy against wire resistance](wires.svg)"));
    assert!(markdown.contains("compensated \\| &lt;both&gt;"));
    assert!(markdown.contains("| --- | ---: | ---: | --- |\n| naive |"), "columns of numbers");
    // A cell of the chart's data: panel, place, five lines.
    let hard = markdown.replace('\u{a0}', " ");
    assert!(hard.contains("| tiles of 64 × 64 cells | 0 | 97.00 ± 0.15 % |"), "{hard}");
    assert!(hard.contains("| transfer\\_error | 2.13 × 10⁻⁷ ± 1.10 × 10⁻⁸ | 10 |"));
    assert!(hard.contains("| naive\\_2\\_ohm | 0.670 ± 0.012 | 10 |"));
}

#[test]
fn summary_fits_80_columns_and_holds_every_figure() {
    let mut study = fixture::study();
    study.preset = "a/long/path/to/a/preset".repeat(5);
    let text = summary(&study);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
    assert!(text.starts_with("Accuracy on resistive wires\n"));
    assert!(text.contains("0.670\u{a0}±\u{a0}0.012") && text.contains("compensated_2_ohm"));
    assert_eq!(text.matches('±').count(), 1 + 4, "an interval of a single run");
}

#[test]
fn a_legend_stands_once_and_lines_keep_their_look() {
    let svg = drawn(fixture::wide());
    for name in ["naive mapping", "compensated and retrained", "digital"] {
        assert_eq!(svg.matches(&format!(">\n{name}\n</text>")).count(), 1, "{name}");
    }
    let mut other = fixture::wide();
    other.panels[1].series.reverse();
    other.panels[1].series.pop();
    drawn(other);
    let own = drawn(fixture::accuracy());
    assert!(says(&own, "digital, 98.31 %") && says(&own, "digital, 99.12 %"));
}

#[test]
fn six_lines_differ_in_colour_and_in_shape() {
    for a in 0..6 {
        for b in 0..a {
            assert_ne!(palette::line(a), palette::line(b));
            assert!(marks::line_shape(a) != marks::line_shape(b));
        }
    }
}

#[test]
fn zero_has_a_place_left_of_a_logarithmic_axis() {
    let svg = drawn(fixture::wide());
    for tick in ["0", "0.01", "1", "100"] {
        assert!(says(&svg, tick), "no tick {tick}");
    }
    let mut positive = fixture::wide();
    for line in positive.panels.iter_mut().flat_map(|panel| &mut panel.series) {
        line.points.remove(0);
    }
    // A gap is a white patch with two strokes.
    let patches = |svg: &str| svg.matches("fill=\"#FFFFFF\"").count();
    assert_eq!(patches(&svg), patches(&drawn(positive)) + 3);
    // All at zero, or some below: a linear axis shows them too.
    for x in [0.0, -1.0] {
        let mut linear = fixture::wide();
        for line in linear.panels.iter_mut().flat_map(|panel| &mut panel.series) {
            line.points.iter_mut().for_each(|point| point.x *= x);
        }
        drawn(linear);
    }
}

#[test]
fn accuracies_choose_their_axis() {
    let at = |means: &[f64]| {
        let mut chart = fixture::wide();
        let points = means
            .iter()
            .enumerate()
            .map(|(index, mean)| Point { x: index as f64, y: fixture::estimate(*mean, 0.001) });
        chart.panels.truncate(1);
        chart.panels[0].series.truncate(1);
        chart.panels[0].series[0].points = points.collect();
        drawn(chart)
    };
    assert!(says(&at(&[0.8, 0.95, 0.98]), "98.5"), "no axis of nines");
    let low = at(&[0.1, 0.98]);
    assert!(says(&low, "20") && says(&low, "100"));
    let perfect = at(&[0.9, 1.0]);
    assert!(says(&perfect, "100") && !says(&perfect, "20"));
    at(&[1.0, 1.0]);
    at(&[0.0]);
}

#[test]
fn every_scale_draws_every_number() {
    let values: [&[f64]; 6] =
        [&[0.0], &[0.0, 0.0], &[1.0], &[-3.0, 5e9], &[1e-12, 2e-12], &[0.0, 1e-9, 1e9]];
    for scale in [Scale::Accuracy, Scale::Linear, Scale::Log] {
        for (x_log, values) in [true, false].into_iter().flat_map(|log| values.map(|v| (log, v))) {
            let mut chart = Chart { y: scale, x_log, ..fixture::error() };
            chart.panels[0].series.truncate(1);
            chart.panels[0].series[0].points = values
                .iter()
                .map(|v| Point { x: *v, y: fixture::estimate(*v, 0.7 * v.abs()) })
                .collect();
            drawn(chart);
        }
    }
}

#[test]
fn long_labels_and_many_panels_stay_on_the_canvas() {
    let mut chart = fixture::wide();
    let long = "label ".repeat(40);
    chart.x_label = long.clone();
    chart.y_label = long.clone();
    chart.panels.iter_mut().for_each(|panel| panel.title = long.clone());
    chart.panels[0].series[0].name = long.clone();
    let panel = chart.panels[0].clone();
    for count in 1..8 {
        chart.panels = vec![panel.clone(); count];
        drawn(chart.clone());
    }
}

#[test]
fn parts_without_data_are_left_out() {
    let mut study = fixture::study();
    study.headlines.clear();
    study.figures.clear();
    study.counts.clear();
    study.notes.clear();
    study.tables[0].rows.clear();
    study.charts[1].panels.clear();
    let empty = Panel { title: "empty".into(), series: Vec::new(), reference: None };
    study.charts[0].panels[1] = empty.clone();
    study.charts[2].panels = vec![empty];
    let dir = written(&study);
    let page = read(dir.path(), "report.html");
    assert_eq!(page.matches("<svg").count(), 1);
    assert!(
        !page.contains("<h2>Tables") && !page.contains("<h2>Figures") && !page.contains(">empty")
    );
    assert_eq!(summary(&study).matches('─').count(), 0);
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_nothing_behind() {
    type Spoil = fn(&mut Study);
    let cases: [(&str, Spoil); 6] = [
        ("report.figures.solves.mean is not", |s| {
            let nan = Estimate { mean: f64::NAN, ci95: 0.0, chips: 1 };
            s.figures.insert("solves".to_owned(), nan);
        }),
        ("report.charts[0].panels[1].series[0].points[0].x is not", |s| {
            s.charts[0].panels[1].series[0].points[0].x = f64::INFINITY;
        }),
        ("chart \"../up\": its name", |s| s.charts[0].name = "../up".to_owned()),
        ("chart \"\": its name", |s| s.charts[0].name.clear()),
        ("chart \"time\": another", |s| s.charts[2].name = "time".to_owned()),
        ("row 1 has 3 cells for 4 columns", |s| {
            s.tables[0].rows[1].pop();
        }),
    ];
    for (message, spoil) in cases {
        let mut study = fixture::study();
        spoil(&mut study);
        let dir = tempfile::tempdir().unwrap();
        let error: ReportError = write(&study, &timing(), dir.path()).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "files in spite of the error");
    }
}
