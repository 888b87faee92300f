//! Presets by name, by file or as text.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};

use cim_chip::ChipPreset;
use cim_data::open_regular;
use cim_report::echo::line_and_column;
use cim_studies::{STUDIES, StudyError, located, named, parse_chip};
use pyo3::prelude::*;

use crate::error::PythonError;

/// The largest text that is read (bytes).
const MAX_TEXT: u64 = 16 << 20;

/// A preset: what it is called, what it says, and the chip that it describes.
#[derive(Clone)]
pub struct Preset {
    /// Its name, or the last part of its path.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The sections that make chips.
    pub chip: ChipPreset,
}

impl Preset {
    /// A built-in preset by its name, a TOML file by its path, or the text of one (of several lines).
    ///
    /// # Errors
    /// [`PythonError`] for what is none of them, or says what cannot be, with its place.
    pub fn open(given: &Path) -> Result<Self, PythonError> {
        let (name, text) = match given.to_str().map(named) {
            Some(Ok(study)) => (study.name.to_owned(), study.preset.to_owned()),
            Some(Err(unknown)) => text(given, &help(&unknown))?,
            None => text(given, "give a path")?,
        };
        let chip = parse_chip(&text).map_err(|error| placed(&name, &text, error.into()))?;
        chip.parts().map_err(|error| placed(&name, &text, located(&text, error.into()).into()))?;
        Ok(Self { name, text, chip })
    }
}

fn help(unknown: &StudyError) -> String {
    let meant = match unknown {
        StudyError::Unknown { did_you_mean: Some(meant), .. } => {
            format!("did you mean {meant:?}? otherwise ")
        }
        _ => String::new(),
    };
    format!("{meant}give one of {:?}, the path of a TOML file, or its text", presets())
}

/// A name for messages and the text: of a file, or as it is where it has several lines.
///
/// # Errors
/// [`PythonError::Read`] for a file that cannot be read, with `help`.
pub fn text(given: &Path, help: &str) -> Result<(String, String), PythonError> {
    match given.to_str() {
        Some(text) if text.contains('\n') => Ok(("text".to_owned(), text.to_owned())),
        _ => {
            let bytes = bytes(given, MAX_TEXT).map_err(|error| match error {
                PythonError::Read { path, reason } => PythonError::Read {
                    path,
                    reason: std::io::Error::new(reason.kind(), format!("{reason}\nhelp: {help}")),
                },
                other => other,
            })?;
            let text = String::from_utf8(bytes)
                .map_err(|_| PythonError::input(format!("{} is no text", given.display()), help))?;
            Ok((file_name(given), text))
        }
    }
}

/// At most `limit` bytes of a regular file.
///
/// # Errors
/// [`PythonError::Read`] for one that cannot be read, or is longer.
pub fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, PythonError> {
    let mut bytes = Vec::new();
    open_regular(path)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .map_err(|reason| PythonError::read(path, reason))?;
    if limit < bytes.len() as u64 {
        let help = format!("files of up to {limit} bytes are read");
        return Err(PythonError::input(format!("{} is longer", path.display()), help));
    }
    Ok(bytes)
}

/// The last part of a path.
pub fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(OsStr::new("")).to_string_lossy().into_owned()
}

/// What is wrong with a text, with line and column.
pub fn placed(name: &str, text: &str, error: PythonError) -> PythonError {
    match error {
        PythonError::Study(StudyError::Value { message, help, span }) => {
            let (line, column) = line_and_column(text, span.start);
            let help = help.unwrap_or_else(|| "cim.preset(\"paper\") is a complete example".into());
            PythonError::input(format!("{name}:{line}:{column}: {message}"), help)
        }
        other => other,
    }
}

/// Names of the built-in presets that describe a chip for any network.
#[pyfunction]
pub fn presets() -> Vec<&'static str> {
    let fits = |text: &str| parse_chip(text).is_ok();
    STUDIES.iter().filter(|study| fits(study.preset)).map(|study| study.name).collect()
}

/// The text of a preset (TOML): every parameter with its unit, to start an own one from.
///
/// name: one of presets(), or a path. Raises InputError for what is no preset.
#[pyfunction]
pub fn preset(name: PathBuf) -> Result<String, PythonError> {
    Ok(Preset::open(&name)?.text)
}
