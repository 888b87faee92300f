//! The traits.

use cim_core::{Stream, Tally};
use ndarray::{Array2, ArrayView2};

use super::outcome::Outcome;
use super::pulse::{PulseCells, check_shape};
use crate::error::DeviceError;

/// A way of programming cells to targets.
///
/// Every cell ends in an [`Outcome`] that counts: a programmer that does not converge is an answer,
/// not an error, and no target is moved in silence.
pub trait Programmer: Send + Sync {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// Programs the cells that are `chosen` to `target_s` (rows × columns, S) and leaves the others
    /// alone. Draws are addressed by `at`; what happened is added to `tally`.
    ///
    /// # Errors
    /// [`DeviceError`] for arrays of other shapes than the cells, a target outside their window, or
    /// pulses that they do not offer.
    fn program_chosen(
        &self,
        cells: &mut dyn PulseCells,
        target_s: ArrayView2<'_, f64>,
        chosen: ArrayView2<'_, bool>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Outcome, DeviceError>;

    /// Programs all cells.
    ///
    /// # Errors
    /// As [`program_chosen`](Self::program_chosen).
    fn program(
        &self,
        cells: &mut dyn PulseCells,
        target_s: ArrayView2<'_, f64>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Outcome, DeviceError> {
        let chosen = Array2::from_elem(target_s.dim(), true);
        self.program_chosen(cells, target_s, chosen.view(), at, tally)
    }
}

/// A programmer as written in a file: what schemes around another are generic over.
pub trait ProgrammerSource {
    /// Checks what is written.
    ///
    /// # Errors
    /// [`DeviceError`] of the part that is wrong.
    fn build(self) -> Result<Box<dyn Programmer>, DeviceError>;
}

/// Checks the shapes, and that the cells can hold every target.
///
/// # Errors
/// [`DeviceError::Shape`] or [`DeviceError::CellTarget`].
pub fn check(
    cells: &dyn PulseCells,
    target_s: ArrayView2<'_, f64>,
    chosen: ArrayView2<'_, bool>,
) -> Result<(), DeviceError> {
    let shape = cells.conductances().dim();
    check_shape("the array of targets", target_s.dim(), shape)?;
    check_shape("the array of chosen cells", chosen.dim(), shape)?;
    cells.window().check_targets(target_s)
}
