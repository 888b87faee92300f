//! No circle of files inside any crate: each can be read with only those below it in mind.

use std::fs;
use std::path::{Path, PathBuf};

use cim_tests::modules::FileGraph;

fn crates() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let entries = fs::read_dir(folder).expect("the crates are there");
    let mut crates: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    crates.sort();
    crates
}

#[test]
fn files_of_a_crate_use_each_other_in_no_circle() {
    let mut circles = Vec::new();
    for folder in crates() {
        let src = folder.join("src");
        for knot in FileGraph::of(&src).knots() {
            let name = |file: &&Path| file.strip_prefix(&src).unwrap_or(file).display().to_string();
            let names: Vec<String> = knot.iter().map(name).collect();
            circles.push(format!("{}: {}", folder.display(), names.join(", ")));
        }
    }
    assert!(circles.is_empty(), "circles of files:\n{}", circles.join("\n"));
}

/// Layers of a study, lowest first: a specification knows no stage, what is shown knows no stage.
#[test]
fn specifications_and_outcomes_do_not_know_the_stages() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/cim-studies/src");
    let graph = FileGraph::of(&src);
    let mut seen = 0;
    for (file, used) in graph.edges() {
        let name = |file: &Path| file.file_name().and_then(|n| n.to_str()).unwrap_or("").to_owned();
        let forbidden: &[&str] = match name(file).as_str() {
            "spec.rs" => &["mod.rs", "stages.rs", "outcome.rs", "study.rs"],
            "outcome.rs" => &["stages.rs"],
            _ => continue,
        };
        seen += 1;
        let same =
            |to: &&&Path| to.parent() == file.parent() && forbidden.contains(&name(to).as_str());
        let wrong: Vec<_> = used.iter().filter(same).collect();
        assert!(wrong.is_empty(), "{} uses {wrong:?}", file.display());
    }
    assert!(24 <= seen, "twelve studies have a specification and an outcome each");
}

/// The folder of a study, if `file` is of one: such folders have a `study.rs`.
fn study_of<'a>(src: &Path, file: &'a Path) -> Option<&'a Path> {
    file.ancestors()
        .take_while(|folder| *folder != src)
        .find(|folder| folder.join("study.rs").is_file())
}

#[test]
fn a_study_knows_no_other_and_its_stages_are_known_where_they_are_started() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/cim-studies/src");
    let graph = FileGraph::of(&src);
    let name = |file: &Path| file.file_name().and_then(|n| n.to_str()).unwrap_or("").to_owned();
    let mut studies = std::collections::BTreeSet::new();
    for (file, used) in graph.edges() {
        let Some(own) = study_of(&src, file) else { continue };
        studies.insert(own);
        for to in used {
            let other = study_of(&src, to).filter(|other| *other != own);
            assert!(other.is_none(), "{} uses {}", file.display(), to.display());
            let starts = matches!(name(file).as_str(), "study.rs" | "mod.rs" | "tests.rs");
            let staged = matches!(name(to).as_str(), "stages.rs" | "run.rs");
            let of_own = to.parent() == Some(own);
            assert!(starts || !staged || !of_own, "{} uses {}", file.display(), to.display());
        }
    }
    assert!(12 <= studies.len(), "{studies:?}");
}

/// The reader itself, on a crate made up for it.
#[test]
fn a_circle_is_found_through_re_exports_and_imported_modules() {
    let folder = std::env::temp_dir().join(format!("cim-circles-{}", std::process::id()));
    let write = |name: &str, text: &str| {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, text).expect("written");
    };
    let circle = || FileGraph::of(&folder).knots().first().map(Vec::len);
    write("lib.rs", "mod a; mod b; pub mod c; pub use a::One;");
    write(
        "a.rs",
        "use crate::b::two; pub struct One; fn f() { two() } #[cfg(test)] mod tests { use crate::c; }",
    );
    write("b.rs", "pub fn two() { /* crate::a::One */ \"crate::a\"; }");
    write("c/mod.rs", "mod d; pub use d::Three;");
    write("c/d.rs", "use crate::b; pub struct Three; fn g() { b::two() }");
    assert_eq!(circle(), None);
    write("b.rs", "pub fn two(_: crate::One) {}");
    assert_eq!(circle(), Some(2), "through the root's re-export");
    write("b.rs", "use crate::c; pub fn two(_: c::Three) {}");
    assert_eq!(circle(), Some(2), "through an imported module's re-export");
    write("c/mod.rs", "table! { mod d => Three(Spec); }");
    // The table uses what it lists, so it is in the circle too.
    assert_eq!(circle(), Some(3), "through a line of a table");
    fs::remove_dir_all(&folder).expect("removed");
}
