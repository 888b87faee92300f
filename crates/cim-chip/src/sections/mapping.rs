//! `[mapping]`: how weights become conductances.

use serde::{Deserialize, Serialize};

/// How weights become conductances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingSpec {
    /// Kind of mapping.
    pub kind: MappingKind,
}

/// Mappings that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MappingKind {
    /// A pair of neighbouring columns, one for each sign.
    Differential,
}
