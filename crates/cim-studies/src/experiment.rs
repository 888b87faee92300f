//! Which study the text of a preset is of.

use serde::{Deserialize, Serialize};

use crate::error::StudyError;
use crate::parse::parse;
use crate::place::at_key;

/// The value of the key `experiment`: the name of a study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experiment(pub String);

/// The one key that is read first.
#[derive(Deserialize)]
struct Head {
    experiment: Option<String>,
}

/// The study's name in a text, if it has one.
///
/// # Errors
/// [`StudyError::Value`] for what is no TOML.
pub fn of_head(text: &str) -> Result<Option<String>, StudyError> {
    Ok(parse::<Head>(text)?.experiment)
}

/// That a text is not of another study than `own`.
///
/// # Errors
/// [`StudyError::Value`] for what is no TOML, or another name.
pub fn is_of(own: &'static str, text: &str) -> Result<(), StudyError> {
    match of_head(text)? {
        Some(name) if name != own => {
            let unknown = StudyError::Unknown { name, did_you_mean: Some(own) };
            Err(at_key(text, "experiment", unknown))
        }
        _ => Ok(()),
    }
}
