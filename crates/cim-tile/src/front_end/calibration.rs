//! Foreground calibration of columns, and what it leaves.

use cim_core::Volts;
use serde::{Deserialize, Serialize};

use super::rounding::{Measurement, residual_sigma};
use crate::error::TileError;

/// What is measured of each column when a chip is made, and taken away from then on.
///
/// *Law*: the mean of `reads` readings of a quantity `q`, each with an independent Gaussian noise, is
/// rounded to a step of the measurement; the result is subtracted. What is left, `q − round(q + n)`,
/// is drawn so for every column of a chip; its standard deviation is
/// [`residual_offset`](Self::residual_offset) and [`residual_gain`](Self::residual_gain). Where noise
/// or spread pass 0.8 steps that is `√(noise²/reads + step²/12)`; for a step far above the spread
/// nothing is corrected. A measurement with more noise than there is to correct makes things worse,
/// here as on a chip.
///
/// Source: digital foreground calibration of in-memory cores, e.g. Numan et al., *Acore-CIM*,
/// arXiv 2506.15440, 2025.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ColumnCalibration {
    /// Columns stay as they were made.
    #[default]
    #[serde(deserialize_with = "cim_core::no_keys")]
    None,
    /// The offset of every amplifier, with all rows at rest.
    Zero {
        /// Readings that are averaged, 1 or more.
        reads: u32,
        /// Noise of one reading, at the amplifier's input, rms (V).
        offset_noise: Volts,
        /// Step of the correction, at the amplifier's input (V); 0 for one of no width.
        offset_step: Volts,
    },
    /// The same, and the gain of every sensed current, with a known current.
    ZeroAndGain {
        /// Readings that are averaged, 1 or more, of either.
        reads: u32,
        /// Noise of one reading of an offset, at the amplifier's input, rms (V).
        offset_noise: Volts,
        /// Step of the correction, at the amplifier's input (V); 0 for one of no width.
        offset_step: Volts,
        /// Noise of one reading of a gain, relative, rms (1).
        gain_noise: f64,
        /// Step of the correction, relative (1); 0 for one of no width.
        gain_step: f64,
    },
}

impl ColumnCalibration {
    /// Checks every number.
    ///
    /// # Errors
    /// [`TileError::FrontEnd`] naming the key.
    pub fn check(&self) -> Result<(), TileError> {
        if let Self::Zero { reads, .. } | Self::ZeroAndGain { reads, .. } = *self {
            TileError::front_end(
                1 <= reads,
                "calibration.reads",
                reads,
                "average one reading or more",
            )?;
        }
        let numbers = match *self {
            Self::None => vec![],
            Self::Zero { offset_noise, offset_step, .. } => vec![
                ("calibration.offset_noise", offset_noise.0, offset_noise.to_string()),
                ("calibration.offset_step", offset_step.0, offset_step.to_string()),
            ],
            Self::ZeroAndGain { offset_noise, offset_step, gain_noise, gain_step, .. } => vec![
                ("calibration.offset_noise", offset_noise.0, offset_noise.to_string()),
                ("calibration.offset_step", offset_step.0, offset_step.to_string()),
                ("calibration.gain_noise", gain_noise, gain_noise.to_string()),
                ("calibration.gain_step", gain_step, gain_step.to_string()),
            ],
        };
        for (key, value, shown) in numbers {
            let help = "give zero or a positive, finite value";
            TileError::front_end(0.0 <= value && value.is_finite(), key, shown, help)?;
        }
        Ok(())
    }

    /// How offsets are measured (V), if they are.
    pub(crate) fn of_offsets(&self) -> Option<Measurement> {
        match *self {
            Self::None => None,
            Self::Zero { reads, offset_noise, offset_step }
            | Self::ZeroAndGain { reads, offset_noise, offset_step, .. } => {
                Some(Measurement::averaged(reads, offset_noise.0, offset_step.0))
            }
        }
    }

    /// How gains are measured (1), if they are.
    pub(crate) fn of_gains(&self) -> Option<Measurement> {
        match *self {
            Self::None | Self::Zero { .. } => None,
            Self::ZeroAndGain { reads, gain_noise, gain_step, .. } => {
                Some(Measurement::averaged(reads, gain_noise, gain_step))
            }
        }
    }

    /// Standard deviation of what is left of offsets of standard deviation `spread`.
    pub fn residual_offset(&self, spread: Volts) -> Volts {
        let left = |measured| residual_sigma(spread.0, measured);
        self.of_offsets().map_or(spread, |measured| Volts(left(measured)))
    }

    /// Standard deviation (1) of what is left of gain errors of standard deviation `spread` (1).
    pub fn residual_gain(&self, spread: f64) -> f64 {
        self.of_gains().map_or(spread, |measured| residual_sigma(spread, measured))
    }
}
