//! What the files of a report say.

use std::fs;

use serde_json::Value;

use super::{read, written};
use crate::{Attachment, Comparison, FIXED_KEYS, Report, Timing, Verdict, fixture, summary};

#[test]
fn the_same_report_gives_the_same_files_and_reads_back() {
    let report = fixture::report();
    let (first, second) = (written(&report), written(&report));
    let mut names = Vec::new();
    for entry in fs::read_dir(first.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert_eq!(read(first.path(), &name), read(second.path(), &name), "{name} differs");
        names.push(name);
    }
    let pictures = report.charts.len() + 1;
    assert_eq!(names.len(), 4 + pictures, "{names:?}");
    let text = read(first.path(), "report.json");
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    let timing = read(first.path(), "timing.json");
    assert_eq!(serde_json::from_str::<Timing>(&timing).unwrap(), fixture::timing());
}

#[test]
fn attachments_lie_beside_the_report_and_not_in_it() {
    let (name, text) = ("points.csv".to_owned(), "bits,accuracy\n3,0.9\n".to_owned());
    let plain = fixture::report();
    let attachments = vec![Attachment { name, text: text.clone() }];
    let dir = written(&Report { attachments, ..plain.clone() });
    assert_eq!(read(dir.path(), "points.csv"), text);
    let json = read(dir.path(), "report.json");
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), plain);
}

#[test]
fn a_reader_of_report_json_finds_every_key_where_it_was_promised() {
    let dir = written(&fixture::report());
    let json: Value = serde_json::from_str(&read(dir.path(), "report.json")).unwrap();
    for pointer in [
        "/schema",
        "/seed",
        "/preset",
        "/parameters/0/ours",
        "/run/command",
        "/run/quick",
        "/run/data_name",
        "/run/data_sha256",
        "/figures/naive_2_ohm/mean",
        "/figures/naive_2_ohm/ci95",
        "/figures/naive_2_ohm/chips",
        "/figures/naive_2_ohm/label",
        "/comparison/0/target",
        "/comparison/0/met",
        "/charts/0/kind",
        "/charts/0/panels/0/series/0/points/0/y/mean",
        // Of the study alone.
        "/recovered_loss",
        "/variants/0/name",
    ] {
        assert!(json.pointer(pointer).is_some(), "{pointer} is missing");
    }
    assert!(json.pointer("/comparison/1/met").is_none(), "a verdict without a target");
    let timing: Value = serde_json::from_str(&read(dir.path(), "timing.json")).unwrap();
    for key in ["total_s", "train_s", "threads", "conic_us_per_layer"] {
        assert!(timing.get(key).is_some(), "{key} is missing");
    }
}

/// Of a study whose estimates are over something else.
#[test]
fn what_means_are_over_is_told_wherever_it_is_counted() {
    let mut report = fixture::report();
    report.means_over = "seeds or subjects".to_owned();
    let dir = written(&report);
    assert!(read(dir.path(), "report.html").contains("· 10 seeds or subjects ·"));
    let markdown = read(dir.path(), "report.md");
    assert!(markdown.contains(", 10 seeds or subjects.\n"), "{markdown}");
    assert!(markdown.contains("| figure | mean | seeds or subjects |"), "{markdown}");
    assert!(!markdown.contains("means over simulated chips"));
    let said = summary(&report, &Timing::default());
    assert!(
        said.contains("10 seeds or subjects") && !said.contains("10 simulated chips"),
        "{said}"
    );
}

#[test]
fn the_fixed_keys_are_those_of_a_report_without_data() {
    let mut report = fixture::report();
    report.data.clear();
    let Value::Object(fields) = serde_json::to_value(&report).unwrap() else { panic!("no map") };
    let mut keys: Vec<_> = fields.keys().map(String::as_str).collect();
    let mut fixed = FIXED_KEYS.to_vec();
    keys.sort_unstable();
    fixed.sort_unstable();
    assert_eq!(keys, fixed);
}

#[test]
fn page_and_markdown_hold_every_part_escaped() {
    let mut report = fixture::report();
    report.title = "Wires <b> & more".to_owned();
    let dir = written(&report);
    let page = read(dir.path(), "report.html");
    assert_eq!(page.matches("<svg").count(), report.charts.len());
    assert_eq!(page.matches("class=\"card\"").count(), 4);
    assert!(page.contains("<h1>Wires &lt;b&gt; &amp; more</h1>"));
    assert!(page.contains("<h2>First &lt;of&gt; all</h2>") && page.contains("A remark."));
    assert!(page.contains("· 10 simulated chips ·"));
    assert!(page.contains("&lt;wire&gt; &amp; mapping") && page.contains("1,234,567"));
    let markdown = read(dir.path(), "report.md");
    assert!(markdown.starts_with("# Wires &lt;b&gt; &amp; more\n\nPreset `ir-drop`, seed 1,"));
    assert!(markdown.contains("](summary.svg)") && markdown.contains("](wires.svg)"));
    assert!(markdown.contains("compensated \\| &lt;both&gt;"));
    assert!(markdown.contains("| --- | ---: | ---: | --- |\n| naive |"), "columns of numbers");
    let soft = markdown.replace('\u{a0}', " ");
    // A cell of a chart's data: panel, place, lines.
    assert!(soft.contains("| tiles of 64 × 64 cells | 0 | 97.00 ± 0.15 % |"), "{soft}");
    for row in [
        "| naive, 2 Ω | 67.02 ± 1.23 % | 10 | naive\\_2\\_ohm |",
        "| error of the transfer | 2.13 × 10⁻⁷ ± 1.10 × 10⁻⁸ | 10 | transfer\\_error |",
        "| energy | 9.81 ± 0.12 nJ | 10 | energy |",
        "| what is lost | −0.31 ± 0.05 | 10 | loss |",
    ] {
        assert!(soft.contains(row), "{row} is not in {soft}");
    }
}

