//! How a result is printed: in words, or as JSON.

use std::fmt::Display;

use cim_report::Timing;
use serde::Serialize;

use crate::error::CliError;

/// What a reader of the standard output wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Words and tables.
    Words,
    /// One JSON object with the key `command`.
    Json,
}

/// A result and what found it.
#[derive(Serialize)]
struct Named<'a, T> {
    command: &'static str,
    #[serde(flatten)]
    result: &'a T,
}

impl Form {
    /// A result of `command` that knows its words.
    pub fn print<T: Serialize + Display>(
        self,
        command: &'static str,
        result: &T,
    ) -> Result<String, CliError> {
        self.print_as(command, result, || result.to_string())
    }

    /// A result of `command`, in these words or with its keys.
    pub fn print_as<T: Serialize>(
        self,
        command: &'static str,
        result: &T,
        words: impl FnOnce() -> String,
    ) -> Result<String, CliError> {
        match self {
            Self::Words => Ok(words()),
            Self::Json => json(&Named { command, result }),
        }
    }

    /// How long each stage took, where that is `asked`; JSON has the same bytes on every run.
    pub fn stages(self, asked: bool, timing: &Timing) -> String {
        let told = asked && self == Self::Words;
        if told { format!("\n{}", cim_report::stages(timing)) } else { String::new() }
    }
}

/// Indented JSON with a final newline.
pub fn json(result: &impl Serialize) -> Result<String, CliError> {
    let text = serde_json::to_string_pretty(result).map_err(|error| CliError::Usage {
        what: format!("the result cannot be said as JSON: {error}"),
        help: "leave --json out".into(),
    })?;
    Ok(text + "\n")
}
