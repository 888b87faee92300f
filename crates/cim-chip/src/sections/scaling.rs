//! `[scaling]`: how weights are scaled before they are mapped, where no design says so.

use serde::{Deserialize, Serialize};

use crate::scaling::Scaling;

/// How the weights of every product are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalingSpec {
    /// What has a digital factor of its own where no design of a network says otherwise, so that its largest weight fills the window: `none`, `columns`, `rows`,
    /// `columns-rows` or `rows-columns`, the former first.
    pub by: Scaling,
}
