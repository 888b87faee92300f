//! All files of a report, or an error and no half of one.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::NamedTempFile;

use super::error::ReportError;
use super::figures::Figure;
use super::page::Page;
use super::timing::Timing;
use super::{html, json, markdown};

/// `report.json` and `timing.json`, which also is the check that every number is finite.
///
/// # Errors
/// [`ReportError::NotFinite`] if a number is NaN or infinite.
pub fn data(
    report: &impl Serialize,
    timing: &Timing,
) -> Result<[(String, String); 2], ReportError> {
    Ok([
        ("report.json".to_owned(), json::encode(report, "report", "report.json")?),
        ("timing.json".to_owned(), json::encode(timing, "timing", "timing.json")?),
    ])
}

/// Writes page, `data` and pictures into `dir`, which is made if need be, and returns their paths.
///
/// Everything is rendered before the first byte is written; every file is written beside its place
/// and then renamed into it.
///
/// # Errors
/// [`ReportError::Folder`] and [`ReportError::Write`] if the folder or a file cannot be written,
/// and the errors of rendering.
pub fn write(
    page: &Page<'_>,
    data: [(String, String); 2],
    figures: &[Figure],
    dir: &Path,
) -> Result<Vec<PathBuf>, ReportError> {
    let mut files = vec![
        ("report.md".to_owned(), markdown::render(page)),
        ("report.html".to_owned(), html::render(page)?),
    ];
    files.extend(data);
    files.extend(figures.iter().map(|figure| (figure.file.clone(), figure.svg.clone())));

    fs::create_dir_all(dir)
        .map_err(|source| ReportError::Folder { path: dir.to_owned(), source })?;
    let mut staged = Vec::with_capacity(files.len());
    for (name, text) in files {
        let path = dir.join(name);
        match stage(dir, &path, &text) {
            Ok(file) => staged.push((file, path)),
            Err(source) => return Err(ReportError::Write { path, source }),
        }
    }
    let mut written = Vec::with_capacity(staged.len());
    for (file, path) in staged {
        match file.persist(&path) {
            Ok(_) => written.push(path),
            Err(failed) => return Err(ReportError::Write { path, source: failed.error }),
        }
    }
    Ok(written)
}

/// Writes one more file beside a report, whole or not at all, and returns its path.
///
/// # Errors
/// [`ReportError::Write`] if it cannot be written.
pub fn write_text(dir: &Path, name: &str, text: &str) -> Result<PathBuf, ReportError> {
    let path = dir.join(name);
    let written =
        stage(dir, &path, text).and_then(|file| file.persist(&path).map_err(|failed| failed.error));
    match written {
        Ok(_) => Ok(path),
        Err(source) => Err(ReportError::Write { path, source }),
    }
}

/// A temporary file in `dir` that holds `text` and vanishes unless it is renamed to `path`.
fn stage(dir: &Path, path: &Path, text: &str) -> io::Result<NamedTempFile> {
    if path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "a folder of that name is there"));
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".report-");
    // A temporary file is its owner's alone by default; a report is for every reader.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(dir)?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}
