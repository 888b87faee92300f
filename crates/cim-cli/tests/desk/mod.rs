//! A folder with files, and the binary in it.

use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

pub struct Desk {
    folder: TempDir,
}

impl Desk {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn cim(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cim"));
        command.args(args).current_dir(self.folder.path()).output().expect("the binary starts")
    }
}
