//! Means over chips as the report shows them.

use cim_chip::RankEstimate;
use cim_report::{Estimate, Told};
use serde::Serialize;

/// A ratio of means with Fieller's 95 % interval over networks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The ratio.
    pub mean: f64,
    /// The larger of the distances to the ends of the interval.
    pub ci95: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl From<Ratio> for Told {
    fn from(Ratio { mean, low, high, .. }: Ratio) -> Self {
        Self { mean, low, high }
    }
}

impl From<Rank> for Told {
    fn from(Rank { correlation: mean, low, high, .. }: Rank) -> Self {
        Self { mean, low, high }
    }
}

/// A rank correlation over random designs, with its 95 % interval over designs (bootstrap): of one network
/// on the held-out images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rank {
    /// Spearman's.
    pub correlation: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Designs.
    pub designs: usize,
}

impl Rank {
    /// What was found over so many designs.
    pub fn of(found: RankEstimate, designs: usize) -> Self {
        let RankEstimate { correlation, low, high } = found;
        Self { correlation, low, high, designs }
    }

    /// The correlation with its interval.
    pub fn words(&self) -> String {
        format!("{:.3} ({:.3} to {:.3})", self.correlation, self.low, self.high)
    }
}

/// Mean with a 95 % interval over chips.
pub fn estimate(values: &[f64]) -> Estimate {
    shown(cim_chip::estimate(values))
}

/// Mean difference of two designs measured on the same chips.
pub fn paired(a: &[f64], b: &[f64]) -> Estimate {
    shown(cim_chip::paired(a, b))
}

/// Mean over independently trained networks of the means over their chips, with a 95 % interval over
/// networks.
pub fn nested(networks: &[Vec<f64>]) -> Estimate {
    shown(cim_chip::nested(networks))
}

/// Mean difference of two designs measured on the same chips of the same networks.
pub fn nested_paired(a: &[Vec<f64>], b: &[Vec<f64>]) -> Estimate {
    shown(cim_chip::nested_paired(a, b))
}

/// Mean with a 95 % interval over networks, of one number for each.
pub fn over_networks(values: &[f64]) -> Estimate {
    shown(cim_chip::estimate(values))
}

/// Fewest networks by whose differences something is told from nothing.
const FEWEST: usize = 3;

/// Whether a difference over so many independently trained networks is told from nothing: its interval leaves
/// zero out. Of two networks it never is: accuracies are counted in images, so that two differences are often
/// equal, which says nothing of how far a third would be.
pub fn is_told(difference: &Estimate, networks: usize) -> bool {
    FEWEST <= networks && difference.ci95 < difference.mean.abs()
}

impl Ratio {
    /// As a mean with an interval, of which the larger side counts.
    pub fn estimate(&self) -> Estimate {
        Estimate { mean: self.mean, ci95: self.ci95, chips: 0 }
    }
}

/// Part of what `from` is short of `to` that `reached` has won back, one number of each for every network;
/// the interval is Fieller's.
pub fn share_won(reached: &[f64], from: &[f64], to: &[f64]) -> Ratio {
    let minus = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>();
    let (won, lost) = (minus(reached, from), minus(to, from));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    match cim_chip::ratio(&won, &lost) {
        Some(ratio) => {
            Ratio { mean: ratio.mean, ci95: ratio.ci95(), low: ratio.low, high: ratio.high }
        }
        // A loss that cannot be told from none: any share of it may have been won back.
        None => {
            let mean = if mean(&lost) > 0.0 { mean(&won) / mean(&lost) } else { 0.0 };
            Ratio { mean, ci95: 1.0, low: mean - 1.0, high: mean + 1.0 }
        }
    }
}

fn shown(estimate: cim_chip::Estimate) -> Estimate {
    let cim_chip::Estimate { mean, ci95, chips } = estimate;
    Estimate { mean, ci95, chips }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two networks whose differences happen to be equal tell nothing; five that agree do.
    #[test]
    fn two_networks_tell_nothing_however_well_they_agree() {
        let of = |networks: usize| over_networks(&vec![7.5e-4; networks]);
        assert!(of(2).ci95 < 1e-12 && !is_told(&of(2), 2));
        assert!(is_told(&of(5), 5));
        assert!(!is_told(&over_networks(&[1e-3, -2e-3, 4e-3, 0.0, 1e-3]), 5));
    }
}
