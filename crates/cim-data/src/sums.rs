//! The list of SHA-256 sums that a data folder may have.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::digest::sha256;
use crate::error::DataError;
use crate::limits::SUMS;
use crate::regular::open_regular;

/// Bytes of a list that are read.
const MAX_LIST_BYTES: u64 = 1 << 20;

/// The folder's own list of SHA-256 sums.
pub(crate) struct Sums {
    path: PathBuf,
    /// Name and lower-case sum, in the order of the list.
    lines: Vec<(String, String)>,
}

impl Sums {
    /// `None` if the folder has no list.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, DataError> {
        let path = folder.join(SUMS);
        let mut text = String::new();
        let read = open_regular(&path)
            .and_then(|file| file.take(MAX_LIST_BYTES).read_to_string(&mut text));
        match read {
            Ok(_) => {}
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(reason) => return Err(DataError::Read { path, reason }),
        }
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((sum, name)) = line
                .split_once(char::is_whitespace)
                .filter(|(sum, _)| sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit()))
            else {
                return Err(DataError::SumsLine { path, line: index + 1 });
            };
            // `sha256sum` marks a file that was read as binary with an asterisk.
            let name = name.trim_start().trim_start_matches('*');
            lines.push((name.to_owned(), sum.to_ascii_lowercase()));
        }
        Ok(Some(Self { path, lines }))
    }

    /// Compares the data with the line for either of its two uncompressed names.
    pub(crate) fn check(
        &self,
        path: &Path,
        plain_names: &[String],
        bytes: &[u8],
    ) -> Result<(), DataError> {
        let Some((_, expected)) = self.lines.iter().find(|(name, _)| plain_names.contains(name))
        else {
            let name = plain_names[0].clone();
            return Err(DataError::NotListed { path: self.path.clone(), name });
        };
        let found = sha256(bytes);
        if found != *expected {
            let (path, expected) = (path.to_path_buf(), expected.clone());
            return Err(DataError::Checksum { path, expected, found });
        }
        Ok(())
    }
}
