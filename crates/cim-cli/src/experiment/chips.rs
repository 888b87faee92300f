//! Simulated chips: a design programmed and measured many times.

use cim_core::{Stream, Tally};
use cim_nn::{Dataset, Network, accuracy};
use cim_tile::Grid;
use ndarray::Array2;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::design::ChipDesign;
use crate::error::CliError;
use cim_report::Estimate;

/// What a number of chips of one design measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Accuracy of each chip on the test set.
    pub accuracies: Vec<f64>,
    /// Mean squared error of the logits against the same weights computed digitally, per unit
    /// signal power, averaged over chips.
    pub output_mse: f64,
    /// Counts over all chips.
    pub tally: Tally,
}

/// Programs `chips` chips of a design and runs the test set on each. Chip `k` draws below
/// `at.child("chip", k)` whatever the design, so that designs are compared pairwise.
pub fn measure(
    design: &ChipDesign,
    network: &Network,
    test: &Dataset,
    chips: usize,
    at: Stream,
    tick: impl Fn(),
) -> Result<Measured, CliError> {
    let (ideal, _) = network.logits(&network.exact(), test);
    let power = mean_square(&ideal);
    let mut measured =
        Measured { accuracies: Vec::new(), output_mse: 0.0, tally: Tally::default() };
    for chip_idx in 0..chips {
        let at = at.child("chip", chip_idx as u64);
        let grids = program(design, network, at, &mut measured.tally)?;
        let (logits, tally) = network.logits(&grids, test);
        measured.tally += tally;
        measured.accuracies.push(accuracy(logits.view(), test.labels()));
        measured.output_mse += mean_square(&(&logits - &ideal)) / power / chips as f64;
        tick();
    }
    Ok(measured)
}

/// Programs one chip.
pub fn program(
    design: &ChipDesign,
    network: &Network,
    at: Stream,
    tally: &mut Tally,
) -> Result<Vec<Grid>, CliError> {
    let layers = network.layers().iter().zip(&design.layers).enumerate();
    layers
        .map(|(idx, (layer, layer_design))| {
            let at = at.child("layer", idx as u64);
            Ok(Grid::program(&design.parts, layer_design, layer.weights.view(), at, tally)?)
        })
        .collect()
}

fn mean_square(m: &Array2<f32>) -> f64 {
    m.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>() / m.len().max(1) as f64
}

/// Mean with a 95 % interval from Student's distribution; the interval of a single value is 0.
pub fn estimate(values: &[f64]) -> Estimate {
    let chips = values.len();
    let n = chips.max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    if chips < 2 {
        return Estimate { mean, ci95: 0.0, chips };
    }
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let quantile = StudentsT::new(0.0, 1.0, n - 1.0).map_or(1.96, |t| t.inverse_cdf(0.975));
    Estimate { mean, ci95: quantile * (variance / n).sqrt(), chips }
}

/// Mean difference of two designs measured on the same chips.
pub fn paired(a: &[f64], b: &[f64]) -> Estimate {
    estimate(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_of_known_values() {
        // Mean 2, sample standard deviation 1, n = 3: t(0.975, 2) = 4.3027.
        let got = estimate(&[1.0, 2.0, 3.0]);
        assert_eq!((got.mean, got.chips), (2.0, 3));
        assert!((got.ci95 - 4.302_653 / 3f64.sqrt()).abs() < 1e-5);
        assert_eq!(estimate(&[0.5]).ci95, 0.0);
    }

    #[test]
    fn pairing_removes_what_chips_share() {
        let shared = [0.9, 0.5, 0.7];
        let better: Vec<f64> = shared.iter().map(|a| a + 0.01).collect();
        let difference = paired(&better, &shared);
        assert!((difference.mean - 0.01).abs() < 1e-12 && difference.ci95 < 1e-12);
    }
}
