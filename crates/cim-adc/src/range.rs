//! How the full scale of an ADC is chosen.

use cim_core::Amps;
use serde::{Deserialize, Serialize};

use crate::error::AdcError;

/// A policy that gives every tile its full scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "policy", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FullScale {
    /// The largest current that the programmed weights of the tile can draw: never clips by
    /// design, wastes most codes.
    #[serde(deserialize_with = "cim_core::no_keys")]
    WorstCase,
    /// A percentile of the magnitude of the tile's currents on calibration data.
    Percentile {
        /// Percentile, above 0 and up to 100.
        percentile: f64,
    },
    /// The range of least mean squared error of the converter's values against the tile's currents
    /// on calibration data, by a line search; noise is not looked at.
    #[serde(deserialize_with = "cim_core::no_keys")]
    MseOptimal,
    /// The same current everywhere.
    Fixed {
        /// Full scale.
        full_scale: Amps,
    },
    /// What the convex program chooses, tile by tile.
    #[serde(deserialize_with = "cim_core::no_keys")]
    Optimised,
}

impl FullScale {
    /// Checks the numbers of the policy.
    ///
    /// # Errors
    /// [`AdcError`] for an empty range or an impossible percentile.
    pub fn check(self) -> Result<(), AdcError> {
        match self {
            Self::Percentile { percentile } if !(0.0 < percentile && percentile <= 100.0) => {
                Err(AdcError::Percentile { percentile })
            }
            Self::Fixed { full_scale } if !(0.0 < full_scale.0 && full_scale.0.is_finite()) => {
                Err(AdcError::EmptyRange { full_scale })
            }
            _ => Ok(()),
        }
    }
}

/// Percentile of the magnitudes of `values`, by linear interpolation between order statistics;
/// `None` of nothing.
pub fn percentile_of_magnitude(values: &[f64], percentile: f64) -> Option<f64> {
    let mut magnitudes: Vec<f64> = values.iter().map(|v| v.abs()).collect();
    magnitudes.sort_by(f64::total_cmp);
    let last = magnitudes.len().checked_sub(1)?;
    let position = percentile.clamp(0.0, 100.0) / 100.0 * last as f64;
    let (below, share) = (position.floor() as usize, position.fract());
    let above = (below + 1).min(last);
    Some(magnitudes[below] * (1.0 - share) + magnitudes[above] * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentile_interpolates_magnitudes() {
        let values = [-4.0, 1.0, -2.0, 3.0, 0.0];
        assert_eq!(percentile_of_magnitude(&values, 100.0), Some(4.0));
        assert_eq!(percentile_of_magnitude(&values, 50.0), Some(2.0));
        assert_eq!(percentile_of_magnitude(&values, 62.5), Some(2.5));
        assert_eq!(percentile_of_magnitude(&[], 50.0), None);
    }

    #[test]
    fn impossible_policies_are_refused() {
        assert!(FullScale::Percentile { percentile: 0.0 }.check().is_err());
        assert!(FullScale::Percentile { percentile: 101.0 }.check().is_err());
        assert!(FullScale::Fixed { full_scale: Amps(-1.0) }.check().is_err());
        assert!(FullScale::WorstCase.check().is_ok());
    }
}
