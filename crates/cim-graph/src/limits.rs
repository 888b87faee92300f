//! How much a network may ask for.

use crate::error::OpError;

/// The most that reading and running a network may take; what would exceed it is refused before
/// anything is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Elements of one tensor, and of all that a run holds at one time.
    pub elements: u64,
    /// Multiplications and additions of one run.
    pub work: u64,
    /// Graphs within graphs (branches of `If`).
    pub nesting: usize,
}

impl Default for Limits {
    /// 2²⁸ elements a tensor (1 GiB of `f32`), 2⁴² operations a run, 8 graphs within each other.
    fn default() -> Self {
        Self { elements: 1 << 28, work: 1 << 42, nesting: 8 }
    }
}

impl Limits {
    /// Operations that all constants together may take to compute when a network is read.
    pub(crate) const FOLDING_WORK: u64 = 1 << 32;

    /// Number of elements of a shape, if a tensor may have so many.
    pub(crate) fn elements_of(&self, shape: &[usize]) -> Result<usize, OpError> {
        // Zero dimensions make the product zero, but the strides of the others must exist too.
        let mut dims = shape.iter().map(|&dim| (dim as u64).max(1));
        let span = dims.try_fold(1u64, u64::checked_mul).unwrap_or(u64::MAX);
        if span > self.elements {
            return Err(OpError::Limit {
                what: "elements of a tensor",
                count: span,
                limit: self.elements,
            });
        }
        Ok(shape.iter().product())
    }
}
