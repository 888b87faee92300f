//! Read noise of phase-change cells that are read for nanoseconds.

use cim_core::{Seconds, Siemens};
use serde::{Deserialize, Serialize};

/// Read noise of a differential pair of cells against the mean pulse duration of a read.
///
/// # What it models
/// Short reads average less of a cell's noise away. Every product sees every pair with a fresh
/// Gaussian error of the difference `g⁺ − g⁻`, about the value that the pair holds.
///
/// # Law
/// With `x = log10(mean pulse duration / 1 ns)`, the mean over all inputs of a vector, and
/// `G = |g⁺ − g⁻|`,
///
/// ```text
/// σ(G) = slope(x) G + offset(x),      slope and offset polynomials of degree 4
/// ```
///
/// A vector of nothing but zeros has no duration and no noise.
///
/// # Parameters
/// Coefficients of the two polynomials, constant first.
///
/// # Source
/// [`PCM`](Self::PCM): Luquin et al., arXiv 2506.00004 (2025), as in the public code of its
/// authors (aihwkit, pull request 753). The guard for zeros is ours.
///
/// # Not modelled
/// Correlation from one read to the next, and noise common to both cells of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NanosecondRead {
    /// Polynomial of the part that grows with the conductance.
    pub slope: [f64; 5],
    /// Polynomial of the part that every pair has.
    pub offset: [Siemens; 5],
}

impl NanosecondRead {
    /// No noise.
    pub const NONE: Self = Self { slope: [0.0; 5], offset: [Siemens::ZERO; 5] };

    /// Phase-change cells, fitted for 1 ns to 128 ns.
    pub const PCM: Self = Self {
        slope: [2.578_764e-2, -1.461_59e-2, 6.557_14e-3, -1.873_52e-3, 2.192_6e-4],
        offset: [
            Siemens(1.177_63e-7),
            Siemens(-6.770_79e-8),
            Siemens(3.070_15e-8),
            Siemens(-9.085_77e-9),
            Siemens(1.119_06e-9),
        ],
    };

    /// Whether no read has noise.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// The law at one mean pulse duration.
    pub fn at(&self, mean_duration: Seconds) -> PairNoise {
        if mean_duration <= Seconds::ZERO || !mean_duration.is_finite() {
            return PairNoise::NONE;
        }
        let x = libm::log10(mean_duration / Seconds(1e-9));
        let slope = self.slope.iter().rev().fold(0.0, |sum, c| sum * x + c);
        let offset = self.offset.iter().rev().fold(0.0, |sum, c| sum * x + c.0);
        PairNoise { slope, offset: Siemens(offset) }
    }
}

/// Read noise of differential pairs in one read: `σ = slope G + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairNoise {
    /// Part relative to the difference of the pair.
    pub slope: f64,
    /// Part of every pair.
    pub offset: Siemens,
}

impl PairNoise {
    /// No noise.
    pub const NONE: Self = Self { slope: 0.0, offset: Siemens::ZERO };

    /// Standard deviation of a pair whose conductances differ by `difference`.
    pub fn sigma(&self, difference: Siemens) -> Siemens {
        self.slope * difference.abs() + self.offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_law_at_four_durations() {
        for (ns, slope, offset, at_5, at_15) in [
            (1.0, 0.0258, 0.1178, 0.247, 0.505),
            (10.0, 0.0161, 0.0728, 0.153, 0.314),
            (100.0, 0.0113, 0.0504, 0.107, 0.220),
            (128.0, 0.0109, 0.0485, 0.103, 0.212),
        ] {
            let noise = NanosecondRead::PCM.at(Seconds(ns * 1e-9));
            let sigma = |us: f64| noise.sigma(Siemens(us * 1e-6)).0 * 1e6;
            // Half a unit of the last digit that is given.
            assert!((noise.slope - slope).abs() <= 0.5e-4, "{ns} ns: slope {}", noise.slope);
            let offset_us = noise.offset.0 * 1e6;
            assert!((offset_us - offset).abs() <= 0.5e-4, "{ns} ns: offset {offset_us}");
            assert!((sigma(5.0) - at_5).abs() <= 0.5e-3, "{ns} ns: {} at 5 uS", sigma(5.0));
            assert!((sigma(15.0) - at_15).abs() <= 0.5e-3, "{ns} ns: {} at 15 uS", sigma(15.0));
            assert_eq!(sigma(-5.0), sigma(5.0));
        }
    }

    #[test]
    fn a_read_without_pulses_has_no_noise() {
        assert_eq!(NanosecondRead::PCM.at(Seconds::ZERO), PairNoise::NONE);
        assert_eq!(NanosecondRead::PCM.at(Seconds(f64::NAN)), PairNoise::NONE);
        assert_eq!(NanosecondRead::NONE.at(Seconds(1e-8)).sigma(Siemens(1e-5)), Siemens::ZERO);
        assert!(NanosecondRead::NONE.is_none() && !NanosecondRead::PCM.is_none());
    }
}
