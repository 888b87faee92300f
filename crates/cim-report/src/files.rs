//! Files that are either whole or as they were.
//!
//! A file is written beside its place, brought to the disk, and renamed into it. Links are followed,
//! so that what they point to is replaced and they stay. Only regular files are replaced: a device, a
//! pipe or a folder of that name is refused and stays what it is. A file that is being written is locked
//! by its writer; what nobody holds any more was left behind by an interrupted write, and is removed by
//! [`sweep`].

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tempfile::NamedTempFile;

use crate::error::ReportError;

/// Begins the name of every file that is not in its place yet.
const PREFIX: &str = ".cim-";
/// Ends it.
const SUFFIX: &str = ".part";
/// Ended it once.
const FORMER_SUFFIX: &str = ".tmp";
/// Files that are begun anew because a sweep was faster than their lock.
const MOST_BEGINNINGS: usize = 8;
/// Links to links that are followed.
const MOST_LINKS: usize = 40;

/// Makes a folder if need be, sweeps what interrupted writes left in it, and sees that it can be
/// written.
///
/// # Errors
/// [`ReportError::Folder`] if it cannot be made, is something else, or cannot be written.
pub fn prepare(dir: &Path) -> Result<(), ReportError> {
    let refused = |source| ReportError::Folder { path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(refused)?;
    sweep(dir).map_err(refused)?;
    beside(dir).map(drop).map_err(refused)
}

/// Removes what interrupted writes left in a folder, and nothing that a living writer holds.
///
/// # Errors
/// The system's, if the folder cannot be read.
pub fn sweep(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)?.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = name.starts_with(PREFIX)
            && (name.ends_with(SUFFIX) || name.ends_with(FORMER_SUFFIX))
            && entry.file_type().is_ok_and(|kind| kind.is_file());
        let held = |file: File| matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        if ours && !File::open(entry.path()).is_ok_and(held) {
            // Somebody else may have been faster; it is gone either way.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// The longest report that is looked at (bytes).
const MAX_REPORT_BYTES: u64 = 256 << 20;

/// The command whose report lies in a folder, if there is one that can be read.
pub fn command_in(dir: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Written {
        run: Run,
    }
    #[derive(Deserialize)]
    struct Run {
        command: String,
    }
    let path = dir.join("report.json");
    let found = fs::metadata(&path).ok()?;
    if !found.is_file() || MAX_REPORT_BYTES < found.len() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(&path).ok()?.take(MAX_REPORT_BYTES).read_to_end(&mut bytes).ok()?;
    let written: Written = serde_json::from_slice(&bytes).ok()?;
    Some(written.run.command)
}

/// Writes text into a file, whole or not at all.
///
/// # Errors
/// [`ReportError::NotAFile`] if something there is no regular file, [`ReportError::Write`] if it
/// cannot be written.
pub fn write_text(path: &Path, text: &str) -> Result<(), ReportError> {
    write_bytes(path, text.as_bytes())
}

/// Writes bytes into a file, whole or not at all.
///
/// # Errors
/// As [`write_text`].
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    put(Staged::new(path, bytes)?)
}

/// Writes files of these names and texts into a folder, which is made if need be, and returns their
/// paths. Every text is on the disk before the first file is replaced.
///
/// # Errors
/// [`ReportError::Folder`], [`ReportError::NotAFile`] and [`ReportError::Write`].
pub fn write_all(dir: &Path, files: &[(String, String)]) -> Result<Vec<PathBuf>, ReportError> {
    prepare(dir)?;
    let staged = files
        .iter()
        .map(|(name, text)| Staged::new(&dir.join(name), text.as_bytes()))
        .collect::<Result<Vec<_>, _>>()?;
    staged.into_iter().try_for_each(put)?;
    Ok(files.iter().map(|(name, _)| dir.join(name)).collect())
}

/// A file beside its place, which vanishes unless it is renamed.
struct Staged {
    file: NamedTempFile,
    place: PathBuf,
}

impl Staged {
    fn new(path: &Path, bytes: &[u8]) -> Result<Self, ReportError> {
        let failed = |source| ReportError::Write { path: path.to_owned(), source };
        let place = followed(path).map_err(failed)?;
        refuse_what_is_no_file(&place)?;
        let mut file = beside(folder(&place)).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        Ok(Self { file, place })
    }
}

/// Renames a staged file into its place.
fn put(staged: Staged) -> Result<(), ReportError> {
    let Staged { file, place } = staged;
    refuse_what_is_no_file(&place)?;
    match file.persist(&place) {
        Ok(_) => {
            // The rename is on the disk only when the folder is; where folders cannot be synced, it
            // has still happened.
            #[cfg(unix)]
            let _ = File::open(folder(&place)).and_then(|folder| folder.sync_all());
            Ok(())
        }
        Err(failed) => Err(ReportError::Write { path: place, source: failed.error }),
    }
}

/// The place that a path leads to when every link is followed, whether or not anything is there.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&place) {
            Ok(found) if found.file_type().is_symlink() => {
                let target = fs::read_link(&place)?;
                place = folder(&place).join(target);
            }
            _ => return Ok(place),
        }
    }
    Err(io::Error::other("too many links to links"))
}

fn refuse_what_is_no_file(place: &Path) -> Result<(), ReportError> {
    let Ok(found) = fs::symlink_metadata(place) else { return Ok(()) };
    let kind = match found.file_type() {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a folder",
        kind if kind.is_symlink() => "a link",
        _ => "a device, a pipe or a socket",
    };
    Err(ReportError::NotAFile { path: place.to_owned(), kind })
}

/// The folder of a path; that of `report.json` is the present one.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// An empty file in a folder, which others may read as far as the umask lets them.
fn beside(dir: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    for _ in 1..MOST_BEGINNINGS {
        let file = builder.tempfile_in(dir)?;
        // Where files cannot be locked, a sweep may take it: it is looked for once more.
        let _ = file.as_file().try_lock();
        if file.path().exists() {
            return Ok(file);
        }
    }
    builder.tempfile_in(dir)
}

#[cfg(test)]
mod tests;
