//! A time-stepped tile as written in a file.

use cim_core::{Ohms, Seconds, Volts};
use cim_device::NanosecondRead;
use serde::{Deserialize, Serialize};

use crate::pwm::burst::{Burst, InputMode};
use crate::pwm::error::PwmError;
use crate::pwm::integration::Integration;

/// Which way the columns of a tile run to their ADCs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Columns {
    /// All down: the last row is nearest to the ADC.
    Down,
    /// Even columns down, odd columns up.
    TwoSided,
}

/// A [`PwmTile`](super::PwmTile) as written in a file, without its cells.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PwmSpec {
    /// Rows of the tile. Fewer rows of pairs lie in its middle, with bare wire on both sides.
    pub tile_rows: usize,
    /// Which way the columns run.
    pub columns: Columns,
    /// Column wire of one cell pitch.
    pub wire: Ohms,
    /// Nodes of a column; as many as rows is no approximation.
    pub segments: usize,
    /// Line that raises the column's current.
    pub v_hi: Volts,
    /// Line that lowers it.
    pub v_lo: Volts,
    /// Both lines between pulses.
    pub v_mid: Volts,
    /// Where the ADC holds the end of the column.
    pub v_read: Volts,
    /// Pulse of code 1, and step of time.
    pub time_step: Seconds,
    /// Bits of an input with its sign: codes up to `2^(bits−1) − 1`.
    pub bits: u32,
    /// How many bursts carry an input.
    pub input: InputMode,
    /// How samples of the current are added.
    pub integration: Integration,
    /// Noise of a pair from one product to the next.
    pub read: NanosecondRead,
}

impl PwmSpec {
    /// The tile of Luquin et al., arXiv 2506.00004 (2025), with the defaults of the public code of
    /// its authors, but for the sum: there it is an option beside trapezoids.
    pub const fn luquin() -> Self {
        Self {
            tile_rows: 512,
            columns: Columns::TwoSided,
            wire: Ohms(0.15),
            segments: 8,
            v_hi: Volts(0.6),
            v_lo: Volts(0.2),
            v_mid: Volts(0.4),
            v_read: Volts(0.4005),
            time_step: Seconds(1e-9),
            bits: 8,
            input: InputMode::OnePass,
            integration: Integration::Sum,
            read: NanosecondRead::PCM,
        }
    }

    /// Largest code.
    pub(super) const fn top_code(&self) -> i32 {
        (1 << (self.bits - 1)) - 1
    }

    /// By how much a driven pair is pulled apart, each way (V).
    pub(super) fn swing_v(&self) -> f64 {
        (self.v_hi.0 - self.v_lo.0) / 2.0
    }

    /// By how much the middle of a driven pair is above that of an idle one (V). A difference of
    /// a few roundings is none.
    pub(super) fn lift_v(&self) -> f64 {
        let middle = (self.v_hi.0 + self.v_lo.0) / 2.0;
        let lift = middle - self.v_mid.0;
        let rounding = 4.0 * f64::EPSILON * self.v_hi.0.abs().max(self.v_lo.0.abs());
        if lift.abs() <= rounding { 0.0 } else { lift }
    }

    /// Checks all that is written, and cuts inputs into bursts.
    pub(super) fn check(&self) -> Result<Vec<Burst>, PwmError> {
        let refuse = |name, value, expected| Err(PwmError::Quantity { name, value, expected });
        if !(0.0 <= self.wire.0 && self.wire.is_finite()) {
            return refuse("wire", self.wire.to_string(), "zero or positive and finite");
        }
        if !(0.0 < self.time_step.0 && self.time_step.is_finite()) {
            return refuse("time_step", self.time_step.to_string(), "positive and finite");
        }
        for (name, v) in [
            ("v_hi", self.v_hi),
            ("v_lo", self.v_lo),
            ("v_mid", self.v_mid),
            ("v_read", self.v_read),
        ] {
            if !v.is_finite() {
                return refuse(name, v.to_string(), "finite");
            }
        }
        if self.v_hi <= self.v_lo {
            return refuse("v_hi", self.v_hi.to_string(), "above v_lo");
        }
        for offset in self.read.offset {
            if !offset.is_finite() {
                return refuse("read.offset", offset.to_string(), "finite");
            }
        }
        for slope in self.read.slope {
            if !slope.is_finite() {
                return refuse("read.slope", slope.to_string(), "finite");
            }
        }
        if self.segments == 0 || !self.tile_rows.is_multiple_of(self.segments) {
            let (segments, tile_rows) = (self.segments, self.tile_rows);
            return Err(PwmError::Segments { segments, tile_rows });
        }
        if !(2..=16).contains(&self.bits) {
            return Err(PwmError::Bits { bits: self.bits });
        }
        self.input.bursts(self.bits - 1)
    }
}
