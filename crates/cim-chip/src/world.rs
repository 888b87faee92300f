//! Sensitivity: a design stays as it is, the world around it changes.

use cim_tile::Parts;

use crate::design::ChipDesign;

impl ChipDesign {
    /// The same design (window, voltage, clips, full scales) with the cells and the surroundings of
    /// `world`.
    pub fn in_world(&self, world: &Parts) -> Self {
        let mut design = self.clone();
        design.parts.device = world.device.clone();
        design.parts.ambient = world.ambient;
        design
    }
}

/// Whether nothing that [`ChipDesign::in_world`] changes differs, as far as programming noise tells.
pub fn same_world(a: &Parts, b: &Parts) -> bool {
    a.ambient == b.ambient && a.device.program_variance() == b.device.program_variance()
}
