//! No two studies say the same six lines.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines in a row that must not stand in two studies.
const RUN: usize = 6;

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Lines without indents, empty ones and imports left out, with their numbers.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let says = |(_, line): &(usize, &str)| !line.is_empty() && !line.starts_with("use ");
    (1..).zip(text.lines().map(str::trim)).filter(says).collect()
}

/// The first place of every run of lines that two groups of texts share.
fn shared_runs(groups: &[(String, Vec<(String, String)>)]) -> Vec<String> {
    let mut first = BTreeMap::new();
    let mut shared = Vec::new();
    for (group, files) in groups {
        for (file, text) in files {
            for run in lines(text).windows(RUN) {
                let words: Vec<&str> = run.iter().map(|(_, line)| *line).collect();
                let place = format!("{file}:{}", run[0].0);
                let (owner, before) = first.entry(words).or_insert((group, place.clone()));
                if *owner != group {
                    shared.push(format!("{before} ~ {place}"));
                }
            }
        }
    }
    shared
}

#[test]
fn no_two_studies_share_six_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/cim-studies/src");
    let mut groups = Vec::new();
    for entry in fs::read_dir(&root).expect("the studies") {
        let folder = entry.expect("readable").path();
        let name = folder.file_name().expect("named").to_string_lossy().into_owned();
        if !folder.is_dir() || ["shared", "own"].contains(&&*name) {
            continue;
        }
        let mut files = Vec::new();
        rust_files(&folder, &mut files);
        files.sort();
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path).expect("a text");
            (path.strip_prefix(&root).expect("below").display().to_string(), text)
        };
        groups.push((name, files.into_iter().map(read).collect()));
    }
    groups.sort();
    assert!(9 < groups.len(), "studies are folders");
    let shared = shared_runs(&groups);
    assert!(shared.is_empty(), "the same {RUN} lines in two studies:\n{}", shared.join("\n"));
}

#[test]
fn a_run_is_found_whatever_its_indents_and_gaps() {
    let group =
        |name: &str, text: &str| (name.to_owned(), vec![(format!("{name}.rs"), text.to_owned())]);
    let one = group("one", "x\na\nb\nc\nd\ne\nf\n");
    let same = group("two", "y\n    a\n\n  b\nc\nd\ne\n  f\n");
    let less = group("three", "a\nb\nc\nd\ne\n");
    assert_eq!(shared_runs(&[one.clone(), same]), ["one.rs:2 ~ two.rs:2"]);
    assert!(shared_runs(&[one.clone(), less]).is_empty());
    assert!(shared_runs(&[one.clone(), (one.0.clone(), one.1)]).is_empty());
}
