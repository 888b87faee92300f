//! What a terminal is told beside the summary.

use super::{read, written};
use crate::{Check, Checkup, Stage, Timing, encoded, fixture, stages};

/// Shares of the stages and of what lies between them make up the run, also where stages overlap its end.
#[test]
fn shares_of_stages_make_up_the_run() {
    let stage = |name: &str, seconds| Stage { name: name.to_owned(), seconds };
    let all = vec![stage("design", 1.0), stage("measure", 5.0)];
    for total_s in [8.0, 6.0, 5.0] {
        let timing = Timing { total_s, stages: all.clone(), ..Timing::default() };
        let text = stages(&timing);
        let shares = text.lines().skip(2).map(|line| {
            let share = line.trim_end().strip_suffix('%').expect("a share").trim_end();
            let number = share.rsplit(|c: char| c.is_whitespace()).next().expect("a number");
            number.parse::<f64>().expect("a number")
        });
        let sum: f64 = shares.sum();
        assert!((sum - 100.0).abs() < 0.2, "{sum}: {text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
    assert_eq!(stages(&Timing::default()).lines().count(), 3, "a head, its rule and the rest");
}

#[test]
fn what_is_printed_as_json_is_the_file() {
    let report = fixture::report();
    assert_eq!(encoded(&report).unwrap(), read(written(&report).path(), "report.json"));
}

#[test]
fn a_mark_stands_before_every_check() {
    let checks = vec![Check::new("here", true, "a"), Check::new("gone", false, "b")];
    let text = Checkup { version: "1".to_owned(), checks }.to_string();
    let marks: Vec<_> = text.lines().filter_map(|line| line.chars().next()).collect();
    assert_eq!(marks, [' ', '✓', '–']);
}
