//! Files of others, wherever below a folder they lie.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::limits::MAX_FILE_BYTES;
use crate::regular::open_regular;

/// Folders within each other that are looked into.
const DEPTH: usize = 4;

/// Entries that are looked at in all.
const ENTRIES: usize = 20_000;

/// The first regular file with one of `names` that lies in `folder` or up to four folders below it:
/// nearest first, then in the order of names. None if there is none, or no folder.
///
/// Folders that links lead to are not looked into, nor hidden ones; after 20,000 entries the search ends.
pub fn found_below(folder: &Path, names: &[&str]) -> Option<PathBuf> {
    let mut level = vec![folder.to_owned()];
    let mut looked_at = 0;
    for _ in 0..=DEPTH {
        let mut next = Vec::new();
        for folder in level {
            if let Some(path) = names.iter().map(|name| folder.join(name)).find(|p| p.is_file()) {
                return Some(path);
            }
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            let mut below: Vec<PathBuf> = entries
                .take(ENTRIES - looked_at)
                .filter_map(Result::ok)
                .inspect(|_| looked_at += 1)
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
                .map(|entry| entry.path())
                .collect();
            below.sort();
            next.extend(below);
        }
        level = next;
    }
    None
}

/// The whole of a regular file.
///
/// # Errors
/// The system's reason, or that the file is larger than a data set may be.
pub fn whole(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if MAX_FILE_BYTES < bytes.len() as u64 {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 1 GiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_is_found() {
        let root = tempfile::tempdir().expect("a folder");
        let at = |path: &str| root.path().join(path);
        for folder in ["a/b/c/d/e", "z", ".hidden"] {
            fs::create_dir_all(at(folder)).expect("made");
        }
        for file in ["a/b/c/d/e/deep", "a/b/deep", ".hidden/secret", "z/one", "a/b/one"] {
            fs::write(at(file), b"x").expect("written");
        }
        let find = |names: &[&str]| found_below(root.path(), names);
        assert_eq!(find(&["deep"]), Some(at("a/b/deep")));
        assert_eq!(find(&["none", "one"]), Some(at("z/one")));
        assert_eq!(find(&["secret"]), None);
        assert_eq!(found_below(&at("nowhere"), &["one"]), None);
        fs::remove_file(at("a/b/deep")).expect("removed");
        assert_eq!(find(&["deep"]), None);
        assert_eq!(whole(&at("z/one")).expect("a file"), b"x");
    }
}
