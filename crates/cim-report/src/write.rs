//! All files of a report, or an error and no half of one; and its data alone.

use std::path::{Path, PathBuf};

use crate::error::ReportError;
use crate::render::{html, json, markdown};
use crate::report::Report;
use crate::timing::Timing;
use crate::{draw, files, page};

/// Writes the report into `dir`, which is made if need be, and returns the paths of its files:
/// `report.md`, `report.html`, `report.json`, `timing.json`, a picture for every chart that has
/// something to show, and its attachments.
///
/// Everything is rendered before the first byte is written.
///
/// # Errors
/// [`ReportError::NotFinite`] if a number is NaN or infinite, [`ReportError::Malformed`] if parts of
/// the report do not fit together, the errors of drawing and rendering, and those of
/// [`files::write_all`].
pub fn write(report: &Report, timing: &Timing, dir: &Path) -> Result<Vec<PathBuf>, ReportError> {
    report.check()?;
    let data = [
        ("report.json".to_owned(), encoded(report)?),
        ("timing.json".to_owned(), json::encode(timing, "timing", "timing.json")?),
    ];
    let drawings = draw::all(report.charts.iter().chain(&report.cover))?;
    let page = page::page(report, timing, &drawings);
    let mut all = vec![
        ("report.md".to_owned(), markdown::render(&page)),
        ("report.html".to_owned(), html::render(&page)?),
    ];
    all.extend(data);
    all.extend(drawings.iter().map(|drawing| (drawing.file.clone(), drawing.svg.clone())));
    let attachments = report.attachments.iter();
    all.extend(attachments.map(|file| (file.name.clone(), file.text.clone())));
    files::write_all(dir, &all)
}

/// What [`write()`] puts into `report.json`.
///
/// # Errors
/// [`ReportError::NotFinite`] and [`ReportError::Malformed`], as [`write()`].
pub fn encoded(report: &Report) -> Result<String, ReportError> {
    report.check()?;
    json::encode(report, "report", "report.json")
}
