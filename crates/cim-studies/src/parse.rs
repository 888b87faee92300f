//! From the text of a preset to its specification.

use serde::de::DeserializeOwned;

use crate::error::StudyError;

/// Parses the text of a preset.
///
/// # Errors
/// [`StudyError::Preset`] with the place of what is wrong.
pub fn parse<S: DeserializeOwned>(text: &str) -> Result<S, StudyError> {
    toml::from_str(text).map_err(|error| StudyError::Preset {
        message: error.message().trim().replace('\n', " "),
        span: error.span().unwrap_or(0..0),
    })
}
