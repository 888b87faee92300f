//! Chips nested in independently trained networks.
//!
//! Chips of one network share its weights, so that they are no independent trials of the method: what
//! is independent are the networks. A figure is the mean over networks of the means over their chips,
//! and its interval is Student's over networks, `t_{0.975, n−1} s/√n` with `s` the standard deviation
//! of the networks' means. That has the stated coverage whatever the spread of the chips, as the
//! chips' share of the variance is in the networks' means already.

use super::student::{Estimate, estimate};

/// Mean over networks of means over chips, with a 95 % interval over networks; that of a single network
/// is 0. `networks` holds one list of chips for each network; networks without chips are left out.
pub fn nested(networks: &[Vec<f64>]) -> Estimate {
    let means: Vec<f64> =
        networks.iter().filter(|chips| !chips.is_empty()).map(|chips| mean(chips)).collect();
    Estimate { chips: networks.iter().map(Vec::len).sum(), ..estimate(&means) }
}

/// Mean difference of two designs measured on the same chips of the same networks, as [`nested`].
pub fn nested_paired(a: &[Vec<f64>], b: &[Vec<f64>]) -> Estimate {
    let differences = a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a - b).collect());
    nested(&differences.collect::<Vec<_>>())
}

fn mean(chips: &[f64]) -> f64 {
    chips.iter().sum::<f64>() / chips.len() as f64
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    #[test]
    fn the_interval_is_over_networks() {
        // Means 1, 2, 3: as of three values, whatever the chips' spread.
        let got = nested(&[vec![0.0, 2.0], vec![2.0, 2.0], vec![-1.0, 7.0]]);
        assert_eq!((got.mean, got.chips), (2.0, 6));
        assert!((got.ci95 - 4.302_653 / 3f64.sqrt()).abs() < 1e-5);
        assert_eq!(nested(&[vec![1.0, 3.0]]).ci95, 0.0);
    }

    #[test]
    fn pairing_removes_what_networks_and_chips_share() {
        let shared = vec![vec![0.9, 0.5], vec![0.7, 0.2]];
        let better: Vec<Vec<f64>> =
            shared.iter().map(|chips| chips.iter().map(|a| a + 0.01).collect()).collect();
        let difference = nested_paired(&better, &shared);
        assert!((difference.mean - 0.01).abs() < 1e-12 && difference.ci95 < 1e-12);
        assert_eq!(difference.chips, 4);
    }

    /// Networks and chips drawn from normal distributions of several spreads. Of 10,000 intervals 95 %
    /// cover; five standard deviations of that count are 1.1 %, so 94 to 96 % leaves nothing to luck.
    #[test]
    fn ninety_five_of_a_hundred_intervals_cover_the_mean() {
        let trials = 10_000;
        for (case, (networks, chips, between, within)) in
            [(5, 4, 1.0, 1.0), (5, 4, 0.1, 1.0), (3, 2, 1.0, 0.1), (8, 1, 1.0, 1.0)]
                .into_iter()
                .enumerate()
        {
            let at = Stream::root(11).child("case", case as u64);
            let mut covered = 0;
            for trial in 0..trials {
                let mut draws = vec![0.0_f32; networks * (1 + chips)];
                at.fill_standard_normal(trial, &mut draws);
                let (own, noise) = draws.split_at(networks);
                let drawn = own.iter().zip(noise.chunks(chips)).map(|(own, noise)| {
                    let of = |n: &f32| 2.0 + between * f64::from(*own) + within * f64::from(*n);
                    noise.iter().map(of).collect::<Vec<_>>()
                });
                let got = nested(&drawn.collect::<Vec<_>>());
                covered += usize::from((got.mean - 2.0).abs() <= got.ci95);
            }
            let share = covered as f64 / trials as f64;
            assert!((0.94..=0.96).contains(&share), "case {case}: {share}");
        }
    }
}
