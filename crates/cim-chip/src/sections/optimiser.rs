//! `[optimiser]`: how a design is optimised.

use cim_core::Volts;
use serde::{Deserialize, Serialize};

use super::circuit::CircuitSpec;
use super::need::{need, need_positive, need_share_above_zero, need_within};
use crate::error::ChipError;

/// Bounds and grids of the convex program and of the searches around it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimiserSpec {
    /// Lowest read voltage that may be chosen (V); above 0, up to `circuit.read_voltage`.
    pub least_read_voltage: Volts,
    /// Bins of the histogram of a tile's currents, 4 to 100,000.
    pub histogram_bins: usize,
    /// Smallest weight clip that is tried, as a fraction of the layer's largest weight; above 0, up to 1.
    pub least_clip: f64,
    /// Clips that are tried, 2 to 10,000.
    pub clip_points: usize,
    /// Error that may be given for energy, as a fraction of the least error; above 0,
    /// up to 1,000.
    pub energy_tolerance: f64,
}

impl OptimiserSpec {
    /// Checks every key, the voltage against those of the circuit.
    ///
    /// # Errors
    /// [`ChipError::Section`] for the first that cannot be.
    pub fn check(&self, circuit: &CircuitSpec) -> Result<(), ChipError> {
        let least = self.least_read_voltage;
        need_positive("optimiser.least_read_voltage", least.0, least)?;
        need(
            least <= circuit.read_voltage,
            "optimiser.least_read_voltage",
            format!("{least}, above read_voltage {}", circuit.read_voltage),
            "keep least_read_voltage <= read_voltage <= disturb_voltage",
        )?;
        need(
            (4..=100_000).contains(&self.histogram_bins),
            "optimiser.histogram_bins",
            self.histogram_bins,
            "a histogram has 4 to 100000 bins",
        )?;
        need_share_above_zero("optimiser.least_clip", self.least_clip)?;
        need(
            (2..=10_000).contains(&self.clip_points),
            "optimiser.clip_points",
            self.clip_points,
            "try 2 to 10000 clips",
        )?;
        let tolerance = self.energy_tolerance;
        need_positive("optimiser.energy_tolerance", tolerance, tolerance)?;
        need_within("optimiser.energy_tolerance", tolerance, 0.0, 1e3)
    }
}
