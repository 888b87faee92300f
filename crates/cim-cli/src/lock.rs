//! Folders of results that are ours for a run.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use cim_report::duration::date;
use cim_report::{Lock, ReportError};

use crate::error::CliError;

/// Takes a folder, which exists, until what is returned is dropped.
///
/// # Errors
/// [`CliError::Usage`] saying who has it and since when, or that it cannot be written.
#[expect(clippy::disallowed_methods, reason = "a lock says since when it is held")]
pub fn take(folder: &Path) -> Result<Lock, CliError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Lock::take(folder, &date(since.as_secs())).map_err(unwritable)
}

/// A folder that cannot be written, with what to do.
pub fn unwritable(error: ReportError) -> CliError {
    match error {
        ReportError::InUse { .. } => CliError::Usage {
            what: error.to_string(),
            help: "wait for it, end it, or choose another folder with --out".into(),
        },
        ReportError::Folder { path, source } => CliError::Usage {
            what: format!("cannot write to {}: {source}", path.display()),
            help: "choose a folder that can be written with --out".into(),
        },
        other => other.into(),
    }
}
