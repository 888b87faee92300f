//! Samples from `.npz` files, as a network takes them.

use std::path::Path;

use cim_data::npz;
use cim_graph::Network;
use cim_studies::StudyError;
use cim_studies::own::Samples;

use crate::error::CliError;

/// Reads the samples of `network` from `path`, only the first `most` of them.
///
/// # Errors
/// [`CliError::Usage`] naming the file, the array and what is wrong.
pub fn read(path: &Path, network: &Network, most: usize) -> Result<Samples, CliError> {
    let arrays = npz::read(path)
        .map_err(|error| CliError::Usage { help: error.help().into(), what: error.to_string() })?;
    Samples::of(arrays, network, most).map_err(|error| in_file(path, error))
}

/// What is wrong with the arrays of a file, with its name.
pub fn in_file(path: &Path, error: StudyError) -> CliError {
    match error {
        StudyError::Refused { what, help } => {
            CliError::Usage { what: format!("{}: {what}", path.display()), help }
        }
        other => other.into(),
    }
}
