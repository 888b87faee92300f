//! One run at a time in a folder of results.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Error, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::ReportError;

const NAME: &str = ".cim-lock";
/// Locks that are taken anew because the file had just been removed by its last holder.
const MOST_TRIES: usize = 16;

/// A folder that is ours until this is dropped.
///
/// The system holds the lock and lets go of it when its process ends, however it ends: what a killed run
/// left behind is taken over. The file only says who it was.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// Locked for as long as it is open; none where the file system knows no locks.
    _file: File,
}

impl Lock {
    /// Takes a folder, which exists, and says in it that we have it since `now`, a date and time.
    ///
    /// # Errors
    /// [`ReportError::InUse`] saying who has it and since when, [`ReportError::Folder`] if it cannot be
    /// written.
    pub fn take(folder: &Path, now: &str) -> Result<Self, ReportError> {
        let path = folder.join(NAME);
        let failed = |source: Error| ReportError::Folder { path: folder.to_owned(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        for _ in 0..MOST_TRIES {
            if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
                return Err(failed(Error::other(format!("{NAME} in it is no regular file"))));
            }
            let mut file = options.open(&path).map_err(failed)?;
            if let Err(TryLockError::WouldBlock) = file.try_lock() {
                let mut who = String::new();
                let _ = file.read_to_string(&mut who);
                let who = if who.trim().is_empty() { "another run" } else { who.trim() };
                let (path, who) = (folder.to_owned(), who.to_owned());
                return Err(ReportError::InUse { path, who });
            }
            if !is_at(&file, &path) {
                continue;
            }
            let who = format!("process {} since {}\n", std::process::id(), now);
            file.set_len(0).and_then(|()| file.write_all(who.as_bytes())).map_err(failed)?;
            return Ok(Self { path, _file: file });
        }
        Err(failed(Error::other("its lock changes hands all the time")))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Still locked, so that nobody else takes a file that is about to go.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether an open file is the one that its path leads to, and not one that was removed meanwhile.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let of = |found: std::io::Result<fs::Metadata>| found.ok().map(|f| (f.dev(), f.ino()));
    of(file.metadata()) == of(fs::metadata(path))
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_runs_and_what_a_dead_run_left_is_taken_over() {
        let folder = tempfile::tempdir().expect("a folder");
        // Left by a process that is no more: nobody holds it.
        fs::write(folder.path().join(NAME), "process 1 since long ago").expect("written");
        let held = Lock::take(folder.path(), "2026-02-28").expect("nobody has it");
        let error = Lock::take(folder.path(), "2026-03-01").expect_err("it is held").to_string();
        let who = format!("is in use: process {} since 2026-02-28", std::process::id());
        assert!(error.ends_with(&who), "{error}");
        drop(held);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left");
        assert!(Lock::take(folder.path(), "now").is_ok());
    }
}
