//! Tells the binary its version: with the revision of the checkout that it is built from, or of the one
//! that a packaged crate was made from. Where neither is known, the version stands alone.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

fn main() {
    let version = env!("CARGO_PKG_VERSION");
    let version = match packaged().or_else(checked_out) {
        Some(revision) => format!("{version} ({revision})"),
        None => version.to_owned(),
    };
    let mut out = io::stdout().lock();
    let lines =
        format!("cargo::rustc-env=CIM_VERSION={version}\ncargo::rerun-if-changed=build.rs\n");
    io::Write::write_all(&mut out, lines.as_bytes()).expect("Cargo listens");
}

/// What `cargo package` wrote down.
fn packaged() -> Option<String> {
    let text = fs::read_to_string(Path::new(FOLDER).join(".cargo_vcs_info.json")).ok()?;
    let hash = text.split("\"sha1\"").nth(1)?.split('"').nth(1)?;
    (!hash.is_empty() && hash.chars().all(|c| c.is_ascii_hexdigit()))
        .then(|| hash.chars().take(12).collect())
}

/// The head of the repository whose workspace this crate is in, and of no other around it.
fn checked_out() -> Option<String> {
    let root = Path::new(FOLDER).join("../..");
    if !root.join(".git").exists() {
        return None;
    }
    let git = |args: &[&str]| {
        let output = Command::new("git").arg("-C").arg(&root).args(args).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !text.is_empty()).then_some(text)
    };
    // Every commit and every checkout adds a line there.
    if let Some(path) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        let path = root.join(path);
        if path.exists() {
            let line = format!("cargo::rerun-if-changed={}\n", path.display());
            io::Write::write_all(&mut io::stdout(), line.as_bytes()).expect("Cargo listens");
        }
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}
