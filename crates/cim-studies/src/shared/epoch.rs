//! What an epoch of training came to.

use serde::{Deserialize, Serialize};

/// One epoch of training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Mean loss over the training set (nats).
    pub loss: f64,
    /// Fraction classified correctly after the epoch.
    pub accuracy: f64,
}
