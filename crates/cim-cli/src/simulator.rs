//! ngspice, where it is installed.

use std::process::{Command, Stdio};

use cim_studies::Simulator;

/// The program `ngspice` of the search path.
pub struct Ngspice;

impl Simulator for Ngspice {
    fn run(&self, netlist: &str) -> Option<String> {
        let folder = tempfile::tempdir().ok()?;
        let path = folder.path().join("circuit.cir");
        std::fs::write(&path, netlist).ok()?;
        let mut command = Command::new("ngspice");
        command.arg("-b").arg(&path).current_dir(&folder).stdin(Stdio::null());
        match command.output() {
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                Some(text + &String::from_utf8_lossy(&output.stderr))
            }
            Err(error) => {
                tracing::info!(%error, "ngspice did not run: what needs it is left out");
                None
            }
        }
    }
}
