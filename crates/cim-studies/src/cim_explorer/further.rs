//! Further networks.

use cim_chip::ChipError;
use cim_chip::sections::{Recipe, need, training};
use serde::{Deserialize, Serialize};

use super::architecture::HiddenSpec;

/// A binary and a ternary network of other layers than those that are swept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FurtherSpec {
    /// Its name among figures: small letters, digits and hyphens, at most 20.
    pub name: String,
    /// Epochs of the recipe that all networks share.
    pub epochs: usize,
    /// Its layers.
    pub hidden: HiddenSpec,
}

impl FurtherSpec {
    /// Checks that there is such a network, learning by the recipe that all share; `section` is where it stands.
    ///
    /// # Errors
    /// [`ChipError`] for the first key that cannot be.
    pub fn check(&self, section: &str, shared: &Recipe) -> Result<(), ChipError> {
        let known =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        let fits = (1..=20).contains(&self.name.len()) && self.name.chars().all(known);
        let help = "give 1 to 20 small letters, digits and hyphens";
        need(fits, &format!("{section}.name"), &self.name, help)?;
        self.hidden.check(&format!("{section}.hidden"))?;
        training::check_alone(&Recipe { epochs: self.epochs, ..shared.clone() }, section)
    }
}
