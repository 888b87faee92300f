//! The regression gate: figures of a report against committed intervals.

use serde::{Deserialize, Serialize};

/// Committed intervals of figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// One entry per figure.
    pub figures: Vec<Interval>,
}

/// Interval of one figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// JSON pointer into the report, such as `/digital/accuracy` or `/figures/<name>/mean`.
    pub figure: String,
    /// Smallest value accepted.
    pub least: f64,
    /// Largest value accepted.
    pub most: f64,
}

/// Why a gate says nothing about a report.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The text is no gate.
    #[error(transparent)]
    Text(#[from] serde_json::Error),
    /// It has no intervals.
    #[error("it holds no figure, so that it would let everything pass")]
    Empty,
    /// A figure is no place in a report.
    #[error("{0:?} is no JSON pointer: it begins with /")]
    Pointer(String),
    /// Nothing lies within an interval.
    #[error("{figure}: {least} to {most} is empty")]
    Interval {
        /// Whose interval.
        figure: String,
        /// Its lower end.
        least: f64,
        /// Its upper end.
        most: f64,
    },
    /// The report has no such number.
    #[error("no number at {0} in the report")]
    NoNumber(String),
}

impl Gate {
    /// What a gate looks like.
    pub const FORM: &str =
        "a gate holds {\"figures\": [{\"figure\", \"least\", \"most\"}]}, at least one";

    /// Reads and checks a gate, before any figure is known.
    ///
    /// # Errors
    /// [`GateError`] for what is no gate, or one that would let everything or nothing pass.
    pub fn parse(text: &str) -> Result<Self, GateError> {
        let gate: Self = serde_json::from_str(text)?;
        if gate.figures.is_empty() {
            return Err(GateError::Empty);
        }
        for Interval { figure, least, most } in &gate.figures {
            if !figure.starts_with('/') {
                return Err(GateError::Pointer(figure.clone()));
            }
            if most < least {
                let (figure, least, most) = (figure.clone(), *least, *most);
                return Err(GateError::Interval { figure, least, most });
            }
        }
        Ok(gate)
    }

    /// The figures of any report that are outside their intervals, each in words.
    ///
    /// # Errors
    /// [`GateError::NoNumber`] where the report has no such figure.
    pub fn outside(&self, report: &impl Serialize) -> Result<Vec<String>, GateError> {
        let report = serde_json::to_value(report)?;
        let mut outside = Vec::new();
        for Interval { figure, least, most } in &self.figures {
            let value = report.pointer(figure).and_then(serde_json::Value::as_f64);
            let value = value.ok_or_else(|| GateError::NoNumber(figure.clone()))?;
            if !(*least <= value && value <= *most) {
                outside.push(format!("{figure} is {value}, outside {least} to {most}"));
            }
        }
        Ok(outside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_finds_the_named_figures_of_any_report() {
        let report = serde_json::json!({"figures": {"naive": {"mean": 0.9, "ci95": 0.01}}});
        let outside = |figure: &str, least: f64| {
            let interval = serde_json::json!({"figure": figure, "least": least, "most": 1.0});
            let gate = Gate::parse(&serde_json::json!({"figures": [interval]}).to_string());
            gate.and_then(|gate| gate.outside(&report))
        };
        assert!(outside("/figures/naive/mean", 0.89).is_ok_and(|outside| outside.is_empty()));
        let one = outside("/figures/naive/mean", 0.91).expect("a number");
        assert_eq!(one, ["/figures/naive/mean is 0.9, outside 0.91 to 1"]);
        assert!(matches!(outside("/figures/other/mean", 0.0), Err(GateError::NoNumber(_))));
    }

    #[test]
    fn gates_that_would_let_everything_pass_are_refused() {
        for figures in [
            serde_json::json!([]),
            serde_json::json!([{"figure": "digital", "least": 0.0, "most": 1.0}]),
            serde_json::json!([{"figure": "/digital", "least": 1.0, "most": 0.0}]),
        ] {
            let text = serde_json::json!({"figures": figures}).to_string();
            assert!(Gate::parse(&text).is_err(), "{figures}");
        }
    }
}
