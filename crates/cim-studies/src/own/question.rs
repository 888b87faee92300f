//! What is asked of a network on chips.

use cim_chip::{ChipPreset, Chips, Foreign, HeldChip, Moment, Task, WrittenDesign};
use cim_core::Seconds;
use cim_device::compensation::Scope;
use ndarray::Array2;

use crate::error::StudyError;
use crate::study::Source;

/// Chips that are made where nobody says how many.
const CHIPS: usize = 20;

/// Chips that are made at most until an interval is narrow enough.
const MOST_CHIPS: usize = 1000;

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
    /// The design of the chips; left out, that of the preset's policy.
    pub written: Option<WrittenDesign>,
    /// When chips are looked at.
    pub moment: Moment,
    /// What the cells of one chip were measured to hold, in place of programming; then that chip is read
    /// as often as chips would be made.
    pub held: Option<HeldChip>,
    /// How many are made.
    pub chips: Chips,
    /// Whether the loss is told effect by effect.
    pub budget: bool,
    /// Whether the parts of the datapath are timed on the first chip.
    pub paces: bool,
}

impl Question<'_> {
    /// Refuses what cannot be asked of cells as measured: nobody knows how they came to hold what they do.
    ///
    /// # Errors
    /// [`StudyError::Refused`].
    pub(super) fn check_held(&self) -> Result<(), StudyError> {
        let refused = |what: &str, help: &str| {
            Err(StudyError::Refused { what: what.to_owned(), help: help.to_owned() })
        };
        match (&self.held, self.moment.after != Seconds::ZERO, self.budget) {
            (Some(_), true, _) => refused(
                "cells as measured do not age: how they were programmed is not known",
                "leave --after out, and give what was measured at that time",
            ),
            (Some(_), _, true) => refused(
                "a budget takes programming apart, and these cells are as measured",
                "leave --budget out",
            ),
            _ => Ok(()),
        }
    }
}

/// How many chips of `preset` are made, if `asked` says nothing else: its own number, or as many as it
/// takes until the interval is as narrow as `until`.
pub fn chips(preset: &ChipPreset, asked: Option<usize>, until: Option<f64>) -> Chips {
    let own = || match until {
        Some(_) => MOST_CHIPS,
        None => preset.evaluation.map_or(CHIPS, |section| section.chips),
    };
    Chips { most: asked.unwrap_or_else(own), until }
}

/// When chips of `preset` are looked at, with as many factors against drift as `scope` says.
///
/// # Errors
/// [`StudyError::Refused`] where the preset does not say how drift is measured, or nothing is known of
/// its cells at later times; errors of its sections.
pub fn moment(
    preset: &ChipPreset,
    after: Seconds,
    scope: Option<Scope>,
) -> Result<Moment, StudyError> {
    let refused =
        |what: String, help: &str| Err(StudyError::Refused { what, help: help.to_owned() });
    let compensation = match (scope, preset.compensation) {
        (None, _) => None,
        (Some(scope), Some(section)) => Some(section.build(scope)?),
        (Some(_), None) => {
            return refused(
                "drift cannot be compensated: the preset has no section compensation".to_owned(),
                "add one with noise, repeats and floor; the preset pcm has an example",
            );
        }
    };
    if after != Seconds::ZERO && !preset.parts()?.device.ages() {
        return refused(
            format!(
                "{after} after programming: nothing is known of the preset's cells at later times"
            ),
            "choose cells with time, such as those of the preset pcm",
        );
    }
    Ok(Moment { after, compensation })
}