#[test]
fn a_chapter_shows_its_parts_and_the_rest_comes_once_after() {
    let dir = written(&fixture::report());
    let markdown = read(dir.path(), "report.md");
    let places = ["## First", "](time.svg)", "**Largest tile", "## Results", "](wires.svg)"]
        .map(|text| markdown.find(text).unwrap_or_else(|| panic!("no {text}")));
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(markdown.matches("](time.svg)").count(), 1);
    assert!(!markdown.contains("## Tables"), "the one table is in a chapter");
}

#[test]
fn the_page_fetches_nothing() {
    let dir = written(&fixture::report());
    let page = read(dir.path(), "report.html").replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for word in ["http:", "https:", "<link", "<script", "@import", "url("] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn hostile_text_is_text() {
    let mut report = fixture::report();
    let hostile = "1 | 2 <script>alert(1)</script> `x`".to_owned();
    report.spec = "```\n</code><script>".to_owned();
    report.tables[0].rows[0][0] = hostile.clone();
    report.comparison[0].ours = hostile.clone();
    report.preset = hostile;
    let dir = written(&report);
    let page = read(dir.path(), "report.html");
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
    let markdown = read(dir.path(), "report.md");
    assert!(markdown.contains("1 \\| 2 &lt;script&gt;"), "cell not escaped");
    assert!(markdown.contains("````toml\n```\n"), "fence too short");
}

#[test]
fn a_quick_run_says_so_everywhere_and_a_full_one_nowhere() {
    let mut report = fixture::report();
    for quick in [true, false] {
        report.run.quick = quick;
        let dir = written(&report);
        for name in ["report.html", "report.md"] {
            assert_eq!(read(dir.path(), name).contains("QUICK RUN"), quick, "{name}");
        }
        assert_eq!(summary(&report, &fixture::timing()).starts_with("QUICK RUN"), quick);
    }
}

#[test]
fn the_verdict_counts_targets_and_nothing_else() {
    let row = |met: Option<bool>| {
        let row = Comparison::new("a", "b", "c");
        met.map_or(row.clone(), |met| row.must("≥ 1", Verdict { met, open: false }))
    };
    let verdict = |rows: &[Option<bool>]| {
        Comparison::verdict(&rows.iter().map(|met| row(*met)).collect::<Vec<_>>())
    };
    assert_eq!(verdict(&[]), None);
    assert_eq!(verdict(&[None, None]), None);
    assert_eq!(verdict(&[Some(true), None]).unwrap(), "the one target is met");
    assert_eq!(verdict(&[Some(true), Some(true), None]).unwrap(), "2 of 2 targets met");
    let missed = verdict(&[Some(false), None, Some(true), Some(false)]);
    assert_eq!(missed.unwrap(), "2 of 3 targets missed");
    let open = [row(Some(true)).must("≥ 1", Verdict { met: true, open: true }), row(Some(false))];
    let verdict = Comparison::verdict(&open).expect("there are targets");
    assert!(
        verdict.starts_with("1 of 2 targets missed; 1 in brackets of the mean alone"),
        "{verdict}"
    );
}

#[test]
fn the_summary_fits_80_columns_and_marks_only_what_has_a_target() {
    let mut report = fixture::report();
    report.comparison[0].ours = "w".repeat(90);
    report.preset = "a/long/path/to/a/preset".repeat(5);
    let text = summary(&report, &fixture::timing());
    assert!(text.contains("1 of 2 targets missed") && text.contains("4 min 11 s"), "{text}");
    assert_eq!((text.matches('✓').count(), text.matches('✗').count()), (1, 1), "{text}");
    let with_targets = text;
    report.comparison.clear();
    let text = summary(&report, &fixture::timing());
    assert!(text.contains("largest tile within 1 point") && !text.contains('✓'), "{text}");
    for line in with_targets.lines().chain(text.lines()) {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
    // Keys are for gates; readers are shown words.
    assert!(!text.contains("naive_2_ohm") && !text.contains("transfer_error"));
}

#[test]
fn parts_without_data_are_left_out() {
    let empty = Report { title: "Nothing".to_owned(), ..Report::default() };
    let dir = written(&empty);
    let page = read(dir.path(), "report.html");
    assert!(!page.contains("<svg") && !page.contains("class=\"banner\""));
    for heading in ["Tables", "Figures", "Parameters", "Notes", "Counts", "The paper"] {
        assert!(!page.contains(&format!("<h2>{heading}")), "{heading}");
    }
    assert!(!summary(&empty, &Timing::default()).contains('─'));
}
