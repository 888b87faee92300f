//! What a machine has and lacks, as a list of marks.

use std::fmt;

use serde::Serialize;

/// Everything that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checkup {
    /// Version of the program that looked.
    pub version: String,
    /// In the order in which it is shown.
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// What.
    pub what: String,
    /// Whether it is there.
    pub found: bool,
    /// What is to be known of it.
    pub detail: String,
}

impl Check {
    /// Of `what`.
    pub fn new(what: impl Into<String>, found: bool, detail: impl Into<String>) -> Self {
        Self { what: what.into(), found, detail: detail.into() }
    }
}

/// A line a check, with `✓` for what is there and `–` for what is not.
impl fmt::Display for Checkup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {:18} {}", "version", self.version)?;
        for Check { what, found, detail } in &self.checks {
            let mark = if *found { "✓" } else { "–" };
            writeln!(f, "{mark} {what:18} {detail}")?;
        }
        Ok(())
    }
}
