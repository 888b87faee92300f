//! What came of programming, cell by cell.

use cim_core::Tally;
use ndarray::{Array2, ArrayView2, Zip};
use serde::{Deserialize, Serialize};

use super::pulse::Pulse;

/// How programming of a cell ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It was not asked for.
    Untouched,
    /// The last verification found it inside the acceptance band.
    InBand,
    /// Outside, and pulses had not moved it by more than half the band.
    Stuck,
    /// Outside, though it had moved.
    GivenUp,
}

/// What every cell holds and what it took, rows × columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What the cells hold (S), without the noise of a read.
    pub held_s: Array2<f64>,
    /// How it ended.
    pub end: Array2<End>,
    /// Pulses.
    pub pulses: Array2<u32>,
    /// Pulses of the other polarity than the one before.
    pub polarity_changes: Array2<u32>,
    /// Pulses that were asked for beyond a limit of width, voltage or number, and sent at it.
    pub limited: Array2<u32>,
    /// Verifying reads.
    pub reads: Array2<u32>,
    /// Energy of the pulses (J).
    pub energy_j: Array2<f64>,
    /// Time of pulses and reads (s).
    pub time_s: Array2<f64>,
    /// Sign of the last pulse.
    last_sign: Array2<i8>,
}

impl Outcome {
    /// Nothing done yet.
    pub fn none(held_s: Array2<f64>) -> Self {
        let shape = held_s.dim();
        Self {
            held_s,
            end: Array2::from_elem(shape, End::Untouched),
            pulses: Array2::zeros(shape),
            polarity_changes: Array2::zeros(shape),
            limited: Array2::zeros(shape),
            reads: Array2::zeros(shape),
            energy_j: Array2::zeros(shape),
            time_s: Array2::zeros(shape),
            last_sign: Array2::zeros(shape),
        }
    }

    /// Counts a train of pulses on every cell, and its energy (J).
    pub fn add_pulses(&mut self, pulses: ArrayView2<'_, Pulse>, energy_j: ArrayView2<'_, f64>) {
        for ((place, pulse), energy_j) in pulses.indexed_iter().zip(energy_j) {
            if pulse.is_none() {
                continue;
            }
            let sign = if pulse.volts < 0.0 { -1 } else { 1 };
            self.pulses[place] += pulse.repeats;
            self.polarity_changes[place] += u32::from(self.last_sign[place] == -sign);
            self.last_sign[place] = sign;
            self.energy_j[place] += energy_j;
            self.time_s[place] += pulse.time_s();
        }
    }

    /// Adds what came of a later pass over the same cells, which holds and ends as it left them.
    pub fn then(&mut self, later: Self) {
        self.pulses += &later.pulses;
        self.polarity_changes += &later.polarity_changes;
        self.limited += &later.limited;
        self.reads += &later.reads;
        self.energy_j += &later.energy_j;
        self.time_s += &later.time_s;
        Zip::from(&mut self.end).and(&later.end).for_each(|end, &later| {
            if later != End::Untouched {
                *end = later;
            }
        });
        Zip::from(&mut self.last_sign).and(&later.last_sign).for_each(|sign, &later| {
            if later != 0 {
                *sign = later;
            }
        });
        self.held_s = later.held_s;
    }

    /// Cells that ended in a way.
    pub fn count(&self, end: End) -> u64 {
        self.end.iter().filter(|e| **e == end).count() as u64
    }

    /// Share of all cells that ended in a way.
    pub fn share(&self, end: End) -> f64 {
        self.count(end) as f64 / self.end.len().max(1) as f64
    }

    /// Root-mean-square difference to the targets (S), of what is held.
    pub fn rms_error_s(&self, target_s: ArrayView2<'_, f64>) -> f64 {
        let difference = &self.held_s - &target_s;
        (difference.iter().map(|d| d * d).sum::<f64>() / difference.len().max(1) as f64).sqrt()
    }

    /// Share of cells that hold their target to within a half-width (S), read noise aside.
    pub fn share_within(&self, target_s: ArrayView2<'_, f64>, half_width_s: f64) -> f64 {
        let both = self.held_s.iter().zip(target_s);
        let inside = both.filter(|(held, target)| (*held - *target).abs() <= half_width_s).count();
        inside as f64 / self.held_s.len().max(1) as f64
    }

    /// Adds the counts to a tally.
    pub fn count_into(&self, tally: &mut Tally) {
        let sum = |counts: &Array2<u32>| counts.iter().map(|&n| u64::from(n)).sum::<u64>();
        tally.cells_programmed += self.end.len() as u64 - self.count(End::Untouched);
        tally.pulses += sum(&self.pulses);
        tally.polarity_changes += sum(&self.polarity_changes);
        tally.pulses_limited += sum(&self.limited);
        tally.verify_reads += sum(&self.reads);
        tally.cells_in_band += self.count(End::InBand);
        tally.cells_stuck += self.count(End::Stuck);
        tally.cells_given_up += self.count(End::GivenUp);
        tally.programming_fj +=
            self.energy_j.iter().map(|j| (j * 1e15).round() as u64).sum::<u64>();
        tally.programming_ns += self.time_s.iter().map(|s| (s * 1e9).round() as u64).sum::<u64>();
    }
}
