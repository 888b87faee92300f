//! How samples of a current are added.

use serde::{Deserialize, Serialize};

/// How samples of a current become a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Integration {
    /// Every sample counts for one step: exact for pulses of whole steps.
    Sum,
    /// Trapezoids, with the first sample taken twice. A pulse that ends before its burst then
    /// counts for half a step more than it lasts, however short it is.
    Trapezoid,
}

impl Integration {
    /// Steps for which the samples `from .. to` of a burst of `steps` count together.
    #[inline(always)]
    pub(super) fn weight(self, from: u32, to: u32, steps: u32) -> f64 {
        let plain = f64::from(to - from);
        match self {
            Self::Sum => plain,
            Self::Trapezoid if from == to => 0.0,
            Self::Trapezoid => {
                let first = if from == 0 { 0.5 } else { 0.0 };
                let last = if to == steps { 0.5 } else { 0.0 };
                plain + first - last
            }
        }
    }
}
