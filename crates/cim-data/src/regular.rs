//! Opening files that are read: only what has an end.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Opens a regular file. A pipe would make the program wait for a writer for ever, a device has no
/// end; the standard input and descriptors that the shell has opened already are taken as they are.
///
/// # Errors
/// The system's reason, or [`io::ErrorKind::InvalidInput`] saying what is there instead of a file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let given = ["/dev/stdin", "/dev/fd", "/proc/self/fd"];
    let kind = fs::metadata(path)?.file_type();
    let what = match kind {
        kind if kind.is_file() => return File::open(path),
        kind if kind.is_dir() => "it is a folder, not a file",
        _ if given.iter().any(|given| path.starts_with(given)) => return File::open(path),
        _ => "it is a pipe, a socket or a device, not a file",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_has_no_end_is_refused_without_being_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("socket");
        let _held = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
        for (path, said) in [(socket.as_path(), "a socket"), (folder.path(), "a folder")] {
            let error = open_regular(path).expect_err("no file").to_string();
            assert!(error.contains(said), "{error}");
        }
        fs::write(folder.path().join("file"), b"x").expect("written");
        assert!(open_regular(&folder.path().join("file")).is_ok());
    }
}
