//! What the user is told when something is wrong.

use miette::Diagnostic;
use thiserror::Error;

/// Errors of the command line, each with what to do.
#[derive(Debug, Error, Diagnostic)]
pub enum CliError {
    /// A preset or a specification could not be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Config(#[from] Box<crate::config::ConfigError>),
    /// The data set is missing or broken.
    #[error(transparent)]
    Data(#[from] crate::data::DataError),
    /// The digits are missing or broken.
    #[error(transparent)]
    Digits(#[from] crate::experiment::openmena::digits::DigitsError),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] crate::files::FileError),
    /// The report could not be written.
    #[error(transparent)]
    Report(#[from] cim_report::ReportError),
    /// The device cannot be.
    #[error(transparent)]
    Device(#[from] cim_device::DeviceError),
    /// The tiles cannot be.
    #[error(transparent)]
    Tile(#[from] cim_tile::TileError),
    /// The convex program has no answer.
    #[error(transparent)]
    Optimiser(#[from] cim_opt::OptError),
    /// The network or its training cannot be.
    #[error(transparent)]
    Network(#[from] cim_nn::NetworkError),
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
