//! What the user is told when something is wrong.

use cim_chip::ChipError;
use cim_data::npy::NpyError;
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
    /// A study cannot be run.
    #[error("{0}")]
    Study(StudyError),
    /// A file could not be written.
    #[error(transparent)]
    Report(#[from] cim_report::ReportError),
    /// An option failed after others had been done.
    #[error("{option} failed after {written} was written")]
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
    /// The device cannot be.
    #[error(transparent)]
    Device(#[from] cim_device::DeviceError),
    /// Something that the user asked for cannot be done.
    #[error("{what}")]
    #[diagnostic(help("{help}"))]
    Usage {
        /// What is wrong.
        what: String,
        /// What to do.
        help: String,
    },
    /// A figure left the interval that was committed for it.
    #[error("{failed} of {checked} figures left their interval:\n{list}")]
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
            None => Self::Study(error),
        }
    }
}

impl From<ChipError> for CliError {
    fn from(error: ChipError) -> Self {
        StudyError::from(error).into()
    }
}

impl From<NpyError> for CliError {
    fn from(error: NpyError) -> Self {
        Self::Usage { what: error.to_string(), help: error.help().to_owned() }
    }
}
