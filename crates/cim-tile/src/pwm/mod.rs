//! The time-stepped tile: inputs are pulses of one height and many widths, outputs are charges.
//!
//! # What it models
//! A weight is a pair of cells on one column wire. A pulse drives the two row lines of a pair in
//! opposite directions about the column's own voltage, for a time in proportion to the input's
//! magnitude. The column wire has resistance, so what a pair delivers depends on what else is
//! driven at that moment. An ADC integrates the current of the column over the burst.
//!
//! # Law
//! At time `t` a pair is driven at `(hi, lo)` if its input is above `t`, at `(lo, hi)` if it is
//! below `−t`, at `(mid, mid)` otherwise. The pairs of a segment are one node with the Thevenin
//! equivalent `g = Σ (g⁺ + g⁻)`, `v = Σ (v⁺ g⁺ + v⁻ g⁻) / g`; segments are joined by wire, and
//! half a segment of wire leads to the ADC at `v_read`.
//!
//! A pair is never left floating and its cells are ohmic, so no conductance of that circuit
//! depends on time: it is linear, and a burst is the sum of what its pulses deliver one by one.
//! [`PwmTile::charges`] therefore makes one matrix product of a batch, with the same charges as
//! [`PwmTile::waveform`], which steps through time, to rounding.
//!
//! # Parameters
//! [`PwmSpec`]; [`PwmSpec::luquin`] holds the published ones.
//!
//! # Source
//! Luquin et al., arXiv 2506.00004 (2025), as in the public code of its authors (aihwkit, pull
//! request 753). The linearity is our observation.
//!
//! # Not modelled
//! Resistance of the row lines, capacitance and settling, edges and jitter of pulses, the input
//! resistance of the ADC, cells that are not ohmic.

pub mod burst;
pub mod drive;
pub mod error;
pub mod integration;
pub mod segments;
pub mod spec;
pub mod tile;
pub mod waveform;

pub use burst::{Burst, InputMode};
pub use drive::Drive;
pub use error::PwmError;
pub use integration::Integration;
pub use segments::StepError;
pub use spec::{Columns, PwmSpec};
pub use tile::PwmTile;
pub use waveform::Waveform;

#[cfg(test)]
mod tests;
