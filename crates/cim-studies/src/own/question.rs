//! What is asked of a network on chips.

use cim_chip::{ChipPreset, Chips, Foreign, Moment, Task};
use ndarray::Array2;

use crate::study::Source;

/// A network, samples and a chip.
pub struct Question<'a> {
    /// Name of the network, for the report.
    pub name: &'a str,
    /// The network.
    pub network: &'a Foreign,
    /// What it is asked, and how answers are judged.
    pub task: &'a Task,
    /// What the samples are.
    pub data: Source,
    /// Samples on which designs are set, samples × inputs.
    pub calibration: Array2<f32>,
    /// What they are, in words.
    pub calibration_name: String,
    /// Name of the preset, for the report.
    pub preset: &'a str,
    /// Its text.
    pub text: &'a str,
    /// The chip.
    pub chip: ChipPreset,
    /// When chips are looked at.
    pub moment: Moment,
    /// How many are made.
    pub chips: Chips,
    /// Whether the loss is told effect by effect.
    pub budget: bool,
}
