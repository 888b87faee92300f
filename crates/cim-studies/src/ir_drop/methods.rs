//! What is compared, and what was measured of it.

use cim_core::{Ohms, Tally};
use cim_tile::Targets;

/// What is done about the wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// Name in reports.
    pub name: &'static str,
    /// Name in figures.
    pub key: &'static str,
    /// Which chips it runs on, by number in [`CHIPS`].
    pub chips: usize,
    /// Whether the gain of every column is measured and taken out.
    pub calibrated: bool,
}

/// What is compared, in this order.
pub const METHODS: [Method; 6] = [
    Method { name: "nothing done", key: "nothing", chips: 0, calibrated: false },
    Method { name: "column gains", key: "gains", chips: 0, calibrated: true },
    Method { name: "noise fine-tuning", key: "tuned", chips: 1, calibrated: false },
    Method { name: "fine-tuning + gains", key: "tuned_gains", chips: 1, calibrated: true },
    Method { name: "IR-drop-aware targets", key: "aware", chips: 2, calibrated: false },
    Method { name: "all together", key: "all", chips: 3, calibrated: true },
];

/// Kinds of chips: whether their network was fine-tuned, and what their cells are asked to hold.
pub const CHIPS: [(bool, Targets); 4] = [
    (false, Targets::Nominal),
    (true, Targets::Nominal),
    (false, Targets::WireAware),
    (true, Targets::WireAware),
];

/// What was measured at one size of array on one kind of wire.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Rows of the arrays.
    pub rows: usize,
    /// One cell pitch of wire.
    pub wire: Ohms,
    /// Accuracy of every chip, by method.
    pub accuracies: [Vec<f64>; METHODS.len()],
    /// Mean nonideality factor of the first layer's tiles.
    pub nonideality: f64,
    /// Largest rms error of a tile's transfer that IR-drop-aware targets leave.
    pub residual: f64,
    /// Smallest share of the nominal currents that those targets keep.
    pub scale: f64,
    /// Counts over all chips.
    pub tally: Tally,
}
