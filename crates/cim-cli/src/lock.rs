//! One run at a time in a folder of results.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::CliError;

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
    /// Takes a folder, which exists.
    ///
    /// # Errors
    /// [`CliError::Usage`] saying who has it and since when, or that it cannot be written.
    pub fn take(folder: &Path) -> Result<Self, CliError> {
        let path = folder.join(NAME);
        let failed = |reason: std::io::Error| CliError::Usage {
            what: format!("cannot write to {}: {reason}", folder.display()),
            help: "choose a folder that can be written with --out".into(),
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        for _ in 0..MOST_TRIES {
            if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
                return Err(failed(std::io::Error::other(format!(
                    "{NAME} in it is no regular file"
                ))));
            }
            let mut file = options.open(&path).map_err(failed)?;
            if let Err(TryLockError::WouldBlock) = file.try_lock() {
                let mut who = String::new();
                let _ = file.read_to_string(&mut who);
                let who = if who.trim().is_empty() { "another run" } else { who.trim() };
                return Err(CliError::Usage {
                    what: format!("{} is in use: {who}", folder.display()),
                    help: "wait for it, end it, or choose another folder with --out".into(),
                });
            }
            if !is_at(&file, &path) {
                continue;
            }
            let who = format!("process {} since {}\n", std::process::id(), now());
            file.set_len(0).and_then(|()| file.write_all(who.as_bytes())).map_err(failed)?;
            return Ok(Self { path, _file: file });
        }
        Err(failed(std::io::Error::other("its lock changes hands all the time")))
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

/// Date and time, as in "2026-02-28 23:59:59 UTC".
#[expect(clippy::disallowed_methods, reason = "a lock says since when it is held")]
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    date(since.as_secs())
}

/// Civil date of seconds since 1970 in the Gregorian calendar.
fn date(seconds: u64) -> String {
    let (mut days, second) = (seconds / 86_400, seconds % 86_400);
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while 365 + u64::from(leap(year)) <= days {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year}-{month:02}-{:02} {hour:02}:{minute:02}:{:02} UTC", days + 1, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_runs_and_what_a_dead_run_left_is_taken_over() {
        let folder = tempfile::tempdir().expect("a folder");
        // Left by a process that is no more: nobody holds it.
        fs::write(folder.path().join(NAME), "process 1 since long ago").expect("written");
        let held = Lock::take(folder.path()).expect("nobody has it");
        let error = Lock::take(folder.path()).expect_err("it is held").to_string();
        let who = format!("is in use: process {} since 2", std::process::id());
        assert!(error.contains(&who) && error.ends_with("UTC"), "{error}");
        drop(held);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left");
        assert!(Lock::take(folder.path()).is_ok());
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        // As `date -u -d @…` prints them.
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(951_868_799), "2000-02-29 23:59:59 UTC");
        assert_eq!(date(4_107_542_400), "2100-03-01 00:00:00 UTC");
        assert_eq!(date(1_798_761_599), "2026-12-31 23:59:59 UTC");
    }
}
