//! Counts of what happened in the datapath. Counting is separate from pricing.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::units::{Joules, Seconds};

/// Counts of conversions, clips and out-of-range events.
///
/// Tallies of parts add up exactly, in any order, so that they do not depend on the number of
/// threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Samples sent through a DAC.
    pub dac_conversions: u64,
    /// Samples that lay outside the DAC's range and were clipped to it.
    pub dac_clips: u64,
    /// Samples sent through an ADC.
    pub adc_conversions: u64,
    /// Samples that lay outside the ADC's full scale and were clipped to it.
    pub adc_clips: u64,
    /// Cells that were programmed.
    pub cells_programmed: u64,
    /// Cells whose programmed conductance left the device's window by error.
    pub cells_outside_window: u64,
    /// Cells whose programming error would have made the conductance negative; they hold 0 S.
    pub cells_at_zero: u64,
    /// Weights that exceeded the weight clip and were stored as the largest level.
    pub weights_clipped: u64,
    /// Weights that the conductance window keeps from what wires would need, by more than a
    /// percent of the largest.
    #[serde(default)]
    pub weights_unreached: u64,
    /// Programming pulses.
    #[serde(default)]
    pub pulses: u64,
    /// Pulses of the other polarity than the one before on the same cell.
    #[serde(default)]
    pub polarity_changes: u64,
    /// Pulses whose amplitude or width was asked for beyond a limit, and sent at it.
    #[serde(default)]
    pub pulses_limited: u64,
    /// Reads that verified a cell.
    #[serde(default)]
    pub verify_reads: u64,
    /// Cells whose last verification found them inside the acceptance band.
    #[serde(default)]
    pub cells_in_band: u64,
    /// Cells outside the band that pulses did not move.
    #[serde(default)]
    pub cells_stuck: u64,
    /// Cells outside the band that did move, and were given up.
    #[serde(default)]
    pub cells_given_up: u64,
    /// Energy of programming pulses (fJ), rounded for each cell: whole numbers add up exactly.
    #[serde(default)]
    pub programming_fj: u64,
    /// Time of pulses and verifying reads (ns), rounded for each cell, one cell after the other.
    #[serde(default)]
    pub programming_ns: u64,
}

impl Tally {
    /// Fraction of ADC conversions that clipped; 0 where there were none.
    pub fn adc_clipped_fraction(&self) -> f64 {
        ratio(self.adc_clips, self.adc_conversions)
    }

    /// Fraction of DAC conversions that clipped; 0 where there were none.
    pub fn dac_clipped_fraction(&self) -> f64 {
        ratio(self.dac_clips, self.dac_conversions)
    }

    /// Energy of programming pulses.
    pub fn programming_energy(&self) -> Joules {
        Joules(1e-15 * self.programming_fj as f64)
    }

    /// Time of programming pulses and verifying reads, one cell after the other.
    pub fn programming_time(&self) -> Seconds {
        Seconds(1e-9 * self.programming_ns as f64)
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.dac_conversions += other.dac_conversions;
        self.dac_clips += other.dac_clips;
        self.adc_conversions += other.adc_conversions;
        self.adc_clips += other.adc_clips;
        self.cells_programmed += other.cells_programmed;
        self.cells_outside_window += other.cells_outside_window;
        self.cells_at_zero += other.cells_at_zero;
        self.weights_clipped += other.weights_clipped;
        self.weights_unreached += other.weights_unreached;
        self.pulses += other.pulses;
        self.polarity_changes += other.polarity_changes;
        self.pulses_limited += other.pulses_limited;
        self.verify_reads += other.verify_reads;
        self.cells_in_band += other.cells_in_band;
        self.cells_stuck += other.cells_stuck;
        self.cells_given_up += other.cells_given_up;
        self.programming_fj += other.programming_fj;
        self.programming_ns += other.programming_ns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_nothing_are_zero() {
        assert_eq!(Tally::default().adc_clipped_fraction(), 0.0);
    }

    #[test]
    fn tallies_add_up_field_by_field() {
        let mut sum = Tally { adc_conversions: 8, adc_clips: 1, ..Tally::default() };
        sum += Tally { adc_conversions: 2, adc_clips: 4, cells_at_zero: 3, ..Tally::default() };
        assert_eq!((sum.adc_conversions, sum.adc_clips, sum.cells_at_zero), (10, 5, 3));
        assert_eq!(sum.adc_clipped_fraction(), 0.5);
    }
}
