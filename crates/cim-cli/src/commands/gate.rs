//! The regression gate: a file with committed intervals.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::CliError;

/// Committed intervals, with the file they are from.
#[derive(Debug)]
pub struct Gate {
    path: PathBuf,
    gate: cim_report::Gate,
}

impl Gate {
    /// Reads and checks a gate, before any figure is known.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let text = crate::config::read(path, || cim_report::Gate::FORM.into())?;
        let gate = cim_report::Gate::parse(&text).map_err(|error| broken(path, &error))?;
        Ok(Self { path: path.to_owned(), gate })
    }

    /// Checks any report against the intervals.
    pub fn check(&self, report: &impl Serialize) -> Result<String, CliError> {
        let outside = self.gate.outside(report).map_err(|error| broken(&self.path, &error))?;
        let (failed, checked) = (outside.len(), self.gate.figures.len());
        if failed == 0 {
            return Ok(format!("gate: {checked} figures inside their intervals\n"));
        }
        Err(CliError::Gate { failed, checked, list: format!("  {}", outside.join("\n  ")) })
    }
}

fn broken(path: &Path, error: &cim_report::GateError) -> CliError {
    CliError::Usage {
        what: format!("{}: {error}", path.display()),
        help: cim_report::Gate::FORM.into(),
    }
}
