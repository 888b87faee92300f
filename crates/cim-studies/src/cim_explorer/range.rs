//! How converters get their ranges, or their thresholds one by one.

use std::fmt;

use cim_adc::FullScale;
use cim_core::Amps;
use serde::{Deserialize, Serialize};

/// How converters get their ranges, or their thresholds one by one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "policy", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Range {
    /// Equal steps over the largest current that the weights can draw.
    #[serde(deserialize_with = "cim_core::no_keys")]
    WorstCase,
    /// Equal steps over a percentile of the magnitude of currents on calibration data; 100 is the largest.
    Percentile {
        /// Percentile, above 0 and up to 100.
        percentile: f64,
    },
    /// Equal steps over the range of least mean squared error on calibration data.
    #[serde(deserialize_with = "cim_core::no_keys")]
    MseOptimal,
    /// Equal steps over the same current everywhere.
    Fixed {
        /// Full scale.
        full_scale: Amps,
    },
    /// Thresholds at the exact optimum of the weighted squared error over histograms of currents on calibration
    /// data.
    Placed {
        /// Whose thresholds are equal.
        shared_by: SharedBy,
        /// Which errors count how much.
        errors: Errors,
    },
}

/// Whose thresholds are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SharedBy {
    /// All currents of a tile that are converted alike have the same thresholds.
    Tile,
    /// Nobody's: every column has its own.
    None,
}

/// Which errors count how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Errors {
    /// All the same.
    Equal,
    /// Those of sums close to where something is decided otherwise count more: by a normal density whose standard
    /// deviation is the error that equal thresholds leave.
    Decisions,
}

/// Steps of a converter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steps {
    /// All alike, over a full scale.
    Equal(FullScale),
    /// One by one.
    Placed {
        /// Whose thresholds are equal.
        shared_by: SharedBy,
        /// Which errors count how much.
        errors: Errors,
    },
}

impl Range {
    /// What it asks of the steps of a converter.
    pub const fn steps(self) -> Steps {
        Steps::Equal(match self {
            Self::WorstCase => FullScale::WorstCase,
            Self::Percentile { percentile } => FullScale::Percentile { percentile },
            Self::MseOptimal => FullScale::MseOptimal,
            Self::Fixed { full_scale } => FullScale::Fixed { full_scale },
            Self::Placed { shared_by, errors } => return Steps::Placed { shared_by, errors },
        })
    }

    /// Whether thresholds are placed one by one.
    pub const fn is_placed(self) -> bool {
        matches!(self, Self::Placed { .. })
    }
}

impl From<FullScale> for Range {
    fn from(policy: FullScale) -> Self {
        match policy {
            FullScale::WorstCase => Self::WorstCase,
            FullScale::Percentile { percentile } => Self::Percentile { percentile },
            FullScale::MseOptimal | FullScale::Optimised => Self::MseOptimal,
            FullScale::Fixed { full_scale } => Self::Fixed { full_scale },
        }
    }
}

/// For a reader.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorstCase => f.write_str("of the weights"),
            Self::Percentile { percentile } => write!(f, "{percentile} % of currents"),
            Self::MseOptimal => f.write_str("least squared error"),
            Self::Fixed { full_scale } => write!(f, "{full_scale}"),
            Self::Placed { shared_by, errors } => {
                f.write_str(match shared_by {
                    SharedBy::Tile => "placed by tile",
                    SharedBy::None => "placed by column",
                })?;
                f.write_str(match errors {
                    Errors::Equal => "",
                    Errors::Decisions => ", for decisions",
                })
            }
        }
    }
}
