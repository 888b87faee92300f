//! Reads specifications: TOML to typed values, errors with file, line and caret.

use std::path::Path;

use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::experiment::Experiment;

/// Errors of a specification.
#[derive(Debug, Error, Diagnostic)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {reason}")]
    #[diagnostic(help("{help}"))]
    Read {
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
        /// What to do.
        help: String,
    },
    /// The file does not say what it should.
    #[error("{name}, line {line}: {message}")]
    #[diagnostic(help(
        "correct the marked place; the built-in preset `cim preset paper` prints is a complete example"
    ))]
    Parse {
        /// Name of the file.
        name: String,
        /// Line of the error, from 1.
        line: usize,
        /// What is wrong.
        message: String,
        /// The text.
        #[source_code]
        source_code: NamedSource<String>,
        /// Where.
        #[label("here")]
        span: SourceSpan,
    },
}

/// Parses `text`, called `name` in messages.
///
/// # Errors
/// [`ConfigError::Parse`] with line and place.
pub fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Box<ConfigError>> {
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let line = text[..span.start.min(text.len())].lines().count().max(1);
        let at_line_start = text[..span.start.min(text.len())].ends_with('\n');
        Box::new(ConfigError::Parse {
            name: name.to_owned(),
            line: line + usize::from(at_line_start),
            message: error.message().trim().replace('\n', " "),
            source_code: NamedSource::new(name, text.to_owned()),
            span: span.into(),
        })
    })
}

/// Which experiment `text`, called `name` in messages, specifies.
///
/// # Errors
/// [`ConfigError::Parse`] for what is no TOML or names an experiment that there is not.
pub fn experiment(name: &str, text: &str) -> Result<Experiment, Box<ConfigError>> {
    /// The one key that is read first.
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(default)]
        experiment: Experiment,
    }
    parse::<Head>(name, text).map(|head| head.experiment)
}

/// Reads the text of a specification.
///
/// # Errors
/// [`ConfigError::Read`] if the file cannot be read.
pub fn read(path: &Path) -> Result<String, Box<ConfigError>> {
    std::fs::read_to_string(path).map_err(|error| {
        Box::new(ConfigError::Read {
        path: path.display().to_string(),
        reason: error.to_string(),
        help:
            "give `paper`, `ir-drop`, `openmena` or the path of a TOML file; `cim preset paper` prints one to start from"
                .into(),
    })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::paper::spec::{PAPER, Spec};

    fn error_of(text: &str) -> String {
        parse::<Spec>("preset.toml", text).expect_err("must be refused").to_string()
    }

    #[test]
    fn the_built_in_preset_is_valid() {
        let spec: Spec = parse("paper", PAPER).expect("valid");
        assert!(spec.parts().is_ok());
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let text = PAPER.replace("g_off =", "g_of =");
        let line = 1 + text.lines().position(|l| l.starts_with("g_of =")).expect("there");
        let error = error_of(&text);
        assert!(error.contains(&format!("line {line}")) && error.contains("g_of"), "{error}");
    }

    #[test]
    fn a_bare_number_is_refused_with_an_example() {
        let error = error_of(&PAPER.replace("g_on = \"100 uS\"", "g_on = 100"));
        assert!(error.contains("bare number") && error.contains("uS"), "{error}");
    }

    #[test]
    fn impossible_parts_are_refused() {
        for (from, to, what) in [
            ("g_off = \"10 uS\"", "g_off = \"-10 uS\"", "window"),
            ("g_off = \"10 uS\"", "g_off = \"200 uS\"", "window"),
            ("dac_bits = 8", "dac_bits = 0", "bits"),
            ("dac_bits = 8", "dac_bits = 33", "bits"),
            ("row = \"0 Ohm\"", "row = \"-1 Ohm\"", "wires"),
        ] {
            assert!(PAPER.contains(from), "{from}");
            let spec: Spec = parse("preset", &PAPER.replace(from, to)).expect("parses");
            let Err(error) = spec.parts() else { panic!("{to} must be refused") };
            assert!(error.to_string().contains(what), "{error}");
        }
    }
}
