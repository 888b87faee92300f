//! What the user is told when something is wrong.

use cim_chip::ChipError;
use cim_data::npy::NpyError;
use cim_device::DeviceError;
use cim_report::ReportError;
use cim_report::echo::{caused, plain, shown};
use cim_studies::StudyError;
use miette::Diagnostic;
use thiserror::Error;

/// Errors of the command line, each with what to do.
#[derive(Debug, Error, Diagnostic)]
pub enum CliError {
    /// A preset or a specification could not be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Config(#[from] Box<crate::config::ConfigError>),
    /// A study cannot be run, or what it found not be written.
    #[error("{}", shown(_0))]
    Study(String),
    /// An option failed after others had been done.
    #[error("{option} failed after {} was written", shown(written))]
    #[diagnostic(help("what was written is whole and stays"))]
    After {
        /// The option.
        option: String,
        /// The outputs that were written, with their options.
        written: String,
        /// Why.
        #[source]
        error: Box<CliError>,
    },
    /// Something that the user asked for cannot be done.
    #[error("{}", shown(what))]
    #[diagnostic(help("{}", shown(help)))]
    Usage {
        /// What is wrong.
        what: String,
        /// What to do.
        help: String,
    },
    /// A figure left the interval that was committed for it.
    #[error("{failed} of {checked} figures left their interval:\n{}", plain(list))]
    Gate {
        /// Figures outside.
        failed: usize,
        /// Figures checked.
        checked: usize,
        /// One line a figure.
        list: String,
    },
}

impl CliError {
    /// That `option` failed so after `written`, an output with its option, was there.
    #[must_use]
    pub fn after(self, written: String, option: &str) -> Self {
        Self::After { option: option.to_owned(), written, error: Box::new(self) }
    }
}

/// With what to do, where it is said beside the message.
impl From<StudyError> for CliError {
    fn from(error: StudyError) -> Self {
        match error.help().map(str::to_owned) {
            Some(help) => Self::Usage { what: error.to_string(), help },
            None => Self::Study(caused(&error)),
        }
    }
}

/// What parts and reports say is said by a study.
macro_rules! from_parts {
    ($($part:ty),*) => {
        $(impl From<$part> for CliError {
            fn from(error: $part) -> Self {
                StudyError::from(error).into()
            }
        })*
    };
}

from_parts!(ChipError, DeviceError, ReportError);

impl From<NpyError> for CliError {
    fn from(error: NpyError) -> Self {
        Self::Usage { what: error.to_string(), help: error.help().to_owned() }
    }
}
