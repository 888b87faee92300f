//! One calibrated pulse, or a few with a look in between.

use cim_core::{Stream, Tally};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::programmer::Programmer;
use super::pulse::PulseCells;
use super::verify::{Rule, Step, Verify, VerifySpec, run};
use crate::error::DeviceError;

/// A [`OneShot`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneShotSpec {
    /// Calibrated pulses per cell. One is open-loop.
    pub shots: u32,
    /// How the result is looked at; `most_reads` is not less than `shots` and one.
    pub verify: VerifySpec,
}

impl OneShotSpec {
    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] for no shot, or fewer reads than looking after every shot takes.
    pub fn build(self) -> Result<OneShot, DeviceError> {
        let verify = self.verify.build()?;
        if self.shots == 0 || verify.most_reads <= self.shots {
            return Err(DeviceError::Parameter {
                name: "shots",
                value: f64::from(self.shots),
                range: "the whole numbers from 1 to less than most_reads",
            });
        }
        Ok(OneShot { shots: self.shots, verify })
    }
}

/// Sends the pulse that takes a typical cell from where it was read to its target.
///
/// *Law:* pulses of [`PulseCells::aimed`]; the first is sent to every cell, also to one that is found
/// inside its band. With one shot nothing is corrected; the read after it
/// only counts the cells inside the band.
///
/// *Source:* the baseline of every comparison; ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneShot {
    shots: u32,
    verify: Verify,
}

impl Rule for OneShot {
    type State = u32;

    /// A cell that holds its target by chance has been written by nobody.
    fn always_writes(&self) -> bool {
        true
    }

    fn start(&self, _: &dyn PulseCells, _: f64) -> u32 {
        self.shots
    }

    fn next(&self, cells: &dyn PulseCells, left: &mut u32, target_s: f64, read_s: f64) -> Step {
        if *left == 0 {
            return Step::GIVE_UP;
        }
        *left -= 1;
        Step { pulses: cells.aimed(read_s, target_s), limited: false }
    }
}

impl Programmer for OneShot {
    fn name(&self) -> &'static str {
        "one-shot"
    }

    fn program_chosen(
        &self,
        cells: &mut dyn PulseCells,
        target_s: ArrayView2<'_, f64>,
        chosen: ArrayView2<'_, bool>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Outcome, DeviceError> {
        run(self, &self.verify, cells, target_s, chosen, at, tally)
    }
}
