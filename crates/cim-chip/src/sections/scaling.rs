//! `[scaling]`: how weights are scaled before they are mapped, where no design says so.

use serde::{Deserialize, Serialize};

use crate::scaling::Scaling;

/// How the weights of every product are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalingSpec {
    /// What has a digital factor of its own, so that its largest weight is that of the product: `none`, `columns`,
    /// `rows`, or `both`, columns first.
    pub by: Scaling,
}
