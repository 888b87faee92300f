//! Integral non-linearity of a converter: where its levels are, against where they should be.

use cim_core::Stream;
use serde::{Deserialize, Serialize};

use crate::error::AdcError;

/// Deviations of a converter's levels from the line through its ends, in steps of the converter
/// (LSB).
///
/// *Law by sigma*: levels are sums of equal elements (capacitors, resistors, current sources) whose
/// errors are independent, and the line goes through the first and the last level; the deviation is
/// then a Brownian bridge over the range. At a share `x` of the range two levels have the covariance
/// `4 σ² min(x, y) (1 − max(x, y))`, so that `σ` is the standard deviation at mid-scale, where it is
/// largest. Each converter has its own draw, once for its life.
///
/// *Law by table*: what was measured; all converters of a chip have the same.
///
/// Source: the integral non-linearity of unary converters, e.g. van den Bosch, Steyaert and Sansen,
/// *An accurate statistical yield model for CMOS current-steering D/A converters*, ISCAS 2000.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nonlinearity {
    /// Standard deviation at mid-scale (LSB), zero or more.
    SigmaLsb(f64),
    /// Deviation of every level (LSB), from the lowest to the highest. Of a DAC without a sign, or
    /// with one in two phases, these are its `2^bits` magnitudes, of one with voltages of both signs
    /// its `2^bits − 1` codes; of an ADC its `2^bits − 2` thresholds.
    TableLsb(Vec<f64>),
}

/// Codes of the finest converter.
const MOST_LSB: f64 = 65_536.0;

impl Nonlinearity {
    /// Levels on the line.
    pub const NONE: Self = Self::SigmaLsb(0.0);

    /// Whether all levels are on the line.
    pub fn is_none(&self) -> bool {
        match self {
            Self::SigmaLsb(sigma) => *sigma == 0.0,
            Self::TableLsb(table) => table.iter().all(|lsb| *lsb == 0.0),
        }
    }

    /// Checks every number; `converter` is named in the error.
    ///
    /// # Errors
    /// [`AdcError::Nonlinearity`] for a negative sigma, or numbers beyond the range of any converter.
    pub fn check(&self, converter: &'static str) -> Result<(), AdcError> {
        let bad = match self {
            Self::SigmaLsb(sigma) if (0.0..=MOST_LSB).contains(sigma) => None,
            Self::SigmaLsb(sigma) => Some(*sigma),
            Self::TableLsb(table) => {
                table.iter().copied().find(|lsb| !(-MOST_LSB..=MOST_LSB).contains(lsb))
            }
        };
        bad.map_or(Ok(()), |lsb| Err(AdcError::Nonlinearity { converter, lsb }))
    }

    /// The same, for a converter of so many levels.
    ///
    /// # Errors
    /// As [`check`](Self::check), and [`AdcError::Table`] for a table of another length.
    pub fn check_levels(&self, converter: &'static str, levels: usize) -> Result<(), AdcError> {
        self.check(converter)?;
        match self {
            Self::TableLsb(table) if table.len() != levels => {
                Err(AdcError::Table { converter, entries: table.len(), levels })
            }
            _ => Ok(()),
        }
    }

    /// The same deviations of a converter that divides its range by `levels` levels and not by `coarse`: as far from
    /// the line in units of the range, and by table on straight lines between the levels that are given.
    #[must_use]
    pub fn refined(&self, coarse: usize, levels: usize) -> Self {
        let steps = |levels: usize| levels.saturating_sub(1).max(1) as f64;
        let ratio = steps(levels) / steps(coarse);
        match self {
            Self::SigmaLsb(sigma) => Self::SigmaLsb(ratio * sigma),
            Self::TableLsb(table) => {
                let lsb =
                    |level: f64| table.get(level as usize).or(table.last()).map_or(0.0, |lsb| *lsb);
                let value = |level: usize| {
                    let at = level as f64 / ratio;
                    let below = lsb(at.floor());
                    ratio * (below + at.fract() * (lsb(at.ceil()) - below))
                };
                Self::TableLsb((0..levels).map(value).collect())
            }
        }
    }

    /// Mean over the range of the squared deviation (LSB²), over converters: what a signal that is
    /// anywhere in the range sees.
    pub fn mean_square_lsb2(&self) -> f64 {
        match self {
            // ∫ 4 x (1 − x) dx
            Self::SigmaLsb(sigma) => sigma * sigma * 2.0 / 3.0,
            Self::TableLsb(table) => {
                table.iter().map(|lsb| lsb * lsb).sum::<f64>() / table.len().max(1) as f64
            }
        }
    }

    /// Covariance over converters of the deviations at two shares of the range (LSB²); a table is the
    /// same for all. Beyond the ends it is that of the ends, zero.
    pub fn covariance_lsb2(&self, x: f64, y: f64) -> f64 {
        match self {
            Self::SigmaLsb(sigma) => {
                let (low, high) = (x.min(y).max(0.0), x.max(y).min(1.0));
                4.0 * sigma * sigma * (low * (1.0 - high)).max(0.0)
            }
            Self::TableLsb(_) => 0.0,
        }
    }

    /// Variance over converters of the deviation at a share of the range (LSB²).
    pub fn variance_lsb2(&self, x: f64) -> f64 {
        self.covariance_lsb2(x, x)
    }

    /// Deviations (LSB) of the `levels` equidistant levels of one converter, drawn at `row` of `at`.
    pub(crate) fn levels(&self, levels: usize, at: Stream, row: u64) -> Vec<f64> {
        match self {
            Self::SigmaLsb(sigma) => bridge(*sigma, levels, at, row),
            Self::TableLsb(table) => {
                debug_assert_eq!(table.len(), levels, "checked before");
                table.clone()
            }
        }
    }
}

/// A Brownian bridge of standard deviation `sigma` in the middle, at equidistant points, both ends
/// among them.
fn bridge(sigma: f64, levels: usize, at: Stream, row: u64) -> Vec<f64> {
    if sigma == 0.0 || levels < 3 {
        return vec![0.0; levels];
    }
    let elements = levels - 1;
    let mut errors = vec![0.0f32; elements];
    at.fill_standard_normal(row, &mut errors);
    let scale = 2.0 * sigma / (elements as f64).sqrt();
    let all: f64 = errors.iter().map(|e| f64::from(*e)).sum();
    let mut sum = 0.0;
    let mut deviations = Vec::with_capacity(levels);
    for level in 0..levels {
        deviations.push(scale * (sum - all * level as f64 / elements as f64));
        sum += errors.get(level).map_or(0.0, |e| f64::from(*e));
    }
    deviations
}
