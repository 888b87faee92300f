//! The regression gate: figures of a report against committed intervals.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::CliError;

/// Committed intervals.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gate {
    /// One entry per figure.
    figures: Vec<Interval>,
}

/// Interval of one figure.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Interval {
    /// JSON pointer into the report, such as `/digital/accuracy`.
    figure: String,
    /// Smallest value accepted.
    least: f64,
    /// Largest value accepted.
    most: f64,
}

/// Checks `report` against the intervals in `path`.
pub fn check(report: &impl Serialize, path: &Path) -> Result<String, CliError> {
    let text = crate::config::read(path)?;
    let broken = |reason: String| CliError::Usage {
        what: format!("{}: {reason}", path.display()),
        help: "a gate holds {\"figures\": [{\"figure\", \"least\", \"most\"}]}".into(),
    };
    let gate: Gate = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
    let report = serde_json::to_value(report).map_err(|error| broken(error.to_string()))?;
    let mut failures = Vec::new();
    for Interval { figure, least, most } in &gate.figures {
        let value = report
            .pointer(figure)
            .and_then(serde_json::Value::as_f64)
            .ok_or_else(|| broken(format!("no number at {figure} in the report")))?;
        if !(*least <= value && value <= *most) {
            failures.push(format!("  {figure} is {value}, outside {least} to {most}"));
        }
    }
    if failures.is_empty() {
        return Ok(format!("gate: {} figures inside their intervals\n", gate.figures.len()));
    }
    let (failed, checked) = (failures.len(), gate.figures.len());
    Err(CliError::Gate { failed, checked, list: failures.join("\n") })
}
