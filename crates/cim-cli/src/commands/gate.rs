//! The regression gate: figures of a report against committed intervals.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::CliError;

/// Committed intervals, with the file they are from.
#[derive(Debug)]
pub struct Gate {
    path: PathBuf,
    figures: Vec<Interval>,
}

/// A gate as written in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// One entry per figure.
    figures: Vec<Interval>,
}

/// Interval of one figure.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Interval {
    /// JSON pointer into the report, such as `/digital/accuracy` or `/figures/<name>/mean`.
    figure: String,
    /// Smallest value accepted.
    least: f64,
    /// Largest value accepted.
    most: f64,
}

const FORM: &str = "a gate holds {\"figures\": [{\"figure\", \"least\", \"most\"}]}, at least one";

impl Gate {
    /// Reads and checks a gate, before any figure is known.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let text = crate::config::read(path, || FORM.into())?;
        let broken = |reason: String| CliError::Usage {
            what: format!("{}: {reason}", path.display()),
            help: FORM.into(),
        };
        let Written { figures } =
            serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
        if figures.is_empty() {
            return Err(broken("it holds no figure, so that it would let everything pass".into()));
        }
        for Interval { figure, least, most } in &figures {
            if !figure.starts_with('/') {
                return Err(broken(format!("{figure:?} is no JSON pointer: it begins with /")));
            }
            if most < least {
                return Err(broken(format!("{figure}: {least} to {most} is empty")));
            }
        }
        Ok(Self { path: path.to_owned(), figures })
    }

    /// Checks any report against the intervals.
    pub fn check(&self, report: &impl Serialize) -> Result<String, CliError> {
        let broken = |reason: String| CliError::Usage {
            what: format!("{}: {reason}", self.path.display()),
            help: FORM.into(),
        };
        let report = serde_json::to_value(report).map_err(|error| broken(error.to_string()))?;
        let mut failures = Vec::new();
        for Interval { figure, least, most } in &self.figures {
            let value = report
                .pointer(figure)
                .and_then(serde_json::Value::as_f64)
                .ok_or_else(|| broken(format!("no number at {figure} in the report")))?;
            if !(*least <= value && value <= *most) {
                failures.push(format!("  {figure} is {value}, outside {least} to {most}"));
            }
        }
        if failures.is_empty() {
            return Ok(format!("gate: {} figures inside their intervals\n", self.figures.len()));
        }
        let (failed, checked) = (failures.len(), self.figures.len());
        Err(CliError::Gate { failed, checked, list: failures.join("\n") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_finds_the_named_figures_of_any_report() {
        let report = serde_json::json!({"figures": {"naive": {"mean": 0.9, "ci95": 0.01}}});
        let gate = |figure: &str, least: f64| {
            let file = tempfile::NamedTempFile::new().unwrap();
            let interval = serde_json::json!({"figure": figure, "least": least, "most": 1.0});
            std::fs::write(file.path(), serde_json::json!({"figures": [interval]}).to_string())
                .unwrap();
            Gate::read(file.path()).and_then(|gate| gate.check(&report))
        };
        assert!(gate("/figures/naive/mean", 0.89).is_ok());
        assert!(matches!(gate("/figures/naive/mean", 0.91), Err(CliError::Gate { .. })));
        assert!(matches!(gate("/figures/other/mean", 0.0), Err(CliError::Usage { .. })));
    }

    #[test]
    fn gates_that_would_let_everything_pass_are_refused() {
        for figures in [
            serde_json::json!([]),
            serde_json::json!([{"figure": "digital", "least": 0.0, "most": 1.0}]),
            serde_json::json!([{"figure": "/digital", "least": 1.0, "most": 0.0}]),
        ] {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), serde_json::json!({"figures": figures}).to_string())
                .unwrap();
            assert!(matches!(Gate::read(file.path()), Err(CliError::Usage { .. })), "{figures}");
        }
    }
}
