//! Passes with a wait in between, for cells that do not stay.

use cim_core::{Seconds, Stream, Tally};
use ndarray::{ArrayView2, Zip};
use serde::{Deserialize, Serialize};

use super::outcome::{End, Outcome};
use super::programmer::{Programmer, ProgrammerSource};
use super::pulse::PulseCells;
use super::verify::{Verify, VerifySpec};
use crate::error::DeviceError;

/// A [`RelaxationAware`] programmer as written in a file, around any other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelaxationSpec<S> {
    /// What programs in every pass.
    pub inner: Box<S>,
    /// Passes.
    pub passes: u32,
    /// Wait before the cells are looked at again.
    pub wait: Seconds,
    /// How they are looked at after it.
    pub verify: VerifySpec,
}

impl<S: ProgrammerSource> RelaxationSpec<S> {
    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] of the inner programmer, for no pass, or for a wait that is negative.
    pub fn build(self) -> Result<RelaxationAware, DeviceError> {
        super::verify::positive("passes", f64::from(self.passes))?;
        super::verify::not_negative("wait", self.wait.0)?;
        Ok(RelaxationAware {
            inner: self.inner.build()?,
            passes: self.passes,
            wait: self.wait,
            verify: self.verify.build()?,
        })
    }
}

/// Accepts a cell only if it is inside its band again after a wait; the others get another pass.
///
/// *Law:* program, wait, look; repeat with the cells that are outside. After the last pass the
/// cells have waited too, so what is held and counted is what they relaxed to. The wait is the
/// array's, not each cell's, and is not added to the time of a cell.
///
/// *Source:* the multi-pass programming of the NeuRRAM chip, whose relaxation fell from a sigma of
/// up to 3.9 µS to about 2 µS after three passes (from memory, to be verified).
///
/// *Not modelled:* what the cells do between the pulses of one pass.
pub struct RelaxationAware {
    inner: Box<dyn Programmer>,
    passes: u32,
    wait: Seconds,
    verify: Verify,
}

impl Programmer for RelaxationAware {
    fn name(&self) -> &'static str {
        "relaxation"
    }

    fn program_chosen(
        &self,
        cells: &mut dyn PulseCells,
        target_s: ArrayView2<'_, f64>,
        chosen: ArrayView2<'_, bool>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Outcome, DeviceError> {
        let mut open = chosen.to_owned();
        let mut all = Outcome::none(cells.conductances());
        for pass in 0..self.passes {
            let at = at.child("pass", u64::from(pass));
            let mut done = self.inner.program_chosen(
                cells,
                target_s,
                open.view(),
                at.child("inner", 0),
                &mut Tally::default(),
            )?;
            cells.wait(self.wait, at.child("wait", 0))?;
            let read_s = cells.read(self.verify.conversions, at.child("look", 0));
            // Cells accepted earlier have relaxed on: all that were asked for are looked at.
            Zip::indexed(&mut open).and(&read_s).and(target_s).for_each(
                |place, open, read_s, target_s| {
                    *open = false;
                    if !chosen[place] {
                        return;
                    }
                    done.reads[place] += 1;
                    done.time_s[place] += self.verify.read_time.0;
                    let inside = (read_s - target_s).abs() < self.verify.band.0;
                    *open = !inside;
                    done.end[place] = match done.end[place] {
                        _ if inside => End::InBand,
                        End::Stuck => End::Stuck,
                        _ => End::GivenUp,
                    };
                },
            );
            done.held_s = cells.conductances();
            all.then(done);
            if !open.iter().any(|open| *open) {
                break;
            }
        }
        all.count_into(tally);
        Ok(all)
    }
}
