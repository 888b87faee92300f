//! `[foreign]`: where networks of others lie.

use std::path::{Path, PathBuf};

use cim_chip::ChipError;
use cim_chip::sections::need;
use serde::{Deserialize, Serialize};

/// Where networks of others are looked for; what is not there is left out, and the report says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignSpec {
    /// A folder that has their files, or up to four folders within each other that do.
    pub folder: String,
    /// Folders that are looked into before, as options name them.
    #[serde(skip)]
    pub before: Vec<PathBuf>,
}

impl ForeignSpec {
    /// Checks that there is a name.
    pub fn check(&self) -> Result<(), ChipError> {
        let ok = !self.folder.trim().is_empty() && !self.folder.contains('\0');
        let help = "name a folder; it need not be there";
        need(ok, "foreign.folder", format!("{:?}", self.folder), help)
    }

    /// The file with one of `names`, in the first folder that has one.
    pub fn find(&self, names: &[&str]) -> Option<PathBuf> {
        let folders = self.before.iter().map(PathBuf::as_path);
        let mut folders = folders.chain([Path::new(&self.folder)]);
        folders.find_map(|folder| cim_data::found_below(folder, names))
    }

    /// What is said of a network whose file is not there.
    pub fn left_out(&self, network: &str, file: &str) -> String {
        let mut folders: Vec<String> =
            self.before.iter().map(|folder| folder.display().to_string()).collect();
        folders.push(self.folder.clone());
        format!(
            "Left out: {network}, as no {file} lies below {}; name the folder that has it with \
             --networks.",
            folders.join(" or ")
        )
    }
}
