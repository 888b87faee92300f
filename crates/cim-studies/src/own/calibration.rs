//! Samples on which designs are set.

use cim_chip::ChipPreset;
use ndarray::Array2;

use super::samples::{CALIBRATION, Samples};
use crate::error::StudyError;

/// Where samples on which designs are set come from.
pub enum Calibration {
    /// As many of the data's as the preset says.
    Preset,
    /// So many of the data's.
    First(usize),
    /// Samples of their own.
    Own(Box<Samples>),
}

impl Calibration {
    /// The samples (samples × numbers), with their name for the report.
    ///
    /// # Errors
    /// [`StudyError::Refused`] for none of the data's samples, or more than there are.
    pub fn take(
        self,
        data: &Samples,
        chip: &ChipPreset,
    ) -> Result<(Array2<f32>, String), StudyError> {
        let refused = |what, help: &str| Err(StudyError::Refused { what, help: help.to_owned() });
        match self {
            Self::Preset => {
                let count = chip.calibration.map_or(CALIBRATION, |section| section.images);
                Ok(data.calibration(count))
            }
            Self::First(0) => refused(
                "calibration on 0 samples: nothing to set full scales on".into(),
                "give a number of samples, or samples of their own",
            ),
            Self::First(count) if data.rows.nrows() < count => refused(
                format!("calibration on {count}: there are {} samples", data.rows.nrows()),
                "give no more than that, or samples of their own",
            ),
            Self::First(count) => Ok(data.calibration(count)),
            Self::Own(own) => Ok(own.into_calibration()),
        }
    }
}
