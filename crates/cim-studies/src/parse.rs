//! From the text of a preset to its specification.

use serde::de::DeserializeOwned;

use crate::error::StudyError;
use crate::place::narrowed;

/// Parses the text of a preset.
///
/// # Errors
/// [`StudyError::Value`] with the place of what is wrong.
pub fn parse<S: DeserializeOwned>(text: &str) -> Result<S, StudyError> {
    toml::from_str(text).map_err(|error| {
        let message = error.message().trim().replace('\n', " ");
        let (span, key) = narrowed(text, error.span().unwrap_or(0..0), &message);
        let message = key.map_or_else(|| message.clone(), |key| format!("{key}: {message}"));
        StudyError::Value { message, help: None, span }
    })
}
