//! One calibrated pulse, then another way of programming.

use cim_core::{Stream, Tally};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::one_shot::{OneShot, OneShotSpec};
use super::outcome::{End, Outcome};
use super::programmer::{Programmer, ProgrammerSource};
use super::pulse::PulseCells;
use crate::error::DeviceError;

/// An [`OpenLoopThenTrim`] as written in a file, before any other programmer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrimSpec<S> {
    /// What comes first.
    pub first: OneShotSpec,
    /// What brings the cells in that the first left outside their band.
    pub trim: Box<S>,
}

impl<S: ProgrammerSource> TrimSpec<S> {
    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] of either part.
    pub fn build(self) -> Result<OpenLoopThenTrim, DeviceError> {
        Ok(OpenLoopThenTrim { first: self.first.build()?, trim: self.trim.build()? })
    }
}

/// A calibrated pulse for every cell, and a verified scheme for those outside their band after it.
pub struct OpenLoopThenTrim {
    first: OneShot,
    trim: Box<dyn Programmer>,
}

impl Programmer for OpenLoopThenTrim {
    fn name(&self) -> &'static str {
        "trim"
    }

    fn program_chosen(
        &self,
        cells: &mut dyn PulseCells,
        target_s: ArrayView2<'_, f64>,
        chosen: ArrayView2<'_, bool>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Outcome, DeviceError> {
        let mut parts = Tally::default();
        let mut outcome =
            self.first.program_chosen(cells, target_s, chosen, at.child("first", 0), &mut parts)?;
        let outside = outcome.end.mapv(|end| matches!(end, End::Stuck | End::GivenUp));
        let trimmed = self.trim.program_chosen(
            cells,
            target_s,
            outside.view(),
            at.child("trim", 0),
            &mut parts,
        )?;
        outcome.then(trimmed);
        outcome.count_into(tally);
        Ok(outcome)
    }
}
