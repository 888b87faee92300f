//! A folder with a chip that went out, and the binary in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn network(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("data/networks").join(name).display().to_string()
}

/// A folder with the first chip of the network in `tiles`.
pub struct Desk {
    folder: TempDir,
    /// The report of the run that wrote it.
    pub report: Value,
}

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut desk = Self { folder, report: Value::Null };
        desk.report = desk.report(&["--chips", "1", "--dump", "tiles"]);
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn eval(&self, network_file: &str, more: &[&str]) -> Output {
        let (network, data) = (network(network_file), network("digits.npz"));
        let base = ["eval", &network, "--data", &data, "--samples", "60"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_cim"));
        command.args(base).args(more).current_dir(self.folder.path());
        command.output().expect("the binary starts")
    }

    pub fn report(&self, more: &[&str]) -> Value {
        let output = self.eval("mlp.onnx", &[more, &["--json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Code 2, all of `words`, no panic.
    pub fn must_refuse(&self, network_file: &str, more: &[&str], words: &[&str]) {
        let output = self.eval(network_file, more);
        let said = String::from_utf8_lossy(&output.stderr).replace(['\n', '│'], " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{more:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{more:?}: '{word}' is not in: {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }

    /// A copy of the tiles, of files that end so.
    pub fn copy(&self, name: &str, ending: &str) -> PathBuf {
        let to = self.path(name);
        fs::create_dir(&to).expect("a folder");
        for file in files(&self.path("tiles")).into_iter().filter(|file| file.ends_with(ending)) {
            fs::copy(self.path("tiles").join(&file), to.join(&file)).expect("copied");
        }
        to
    }

    /// The table of the first tile with its lines changed, in a folder of tables.
    pub fn changed(&self, name: &str, change: impl Fn(usize, &str) -> Option<String>) {
        let table = self.copy(name, ".csv").join("product-000-tile-0-0.csv");
        let text = fs::read_to_string(&table).expect("a table");
        let lines = text.lines().enumerate().filter_map(|(idx, line)| change(idx, line));
        fs::write(&table, lines.collect::<Vec<_>>().join("\n")).expect("written");
    }
}

pub fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("readable").file_name();
    let mut names: Vec<String> =
        entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// What depends on what cells hold and on nothing else: scores, losses, and every product.
pub fn answers(report: &Value) -> [Value; 6] {
    let mean = |figure: &str| report["figures"][figure]["mean"].clone();
    let rows = |table: usize| report["tables"][table]["rows"].clone();
    [mean("on_chip"), mean("loss"), mean("output_error"), mean("energy"), rows(0), rows(1)]
}
