//! What the method is done with: what a study says of one network on one kind of chip.

use cim_chip::sections::{
    CalibrationSpec, CircuitSpec, EnergySpec, NetworkSpec, OptimiserSpec, Recipe, energy,
};
use cim_chip::{ChipError, FullScale, Parts, Rules};

use super::choices::ChoiceSpec;
use super::sections::HoldoutSpec;

/// What the method is done with.
pub struct Job {
    /// Of everything.
    pub seed: u64,
    /// The network.
    pub network: NetworkSpec,
    /// Parts of the naive design.
    pub parts: Parts,
    /// Full scales of the naive design.
    pub full_scale: FullScale,
    /// How cells are read.
    pub circuit: CircuitSpec,
    /// Prices of operations.
    pub energy: EnergySpec,
    /// How designs are optimised.
    pub optimiser: OptimiserSpec,
    /// What designs are fitted to.
    pub calibration: CalibrationSpec,
    /// What everything is chosen on.
    pub holdout: HoldoutSpec,
    /// Among what.
    pub choices: ChoiceSpec,
    /// The recipe of the digital network.
    pub digital: Recipe,
    /// What comes on top, the same for all that is compared.
    pub further: Recipe,
    /// How often the digital network will be asked for its answers.
    pub asking: Asking,
}

/// How often the digital network is asked for its answers by all that it teaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// How far images are moved at most; nothing where it teaches nobody.
    pub reach: Option<u32>,
    /// Epochs of all runs together.
    pub epochs: usize,
}

impl Asking {
    /// Of runs by `recipes`, `epochs` together.
    pub fn of<'a>(recipes: impl IntoIterator<Item = &'a Recipe>, epochs: usize) -> Self {
        let taught = recipes.into_iter().filter(|recipe| recipe.distillation > 0.0);
        Self { reach: taught.map(|recipe| recipe.max_shift).max(), epochs }
    }

    /// How far images are moved where it is asked beforehand: where a pass for every shift is less than one
    /// for every epoch.
    pub fn beforehand(self) -> Option<u8> {
        let reach = self.reach?;
        let passes = (2 * u64::from(reach) + 1).pow(2);
        u8::try_from(reach).ok().filter(|_| passes <= self.epochs as u64)
    }
}

impl Job {
    /// Checks prices and bounds; parts are checked as they are built.
    ///
    /// # Errors
    /// [`ChipError`] for the first value that cannot be.
    pub fn check(&self) -> Result<(), ChipError> {
        energy::check(&self.energy, self.parts.adc_bits)?;
        self.optimiser.check(&self.circuit)
    }

    /// What the optimiser keeps to.
    pub fn rules(&self) -> Rules<'_> {
        Rules { optimiser: &self.optimiser, circuit: &self.circuit, energy: &self.energy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nine places of an image that moves by one pixel: worth it from nine epochs on.
    #[test]
    fn answers_are_asked_beforehand_where_that_is_less() {
        let asking = |reach, epochs| Asking { reach, epochs };
        assert_eq!(asking(Some(1), 9).beforehand(), Some(1));
        assert_eq!(asking(Some(1), 8).beforehand(), None);
        assert_eq!(asking(None, 1000).beforehand(), None);
        assert_eq!(asking(Some(300), usize::MAX).beforehand(), None);
    }
}
