//! Sections that only this study has.

use cim_chip::ChipError;
use cim_chip::sections::{Recipe, need_not_negative, need_positive, training};
use cim_core::{Hertz, Joules, Kelvin};
use serde::{Deserialize, Serialize};

/// Prices of the digital baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigitalSpec {
    /// One multiplication and addition (J).
    pub mac: Joules,
    /// A weight byte from a memory of 8 KB (J).
    pub sram_8kb_byte: Joules,
    /// A weight byte from a memory of 1 MB (J).
    pub sram_1mb_byte: Joules,
}

/// Recipes, equal in length where they are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// The digital network.
    pub digital: Recipe,
    /// What comes on top, the same for all that is compared: the digital control, training alone, and
    /// the full method.
    pub further: Recipe,
    /// What comes on top of the full method's network where it is trained for another resolution of the
    /// ADC.
    pub bits: Recipe,
    /// What comes on top of the digital network in every row of the ablation, the full method's too.
    pub ablation: Recipe,
}

/// What is swept, on how many chips a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepSpec {
    /// Chips of each network per point, 2 or more.
    pub chips: usize,
    /// Resolutions of the column converters, 2 to 16 bits.
    pub bits: Vec<u32>,
    /// Resolutions at which the program alone is compared with the best heuristic, both without any
    /// training through the chip; none is an empty list.
    pub program_bits: Vec<u32>,
    /// Factors of the programming noise; of a gaussian cell only.
    pub programming_scale: Vec<f64>,
    /// Temperatures of the circuit (K).
    pub temperatures: Vec<Kelvin>,
    /// Noise bandwidths (Hz).
    pub bandwidths: Vec<Hertz>,
}

/// How the closed form is checked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorModelSpec {
    /// Chips, 2 or more.
    pub chips: usize,
    /// Training images, 1 or more.
    pub images: usize,
    /// Random designs of which the program's objective is compared with the accuracy on the held-out
    /// images, 2 to 100,000.
    pub designs: usize,
}

impl DigitalSpec {
    /// Digital arithmetic for nothing.
    pub const FREE: Self =
        Self { mac: Joules::ZERO, sram_8kb_byte: Joules::ZERO, sram_1mb_byte: Joules::ZERO };

    pub(crate) fn check(self) -> Result<(), ChipError> {
        need_positive("digital.mac", self.mac.0, self.mac)?;
        need_not_negative("digital.sram_8kb_byte", self.sram_8kb_byte.0, self.sram_8kb_byte)?;
        need_not_negative("digital.sram_1mb_byte", self.sram_1mb_byte.0, self.sram_1mb_byte)
    }
}

impl TrainingSpec {
    pub(crate) fn quick(mut self) -> Self {
        self.digital.epochs = self.digital.epochs.min(2);
        self.further.epochs = self.further.epochs.min(1);
        self.bits.epochs = self.bits.epochs.min(1);
        self.ablation.epochs = self.ablation.epochs.min(1);
        self
    }

    pub(crate) fn check(&self) -> Result<(), ChipError> {
        training::check(&self.digital, "training.digital")?;
        training::check(&self.further, "training.further")?;
        training::check(&self.bits, "training.bits")?;
        training::check(&self.ablation, "training.ablation")
    }
}

impl ErrorModelSpec {
    /// Nothing is compared.
    pub const NONE: Self = Self { chips: 0, images: 0, designs: 0 };
}

impl SweepSpec {
    /// Nothing is swept.
    pub const NONE: Self = Self {
        chips: 0,
        bits: Vec::new(),
        program_bits: Vec::new(),
        programming_scale: Vec::new(),
        temperatures: Vec::new(),
        bandwidths: Vec::new(),
    };

    pub(crate) fn quick(mut self) -> Self {
        self.chips = self.chips.min(2);
        self.bits.retain(|&bits| bits == 3);
        self.program_bits.truncate(1);
        self.programming_scale.truncate(2);
        self.temperatures.truncate(1);
        self.bandwidths.truncate(1);
        self
    }
}
