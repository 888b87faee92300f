//! `[network]`: what is put on chips.

use cim_core::Stream;
use cim_nn::Network;
use serde::{Deserialize, Serialize};

use super::need::need;
use crate::error::ChipError;

/// A perceptron with ReLU between its layers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// Widths, inputs first: 2 to 32 of them, each 1 to 65,536, with at most 2²⁷ weights in all
    /// (half a gigabyte, and as much again for each of the optimiser's moments).
    pub widths: Vec<usize>,
}

const MAX_LAYERS: usize = 32;
const MAX_WIDTH: usize = 1 << 16;
const MAX_WEIGHTS: usize = 1 << 27;

impl NetworkSpec {
    /// Checks number and sizes of the layers.
    ///
    /// # Errors
    /// [`ChipError::Section`].
    pub fn check(&self) -> Result<(), ChipError> {
        let widths = &self.widths;
        let named = |ok, help| need(ok, "network.widths", format!("{widths:?}"), help);
        named((2..=MAX_LAYERS).contains(&widths.len()), "give 2 to 32 widths, inputs first")?;
        named(
            widths.iter().all(|width| (1..=MAX_WIDTH).contains(width)),
            "every width is 1 to 65536",
        )?;
        named(self.weights() <= MAX_WEIGHTS, "at most 134217728 weights fit in memory")
    }

    /// Number of weights, biases aside; meant for widths that were checked one by one.
    pub fn weights(&self) -> usize {
        self.widths
            .windows(2)
            .map(|pair| pair[0].saturating_mul(pair[1]))
            .fold(0, usize::saturating_add)
    }

    /// The network with its first weights, drawn at `at`.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn build(&self, at: Stream) -> Result<Network, ChipError> {
        self.check()?;
        Ok(Network::new(&self.widths, at)?)
    }
}
