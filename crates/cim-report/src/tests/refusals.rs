//! What is refused, by name, with nothing left behind.

use std::fs;

use crate::chart::Plot;
use crate::{Attachment, Chapter, Estimate, Part, Report, ReportError, fixture, write};

#[test]
fn what_does_not_fit_is_refused_and_leaves_nothing_behind() {
    type Spoil = fn(&mut Report);
    let cases: [(&str, Spoil); 18] = [
        ("report.figures.solves.mean is not", |r| {
            r.figures.get_mut("solves").unwrap().estimate = Estimate::exact(f64::NAN);
        }),
        ("report.charts[0].panels[1].series[0].points[0].x is not", |r| {
            let Plot::Lines(lines) = &mut r.charts[0].plot else { panic!("no lines") };
            lines.panels[1].series[0].points[0].x = f64::INFINITY;
        }),
        ("report.charts[8].maps[0].values[3] is not", |r| {
            let Plot::Maps(maps) = &mut r.charts[8].plot else { panic!("no maps") };
            maps.maps[0].values[3] = f64::NAN;
        }),
        ("report.optimiser.full_scale_a[1] is not", |r| {
            let full_scale_a = [1e-6, f64::INFINITY];
            let optimiser = std::collections::BTreeMap::from([("full_scale_a", full_scale_a)]);
            let data = std::collections::BTreeMap::from([("optimiser", optimiser)]);
            r.add_data(&data).unwrap();
        }),
        ("chart \"../up\": its name", |r| r.charts[0].name = "../up".to_owned()),
        ("chart \"\": its name", |r| r.charts[0].name.clear()),
        ("chart \"time\": another", |r| r.charts[2].name = "time".to_owned()),
        ("chart \"summary\": another", |r| r.charts[2].name = "summary".to_owned()),
        ("chart \"error-budget\": row \"thermal\" has 1 values for 2", |r| {
            let Plot::Groups(groups) = &mut r.charts[4].plot else { panic!("no groups") };
            groups.panels[0].rows[2].values.pop();
        }),
        ("chart \"trajectories\": a way is of group 7", |r| {
            let Plot::Ways(ways) = &mut r.charts[7].plot else { panic!("no ways") };
            ways.panels[0].ways[0].group = 7;
        }),
        ("chart \"array\": map \"Row wires\" has 11 values", |r| {
            let Plot::Maps(maps) = &mut r.charts[8].plot else { panic!("no maps") };
            maps.maps[0].values.pop();
        }),
        ("row 1 has 3 cells for 4 columns", |r| {
            r.tables[0].rows[1].pop();
        }),
        ("there is no table \"none\"", |r| r.chapters[0].parts.push(Part::table("none"))),
        ("chart \"time\" is in a chapter already", |r| {
            let parts = vec![Part::chart("time")];
            r.chapters.push(Chapter { title: "again".into(), parts, ..Chapter::default() });
        }),
        ("attachment \"../points.csv\": its name", |r| {
            let name = "../points.csv".to_owned();
            r.attachments.push(Attachment { name, ..Attachment::default() });
        }),
        ("attachment \"report.json\": its name", |r| {
            let name = "report.json".to_owned();
            r.attachments.push(Attachment { name, ..Attachment::default() });
        }),
        ("data \"seed\": the report has a key", |r| {
            r.data.insert("seed".to_owned(), 3.into());
        }),
        ("data \"cover\": the report has a key", |r| {
            r.cover = None;
            r.data.insert("cover".to_owned(), "x".into());
        }),
    ];
    for (message, spoil) in cases {
        let mut report = fixture::report();
        spoil(&mut report);
        let dir = tempfile::tempdir().unwrap();
        let error: ReportError = write(&report, &fixture::timing(), dir.path()).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "files in spite of the error");
    }
}

#[test]
fn a_time_that_is_not_finite_is_refused_by_name() {
    let mut timing = fixture::timing();
    timing.train_s = f64::NAN;
    let dir = tempfile::tempdir().unwrap();
    let error = write(&fixture::report(), &timing, dir.path()).unwrap_err();
    assert!(matches!(&error, ReportError::NotFinite { field } if field == "timing.train_s"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn data_that_would_hide_a_key_is_refused_and_changes_nothing() {
    let mut report = fixture::report();
    let before = report.clone();
    let clash = serde_json::json!({"seed": 2});
    assert!(report.add_data(&clash).unwrap_err().to_string().contains("\"seed\""));
    let twice = serde_json::json!({"recovered_loss": 2});
    assert!(report.add_data(&twice).unwrap_err().to_string().contains("\"recovered_loss\""));
    assert!(report.add_data(&[1, 2]).unwrap_err().to_string().contains("a struct or a map"));
    assert_eq!(report, before);
}
