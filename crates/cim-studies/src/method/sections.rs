//! Sections of studies that go through the method.

use cim_chip::ChipError;
use cim_chip::sections::need;
use serde::{Deserialize, Serialize};

/// Training images that nothing learns from and everything is chosen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldoutSpec {
    /// The last so many of the training set, 1 to 1,000,000.
    pub images: usize,
    /// Chips on which a design is judged when it is chosen, 1 to 1,000.
    pub chips: usize,
}

/// Independently trained networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworksSpec {
    /// How many, each with first weights, shuffles and chips of its own: 2 to 1,000, as intervals are
    /// over networks.
    pub count: usize,
}

impl HoldoutSpec {
    pub(crate) fn check(self) -> Result<(), ChipError> {
        let help = "hold out 1 to 1000000 images";
        need((1..=1_000_000).contains(&self.images), "holdout.images", self.images, help)?;
        let help = "a design is judged on 1 to 1000 chips";
        need((1..=1000).contains(&self.chips), "holdout.chips", self.chips, help)
    }
}

impl NetworksSpec {
    pub(crate) fn check(self) -> Result<(), ChipError> {
        let help = "intervals are over networks: train 2 to 1000";
        need((2..=1000).contains(&self.count), "networks.count", self.count, help)
    }
}
