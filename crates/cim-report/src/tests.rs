//! What every report must be, whatever is in it.

mod content;
mod pictures;
mod refusals;
mod words;

use std::fs;
use std::path::Path;

use crate::{Report, fixture, write};

/// The text of a written file.
fn read(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A folder with a whole report.
fn written(report: &Report) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(report, &fixture::timing(), dir.path()).unwrap();
    dir
}
