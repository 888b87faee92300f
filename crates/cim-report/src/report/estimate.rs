//! A measured number with its interval, and one that has a name.

use serde::{Deserialize, Serialize};

/// A mean over simulated chips with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Mean over the chips.
    pub mean: f64,
    /// Half width of the 95 % interval: the interval is `mean ± ci95`.
    pub ci95: f64,
    /// Number of chips.
    pub chips: usize,
}

impl Estimate {
    /// A number that no chance had a part in: no interval, one "chip".
    pub fn exact(value: f64) -> Self {
        Self { mean: value, ci95: 0.0, chips: 1 }
    }
}

/// How a number is shown to a reader; the number itself is not changed by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// As it is, with four significant digits or as many as its interval allows.
    #[default]
    Number,
    /// A fraction of 1 as per cent.
    Percent,
    /// A difference of two fractions of 1, signed, in percentage points.
    Points,
    /// A physical quantity in this SI unit, with a prefix.
    Quantity(String),
}

/// A number with a name: what a gate looks at and a reader looks up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is, in words.
    pub label: String,
    /// How it is shown.
    pub shown: Shown,
    /// The number; its keys stand beside the label.
    #[serde(flatten)]
    pub estimate: Estimate,
}

impl Figure {
    /// A figure that `label` describes.
    pub fn new(label: impl Into<String>, shown: Shown, estimate: Estimate) -> Self {
        Self { label: label.into(), shown, estimate }
    }
}
