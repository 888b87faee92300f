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
    /// JSON pointer into the report, such as `/digital/accuracy` or `/figures/<name>/mean`.
    figure: String,
    /// Smallest value accepted.
    least: f64,
    /// Largest value accepted.
    most: f64,
}

/// Checks any report against the intervals in `path`.
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
            check(&report, file.path())
        };
        assert!(gate("/figures/naive/mean", 0.89).is_ok());
        assert!(matches!(gate("/figures/naive/mean", 0.91), Err(CliError::Gate { .. })));
        assert!(matches!(gate("/figures/other/mean", 0.0), Err(CliError::Usage { .. })));
    }
}
