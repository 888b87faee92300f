//! What every report must be, whatever is in it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Report, ReportError, figures, fixture, summary_table, timing_table, write};

pub fn read(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn written(report: &Report) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(report, &fixture::timing(), dir.path()).unwrap();
    dir
}

#[test]
fn report_json_has_the_promised_keys_and_reads_back() {
    let report = fixture::report();
    let dir = written(&report);
    let text = read(dir.path(), "report.json");
    let json: Value = serde_json::from_str(&text).unwrap();
    for pointer in [
        "/schema",
        "/seed",
        "/preset",
        "/digital/accuracy",
        "/variants/0/name",
        "/variants/0/accuracy/mean",
        "/variants/0/accuracy/ci95",
        "/variants/0/accuracy/chips",
        "/variants/0/output_mse",
        "/variants/0/energy_j",
        "/variants/0/clipped_fraction",
        "/recovered_loss",
        "/mse_reduction",
        "/energy_vs_naive",
        "/energy_vs_digital/mac_only",
        "/energy_vs_digital/sram_8kb",
        "/energy_vs_digital/sram_1mb",
        "/bits_sweep/0/bits",
        "/bits_sweep/0/naive/mean",
        "/bits_sweep/0/full/ci95",
        "/optimiser/gap",
        "/optimiser/g_min_s",
        "/optimiser/g_max_s",
        "/optimiser/full_scale_a/0",
        "/error_model/variance_ratio_mean",
        "/error_model/variance_ratio_p05",
        "/error_model/variance_ratio_p95",
        "/error_model/coverage95",
    ] {
        assert!(json.pointer(pointer).is_some(), "{pointer} is missing");
    }
    let timing: Value = serde_json::from_str(&read(dir.path(), "timing.json")).unwrap();
    for key in ["total_s", "train_s", "conic_us_per_layer", "fast_us_per_layer"] {
        assert!(timing.get(key).is_some(), "{key} is missing");
    }
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let (first, second) = (written(&fixture::report()), written(&fixture::report()));
    let mut names = 0;
    for entry in fs::read_dir(first.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert_eq!(read(first.path(), &name), read(second.path(), &name), "{name} differs");
        names += 1;
    }
    assert_eq!(names, 4 + 7, "two reports, two JSON files, seven pictures");
}

#[test]
fn the_page_fetches_nothing() {
    let dir = written(&fixture::report());
    let page = read(dir.path(), "report.html").replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for forbidden in ["http://", "https://", "//cdn", "<script", "<link", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden} in report.html");
    }
    assert_eq!(page.matches("<svg").count(), 6);
}

#[test]
fn every_picture_is_well_formed_and_stays_on_its_canvas() {
    for figure in figures::all(&fixture::report()).unwrap() {
        assert_well_formed(&figure.svg, &figure.file);
        assert_on_canvas(&figure.svg, &figure.file);
    }
}

#[test]
fn names_from_outside_are_escaped() {
    let mut report = fixture::report();
    report.preset = "<b>".to_owned();
    report.sweeps[0].label = "<i>&".to_owned();
    report.comparison[0].ours = "1 | 2 <script>".to_owned();
    report.spec = "```\n</code><script>".to_owned();
    let dir = written(&report);
    let page = read(dir.path(), "report.html");
    assert!(page.contains("&lt;b&gt;") && !page.contains("<b>,") && !page.contains("<b> "));
    assert!(!page.contains("<script") && !page.contains("<i>"));
    assert_well_formed(&read(dir.path(), "sweeps.svg"), "sweeps.svg");
    let markdown = read(dir.path(), "report.md");
    assert!(markdown.contains("1 \\| 2 &lt;script&gt;"), "cell not escaped");
    assert!(markdown.contains("````toml\n```\n"), "fence too short");
}

#[test]
fn a_number_that_is_not_finite_is_refused_by_name() {
    type Spoil = fn(&mut Report);
    let cases: [(&str, Spoil); 3] = [
        ("report.variants[2].accuracy.mean", |r| r.variants[2].accuracy.mean = f64::NAN),
        ("report.optimiser.full_scale_a[1]", |r| r.optimiser.full_scale_a[1] = f64::INFINITY),
        ("report.sweeps[0].points[1].full.ci95", |r| {
            r.sweeps[0].points[1].full.ci95 = -f64::INFINITY
        }),
    ];
    for (name, spoil) in cases {
        let mut report = fixture::report();
        spoil(&mut report);
        let dir = tempfile::tempdir().unwrap();
        let error = write(&report, &fixture::timing(), dir.path()).unwrap_err();
        assert!(matches!(&error, ReportError::NotFinite { field } if field == name), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "files in spite of the error");
    }
    let mut timing = fixture::timing();
    timing.train_s = f64::NAN;
    let dir = tempfile::tempdir().unwrap();
    let error = write(&fixture::report(), &timing, dir.path()).unwrap_err();
    assert_eq!(error.to_string().split(' ').next(), Some("timing.train_s"));
}

