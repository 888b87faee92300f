//! Runs ngspice where it is installed.

use std::process::Command;

/// What ngspice prints for a netlist; none, with a note, where it is not installed.
#[allow(clippy::print_stderr, reason = "a test that has no oracle says so")]
pub fn run(netlist: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("circuit.cir");
    std::fs::write(&path, netlist).expect("written");
    match Command::new("ngspice").arg("-b").arg(&path).current_dir(&folder).output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            Some(text + &String::from_utf8_lossy(&output.stderr))
        }
        Err(error) => {
            eprintln!("ngspice did not run ({error}): circuits are not compared with it");
            None
        }
    }
}
