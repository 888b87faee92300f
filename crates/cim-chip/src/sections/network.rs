//! `[network]`: what is put on chips.
//!
//! Either `widths = [784, 256, 128, 10]`, inputs first, a perceptron with ReLU between its layers; or
//! `input = [1, 28, 28]` (features; channels and time; or channels, height and width) and a list of
//! `operations`, each as its file in `cim-nn` says. Specification and operations are those of
//! [`cim_nn`]: one line there makes an operation known here.

use super::need::{listed, need};
use crate::error::ChipError;

pub use cim_nn::{NetworkSpec, Outline};

const MAX_LAYERS: usize = 32;
const MAX_WIDTH: usize = 1 << 16;
const MAX_WEIGHTS: usize = 1 << 27;

/// Checks a network without drawing its weights, and returns its outline.
///
/// Perceptrons have 2 to 32 widths, each 1 to 65,536; no network has more than 2²⁷ weights (half a
/// gigabyte, and as much again for each of the optimiser's moments).
///
/// # Errors
/// [`ChipError::Section`], or [`ChipError::Network`] naming the operation that cannot be.
pub fn check(network: &NetworkSpec) -> Result<Outline, ChipError> {
    let too_many = "at most 134217728 weights fit in memory";
    if let Some(widths) = &network.widths {
        let named = |ok, help| need(ok, "network.widths", listed(widths), help);
        named((2..=MAX_LAYERS).contains(&widths.len()), "give 2 to 32 widths, inputs first")?;
        named(
            widths.iter().all(|width| (1..=MAX_WIDTH).contains(width)),
            "every width is 1 to 65536",
        )?;
        let weights = widths.windows(2).map(|pair| pair[0] * pair[1]);
        named(weights.sum::<usize>() <= MAX_WEIGHTS, too_many)?;
    }
    let outline = network.outline()?;
    let weights = format!("with {} weights", outline.weights);
    need(outline.weights <= MAX_WEIGHTS, "network.operations", weights, too_many)?;
    Ok(outline)
}