#[test]
fn a_folder_that_cannot_be_written_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    let error = write(&fixture::report(), &fixture::timing(), &file.join("out")).unwrap_err();
    assert!(matches!(error, ReportError::Folder { .. }), "{error}");

    let blocked = dir.path().join("blocked");
    fs::create_dir_all(blocked.join("report.json")).unwrap();
    let error = write(&fixture::report(), &fixture::timing(), &blocked).unwrap_err();
    assert!(error.to_string().contains("report.json"), "{error}");
    let left: Vec<_> = fs::read_dir(&blocked).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["report.json"], "half a report was left");
}

#[test]
fn a_report_with_little_in_it_is_still_a_report() {
    let mut report = fixture::report();
    report.variants.clear();
    report.bits_sweep.clear();
    report.sweeps.clear();
    report.error_budget.clear();
    report.variance_points.clear();
    report.energy.clear();
    report.notes.clear();
    let dir = written(&report);
    assert!(!read(dir.path(), "report.html").contains("<svg"));
    assert!(!read(dir.path(), "report.md").contains("## Energy"));
}

#[test]
fn extreme_numbers_are_drawn_too() {
    let mut report = fixture::report();
    report.digital.accuracy = 1.0;
    report.bits_sweep.truncate(1);
    report.bits_sweep[0].full.mean = 1.0;
    report.variants.truncate(1);
    report.variants[0].accuracy.mean = 0.0;
    report.sweeps[0].points.truncate(1);
    report.error_budget[0].sources.iter_mut().for_each(|s| s.share_of_signal = 0.0);
    report.variance_points.truncate(1);
    for figure in figures::all(&report).unwrap() {
        assert_well_formed(&figure.svg, &figure.file);
        assert_on_canvas(&figure.svg, &figure.file);
    }
}

#[test]
fn terminal_tables_fit_80_columns_and_hold_every_row() {
    let mut report = fixture::report();
    report.comparison[0].ours = "w".repeat(90);
    report.preset = "a/long/path/to/a/preset".repeat(5);
    let text = summary_table(&report) + &timing_table(&fixture::timing());
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
    assert_eq!(text.matches('✓').count() + text.matches('✗').count(), 5 + 2);
    assert!(text.contains("1 target not met"));
}

/// Every coordinate lies on the canvas.
pub fn assert_on_canvas(svg: &str, name: &str) {
    let values = |key: &str| {
        let parts = svg.split(key).skip(1).filter_map(|rest| rest.split('"').next());
        parts.map(str::to_owned).collect::<Vec<_>>()
    };
    let canvas = values(" viewBox=\"").remove(0);
    let size: Vec<f64> = canvas.split(' ').skip(2).map(|n| n.parse().unwrap()).collect();
    let keys = [" x=\"", " x1=\"", " x2=\"", " cx=\"", " y=\"", " y1=\"", " y2=\"", " cy=\""];
    for (index, key) in keys.into_iter().enumerate() {
        for text in values(key) {
            let place: f64 = text.parse().unwrap();
            assert!(0.0 <= place && place <= size[index / 4], "{name}:{key}{text}\"");
        }
    }
    for points in values(" points=\"") {
        for (index, text) in points.split([' ', ',']).filter(|text| !text.is_empty()).enumerate() {
            let place: f64 = text.parse().unwrap();
            assert!(0.0 <= place && place <= size[index % 2], "{name}: points {points}");
        }
    }
}

/// A small check of an SVG: tags nest, text is escaped, quotes close.
pub fn assert_well_formed(svg: &str, name: &str) {
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some((text, after)) = rest.split_once('<') {
        assert!(!text.contains('>'), "{name}: stray > in {text:?}");
        let (tag, after) = after.split_once('>').unwrap_or_else(|| panic!("{name}: open tag"));
        assert_eq!(tag.matches('"').count() % 2, 0, "{name}: quotes of <{tag}>");
        let word = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(word), "{name}: </{word}>");
        } else if !tag.ends_with('/') {
            open.push(word);
        }
        rest = after;
    }
    assert!(open.is_empty(), "{name}: {open:?} never close");
    assert!(svg.starts_with("<svg "), "{name}");
}
