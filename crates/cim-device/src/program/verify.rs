//! The loop that most ways of programming share: read, compare, pulse, again.

use cim_core::{Seconds, Siemens, Stream, Tally};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::outcome::{End, Outcome};
use super::programmer::check;
use super::pulse::{Pulse, PulseCells};
use crate::error::DeviceError;

/// How cells are verified, as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifySpec {
    /// A cell is accepted when a read is nearer to its target than this.
    pub band: Siemens,
    /// Reads after which a cell is given up.
    pub most_reads: u32,
    /// Conversions averaged in one read.
    pub conversions: u32,
    /// Time of one read, settling included.
    pub read_time: Seconds,
}

/// A checked [`VerifySpec`].
pub type Verify = VerifySpec;

impl VerifySpec {
    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] for a band that is not positive, no read, or a negative time.
    pub fn build(self) -> Result<Verify, DeviceError> {
        positive("band", self.band.0)?;
        positive("most_reads", f64::from(self.most_reads))?;
        positive("conversions", f64::from(self.conversions))?;
        not_negative("read_time", self.read_time.0)?;
        Ok(self)
    }
}

pub(super) fn positive(name: &'static str, value: f64) -> Result<(), DeviceError> {
    if 0.0 < value && value.is_finite() {
        return Ok(());
    }
    Err(DeviceError::Parameter { name, value, range: "the positive numbers" })
}

pub(super) fn not_negative(name: &'static str, value: f64) -> Result<(), DeviceError> {
    if 0.0 <= value && value.is_finite() {
        return Ok(());
    }
    Err(DeviceError::Parameter { name, value, range: "zero and the positive numbers" })
}

/// What to do with a cell that is outside its band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// What to send, in order.
    pub pulses: [Pulse; 2],
    /// Whether it is less than what was asked for.
    pub limited: bool,
}

impl Step {
    pub const GIVE_UP: Self = Self { pulses: [Pulse::NONE; 2], limited: false };

    pub const fn one(pulse: Pulse, limited: bool) -> Self {
        Self { pulses: [pulse, Pulse::NONE], limited }
    }
}

/// What a scheme does to one cell.
pub(super) trait Rule {
    /// What it remembers of a cell.
    type State: Clone;

    /// Whether a cell gets its first pulse wherever its first read finds it.
    fn always_writes(&self) -> bool {
        false
    }

    /// Before the first read of a cell.
    fn start(&self, cells: &dyn PulseCells, target_s: f64) -> Self::State;

    /// After a read (S) that found the cell outside its band or unwritten; no pulse gives it up.
    fn next(
        &self,
        cells: &dyn PulseCells,
        state: &mut Self::State,
        target_s: f64,
        read_s: f64,
    ) -> Step;
}

/// A cell that is being programmed.
struct Cell<S> {
    place: (usize, usize),
    target_s: f64,
    state: S,
    /// Its first read (S), and how far later ones were from it.
    first_s: f64,
    moved_s: f64,
}

/// Reads and pulses all chosen cells, each by the same rule, until each is in its band or given up.
///
/// Cells go in step, which is the same as one after the other: a cell does not notice the others,
/// and draws are addressed by the number of the read or pulse, the row and the column.
pub(super) fn run<R: Rule>(
    rule: &R,
    verify: &Verify,
    cells: &mut dyn PulseCells,
    target_s: ArrayView2<'_, f64>,
    chosen: ArrayView2<'_, bool>,
    at: Stream,
    tally: &mut Tally,
) -> Result<Outcome, DeviceError> {
    check(cells, target_s, chosen)?;
    let mut outcome = Outcome::none(cells.conductances());
    let mut open: Vec<Cell<R::State>> = target_s
        .indexed_iter()
        .filter(|(place, _)| chosen[*place])
        .map(|(place, &target_s)| {
            let state = rule.start(cells, target_s);
            Cell { place, target_s, state, first_s: f64::NAN, moved_s: 0.0 }
        })
        .collect();
    let mut pulses = [(); 2].map(|()| Array2::from_elem(target_s.dim(), Pulse::NONE));
    for round in 0..verify.most_reads {
        let read_s = cells.read(verify.conversions, at.child("read", u64::from(round)));
        let last = round + 1 == verify.most_reads;
        for pulses in &mut pulses {
            pulses.fill(Pulse::NONE);
        }
        open.retain_mut(|cell| {
            let (place, read_s) = (cell.place, read_s[cell.place]);
            outcome.reads[place] += 1;
            outcome.time_s[place] += verify.read_time.0;
            if round == 0 {
                cell.first_s = read_s;
            }
            cell.moved_s = cell.moved_s.max((read_s - cell.first_s).abs());
            let unwritten = round == 0 && rule.always_writes();
            if (cell.target_s - read_s).abs() < verify.band.0 && !unwritten {
                outcome.end[place] = End::InBand;
                return false;
            }
            let step = match last {
                true => Step::GIVE_UP,
                false => rule.next(cells, &mut cell.state, cell.target_s, read_s),
            };
            if step.pulses.iter().all(Pulse::is_none) {
                let still = cell.moved_s <= 0.5 * verify.band.0;
                outcome.end[place] = if still { End::Stuck } else { End::GivenUp };
                return false;
            }
            outcome.limited[place] += u32::from(step.limited);
            for (pulses, pulse) in pulses.iter_mut().zip(step.pulses) {
                pulses[place] = pulse;
            }
            true
        });
        if open.is_empty() {
            break;
        }
        for (k, pulses) in pulses.iter().enumerate() {
            if pulses.iter().all(Pulse::is_none) {
                continue;
            }
            let at = at.child("pulse", 2 * u64::from(round) + k as u64);
            let energy_j = cells.pulse(pulses.view(), at)?;
            outcome.add_pulses(pulses.view(), energy_j.view());
        }
    }
    outcome.held_s = cells.conductances();
    outcome.count_into(tally);
    Ok(outcome)
}
