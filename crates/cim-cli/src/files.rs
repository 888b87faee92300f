//! Files that are either whole or not there, and errors that say which file.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use cim_nn::checkpoint::MAX_PAYLOAD_BYTES;
use thiserror::Error;

/// What went wrong with which file. The message holds the reason, so there is no chain of sources.
#[derive(Debug, Error)]
pub enum FileError {
    /// The operating system would not write it; what was there before is unchanged.
    #[error(
        "cannot write {}: {reason}; nothing was changed: see that its folder exists, is writable and has room",
        path.display()
    )]
    Write {
        /// Which file.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
}

/// Puts `bytes` at `path`, whole or not at all, replacing a file that is there.
///
/// They are written to a temporary file in the same folder, brought to the disk, and renamed.
///
/// # Errors
/// [`FileError::Write`] if the folder is missing, full or not writable; nothing is left behind.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    try_write(path, bytes).map_err(|reason| FileError::Write { path: path.to_path_buf(), reason })
}

/// The longest payload, with room for its header.
pub const MAX_CHECKPOINT_BYTES: u64 = MAX_PAYLOAD_BYTES as u64 + 1024;

/// Reads at most `limit` bytes: a path may lead to a device or a pipe without an end.
pub fn try_read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let reason = format!("it has more than {limit} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

/// As [`write_atomic`], with the operating system's reason alone.
pub fn try_write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // The folder of "report.json" is "", which opens nothing.
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut file = temporary_file_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|refused| refused.error)?;
    // The rename is on the disk only when the folder is; where folders cannot be synced, it has still happened.
    #[cfg(unix)]
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// A temporary file that others may read as far as the user's umask lets them, once it is renamed.
fn temporary_file_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cim-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("the folder is there");
        entries.map(|e| e.expect("readable").file_name().into_string().expect("UTF-8")).collect()
    }

    #[test]
    fn a_file_is_made_replaced_and_alone() {
        let folder = folder();
        let path = folder.path().join("report.json");
        for bytes in [&b"a longer first version"[..], b"second", b""] {
            write_atomic(&path, bytes).expect("writable");
            assert_eq!(fs::read(&path).expect("readable"), bytes);
            assert_eq!(names(folder.path()), ["report.json"]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_the_same_permissions_as_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder();
        let (ours, other) = (folder.path().join("ours"), folder.path().join("other"));
        write_atomic(&ours, b"").expect("writable");
        fs::write(&other, b"").expect("writable");
        let mode = |path| fs::metadata(path).expect("is there").permissions().mode();
        assert_eq!(mode(ours), mode(other));
    }

    #[test]
    fn a_failed_write_names_the_file_and_leaves_nothing() {
        let folder = folder();
        let missing = folder.path().join("nowhere").join("report.json");
        let error = write_atomic(&missing, b"x").expect_err("no folder").to_string();
        assert!(error.contains(&missing.display().to_string()), "{error}");
        assert!(error.contains("nothing was changed"), "{error}");

        // A folder cannot be replaced by a file; the temporary file goes away again.
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).expect("writable");
        fs::write(taken.join("inside"), b"kept").expect("writable");
        assert!(matches!(write_atomic(&taken, b"x"), Err(FileError::Write { .. })));
        assert_eq!(names(folder.path()), ["taken"]);
    }

    #[test]
    fn a_file_past_the_limit_is_refused_without_being_read_to_its_end() {
        let folder = folder();
        let path = folder.path().join("long");
        fs::write(&path, [0; 9]).expect("writable");
        assert_eq!(try_read(&path, 9).expect("fits").len(), 9);
        let error = try_read(&path, 8).expect_err("too long");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
