//! `[data]`: what networks learn and are measured on.

use serde::{Deserialize, Serialize};

use super::need::need;
use crate::error::ChipError;

/// Where the data set of a preset lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSpec {
    /// Folder of the data set, from where the program is started; `--data` goes before it. A data set
    /// is known by its content, never by this name.
    pub folder: String,
}

impl DataSpec {
    /// Checks that there is a name.
    ///
    /// # Errors
    /// [`ChipError::Section`].
    pub fn check(&self) -> Result<(), ChipError> {
        let ok = !self.folder.trim().is_empty() && !self.folder.contains('\0');
        need(ok, "data.folder", format!("{:?}", self.folder), "name a folder, such as data/mnist")
    }
}
