//! One bar with an interval for each of several things.

use serde::{Deserialize, Serialize};

use super::lines::Reference;
use super::tone::Tone;
use crate::report::estimate::{Estimate, Shown};

/// Horizontal bars, the first at the top, each with its value beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bars {
    /// What the bars measure.
    pub x_label: String,
    /// How values are shown.
    pub shown: Shown,
    /// Whether the axis is logarithmic; values that are not positive then have no bar.
    pub log: bool,
    /// Whether a linear axis begins at zero; otherwise it is cut below the smallest value.
    pub from_zero: bool,
    /// The bars.
    pub bars: Vec<Bar>,
    /// What to compare all of them with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

/// One bar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Stands left of it.
    pub label: String,
    /// What its colour says.
    pub tone: Tone,
    /// How long it is.
    pub value: Estimate,
}
