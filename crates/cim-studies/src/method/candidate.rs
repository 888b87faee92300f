//! A network on a design.

use cim_chip::{ChipDesign, LayerInputs};
use cim_nn::Network;

/// A network on a design, ready to be measured.
pub struct Candidate {
    /// The network.
    pub network: Network,
    /// How it is put on chips.
    pub design: ChipDesign,
    /// What drives its layers on calibration images.
    pub inputs: LayerInputs,
}
