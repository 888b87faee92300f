//! Further networks, each under every mapping at the design.

use cim_chip::ChipError;
use cim_chip::sections::{need, training};
use serde::{Deserialize, Serialize};

use super::architecture::HiddenSpec;
use super::measured::Finished;
use super::spec::Spec;

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

/// Every mapping at the design, of a further network.
pub struct Further {
    /// Its name.
    pub name: String,
    /// Accuracy of the binary and of the ternary network as numbers.
    pub digital: [f64; 2],
    /// Every mapping.
    pub default: Vec<Finished>,
}

impl FurtherSpec {
    /// Checks that there is such a network.
    ///
    /// # Errors
    /// [`ChipError`] for the first key that cannot be.
    pub fn check(&self, spec: &Spec) -> Result<(), ChipError> {
        let known =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        let fits = (1..=20).contains(&self.name.len()) && self.name.chars().all(known);
        let help = "give 1 to 20 small letters, digits and hyphens";
        need(fits, "further.name", &self.name, help)?;
        let alike = spec.further.iter().filter(|other| other.name == self.name).count();
        need(alike == 1, "further.name", &self.name, "give every network a name of its own")?;
        self.hidden.check("further.hidden")?;
        training::check_alone(&self.of(spec).training.network, "further")
    }

    /// The study of this network.
    pub fn of(&self, spec: &Spec) -> Spec {
        let mut own = spec.clone();
        own.hidden.clone_from(&self.hidden);
        own.training.network.epochs = self.epochs;
        own
    }
}
