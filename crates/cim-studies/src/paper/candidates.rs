//! Rows of the ablation.

use cim_chip::{ChipDesign, LayerInputs};
use cim_nn::Network;

/// A network on a design, as one row of the ablation.
pub struct Candidate {
    /// Name in the report.
    pub name: &'static str,
    /// The network.
    pub network: Network,
    /// How it is put on chips.
    pub design: ChipDesign,
    /// What drives its layers on calibration images.
    pub inputs: LayerInputs,
}
