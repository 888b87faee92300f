//! What is designed but for arrays.

use cim_chip::ChipError;
use cim_chip::sections::{Wires, need, need_within};
use cim_core::{Ohms, Siemens};
use cim_device::Window;

use super::range::{Range, Steps};

/// What is designed but for arrays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// Where in the window of the device the state of high resistance lies.
    pub low: f64,
    /// Where in the window of the device the state of low resistance lies.
    pub high: f64,
    /// Resolution of the output converters (bits).
    pub adc_bits: u32,
    /// Standard deviation of errors on top of what cells hold, of the span of the window.
    pub spread: f64,
    /// Wires.
    pub wires: Wires,
    /// How converters get their ranges or thresholds.
    pub range: Range,
}

/// Bits of converters that stand for ideal ones.
pub const IDEAL_BITS: u32 = 16;

impl Design {
    /// Checks fractions and policy, which stand in a section; `plural` are the keys of lists, each of one value here.
    ///
    /// # Errors
    /// [`ChipError`] for the first key that cannot be.
    pub fn check(&self, section: &str, plural: &str) -> Result<(), ChipError> {
        let key = |key: &str| match key {
            "spread" | "range" => format!("{section}.{key}{plural}"),
            _ => format!("{section}.{key}"),
        };
        need_within(&key("low"), self.low, 0.0, 1.0)?;
        need_within(&key("high"), self.high, 0.0, 1.0)?;
        let help = "give a state of low resistance that conducts more than the other";
        need(self.low < self.high, &key("high"), self.high, help)?;
        need_within(&key("spread"), self.spread, 0.0, 1.0)?;
        match self.range.steps() {
            Steps::Equal(policy) => policy.check().or_else(|error| {
                need(false, &key("range"), error, "give a percentile or a current that can be")
            }),
            Steps::Placed { .. } => Ok(()),
        }
    }

    /// Both states of cells of a window.
    pub fn states(&self, window: Window) -> Window {
        let at = |share: f64| {
            let g = window.g_min * (1.0 - share) + window.g_max * share;
            Siemens(g.0.clamp(window.g_min.0, window.g_max.0))
        };
        Window { g_min: at(self.low), g_max: at(self.high) }
    }

    /// Standard deviation of errors on top of what cells hold.
    pub fn spread_of(&self, window: Window) -> Siemens {
        window.span() * self.spread
    }

    /// One cell pitch of a row and of a column.
    pub const fn pitches(&self) -> [Ohms; 2] {
        [self.wires.row, self.wires.column]
    }
}
