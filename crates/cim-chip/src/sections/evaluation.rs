//! `[evaluation]`: on how many chips every figure is measured.

use serde::{Deserialize, Serialize};

use super::need::need;
use crate::error::ChipError;

/// Simulated chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSpec {
    /// Chips per figure, 2 to 100,000: an interval needs at least two.
    pub chips: usize,
}

/// Checks a number of chips, called `key` in the message.
///
/// # Errors
/// [`ChipError::Section`].
pub fn check_chips(key: &str, chips: usize) -> Result<(), ChipError> {
    need(
        (2..=100_000).contains(&chips),
        key,
        chips,
        "an interval needs at least two chips; 100000 are the most",
    )
}

impl EvaluationSpec {
    /// Checks the number of chips.
    ///
    /// # Errors
    /// [`ChipError::Section`].
    pub fn check(&self) -> Result<(), ChipError> {
        check_chips("evaluation.chips", self.chips)
    }
}
