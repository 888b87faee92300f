//! Checkpoints as files of a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cim_studies::{Store, StoreError};

use crate::files::{MAX_CHECKPOINT_BYTES, try_read, write_atomic};

/// The folder `checkpoints` of the results.
pub struct Folder {
    folder: PathBuf,
    resume: bool,
}

/// Ending of a checkpoint's name.
const ENDING: &str = ".ckpt";

impl Folder {
    /// Checkpoints below `out`, taken up only if the run is resumed.
    pub fn new(out: &Path, resume: bool) -> Self {
        let folder = out.join("checkpoints");
        // What an interrupted write left there; there may be no such folder yet.
        let _ = cim_report::files::sweep(&folder);
        Self { folder, resume }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{ENDING}"))
    }
}

impl Store for Folder {
    fn names(&self) -> Result<Vec<String>, StoreError> {
        if !self.resume {
            return Ok(Vec::new());
        }
        let failed = |reason| StoreError::Read { place: self.folder.display().to_string(), reason };
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(reason) => return Err(failed(reason)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let file = entry.map_err(failed)?.file_name();
            names.extend(
                file.to_str().and_then(|file| file.strip_suffix(ENDING)).map(str::to_owned),
            );
        }
        names.sort();
        Ok(names)
    }

    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if !self.resume {
            return Ok(None);
        }
        match try_read(&self.path(name), MAX_CHECKPOINT_BYTES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(reason) => Err(StoreError::Read { place: self.place(name), reason }),
        }
    }

    fn save(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        fs::create_dir_all(&self.folder)
            .and_then(|()| write_atomic(&self.path(name), bytes).map_err(io::Error::other))
            .map_err(|reason| StoreError::Write { place: self.place(name), reason })
    }

    fn place(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}
