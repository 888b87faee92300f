//! Reads specifications: TOML to typed values, errors with file, line and caret.

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use cim_data::open_regular;
use cim_report::echo::{line_and_column, shown, source};
use cim_studies::STUDIES;
use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

/// Errors of a specification.
#[derive(Debug, Error, Diagnostic)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {reason}", shown(path))]
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
    #[error("{}:{line}:{column}: {}", shown(name), shown(message))]
    #[diagnostic(help("{}", shown(help)))]
    Parse {
        /// Name of the file.
        name: String,
        /// Line of the error, from 1.
        line: usize,
        /// Column of the error, from 1 (characters).
        column: usize,
        /// What is wrong.
        message: String,
        /// What to do.
        help: String,
        /// The text, of lines that a terminal can show.
        #[source_code]
        source_code: Option<NamedSource<String>>,
        /// Where.
        #[label("here")]
        span: SourceSpan,
    },
}

/// The error for what is wrong with bytes `span` of `text`, called `name` in messages.
pub fn at(
    name: &str,
    text: &str,
    span: Range<usize>,
    message: String,
    help: Option<String>,
) -> Box<ConfigError> {
    let (line, column) = line_and_column(text, span.start);
    let help = help.unwrap_or_else(|| {
        "correct the marked place; what `cim preset` prints with the name of its experiment is a complete example"
            .to_owned()
    });
    let source_code = source(text, line).map(|text| NamedSource::new(shown(name), text));
    let (name, span) = (name.to_owned(), span.into());
    Box::new(ConfigError::Parse { name, line, column, message, help, source_code, span })
}

/// The largest text that is read (bytes).
const MAX_BYTES: u64 = 16 << 20;

/// Reads the text of a regular file, at most 16 MiB of it.
///
/// # Errors
/// [`ConfigError::Read`] if the file cannot be read, with what to do.
pub fn read(path: &Path, help: impl FnOnce() -> String) -> Result<String, Box<ConfigError>> {
    let mut text = String::new();
    match open_regular(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text)) {
        Ok(length) if length as u64 <= MAX_BYTES => Ok(text),
        outcome => {
            let path = path.display().to_string();
            let too_long = |_| format!("it has more than {MAX_BYTES} bytes");
            let reason = outcome.map_or_else(|error| error.to_string(), too_long);
            Err(Box::new(ConfigError::Read { path, reason, help: help() }))
        }
    }
}

/// Names of the built-in presets, for a reader.
pub fn preset_names() -> String {
    STUDIES.iter().map(|study| format!("`{}`", study.name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(from: &str, to: &str) -> String {
        let preset = STUDIES[0].preset;
        assert!(preset.contains(from), "{from}");
        let text = preset.replacen(from, to, 1);
        match STUDIES[0].check(&text) {
            Err(cim_studies::StudyError::Value { message, help, span }) => {
                at("preset.toml", &text, span, message, help).to_string()
            }
            other => panic!("{to}: {other:?}"),
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let preset = STUDIES[0].preset;
        let line = 1 + preset.lines().position(|l| l.starts_with("dac_bits =")).expect("there");
        let error = line_of("dac_bits =", "dac_bit =");
        assert!(
            error.contains(&format!("preset.toml:{line}:1:")) && error.contains("dac_bit"),
            "{error}"
        );
    }

    #[test]
    fn a_bare_number_is_refused_with_an_example() {
        let error = line_of("g_on = \"100 uS\"", "g_on = 100");
        assert!(error.contains("bare number") && error.contains("uS"), "{error}");
    }
}
