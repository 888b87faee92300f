//! `[mapping]`: how weights become conductances.
//!
//! The mappings and their keys are those of [`cim_tile::mapping`]: one line there makes one known here.

pub use cim_tile::MappingSpec;
