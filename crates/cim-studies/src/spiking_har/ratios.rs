//! Costs of ways of adapting over those of backpropagation, seed by seed.

use cim_dynamics::spiking::{Prices, Work};
use cim_report::Estimate;

use super::measured::{BP, Measured};
use crate::shared::estimates::estimate;

/// Energy of all of a window (J), rows driven where there is an event.
pub fn energy_j(work: &Work, prices: &Prices) -> f64 {
    work.energy(prices, work.event_rows).iter().map(|e| e.0).sum()
}

/// Energy of what comes behind the forward pass (J).
pub fn learning_energy_j(work: &Work, prices: &Prices) -> f64 {
    let [_, backward, update] = work.energy(prices, work.event_rows);
    backward.0 + update.0
}

/// Time of what comes behind the forward pass (s).
pub fn learning_s(work: &Work, prices: &Prices) -> f64 {
    let time = work.latency(prices);
    time.backward.0 + time.update.0
}

/// A cost of a way over that of backpropagation: the ratio of means over subjects, over seeds.
pub fn ratio(measured: &Measured, way: usize, cost: impl Fn(&Work) -> f64) -> Estimate {
    let of = |way: usize| measured.fresh.by_seed(|chip| cost(&chip.ways[way].work));
    let ratios: Vec<f64> = of(way).iter().zip(of(BP)).map(|(way, bp)| way / bp).collect();
    estimate(&ratios)
}

/// The same for a cost that no chance has a part in.
pub fn fixed_ratio(measured: &Measured, way: usize, cost: impl Fn(&Work) -> f64) -> Estimate {
    Estimate::exact(ratio(measured, way, cost).mean)
}

/// A cost of a window by a way, the mean over subjects, over seeds.
pub fn cost(measured: &Measured, way: usize, cost: impl Fn(&Work) -> f64) -> Estimate {
    measured.fresh.over_seeds(|chip| cost(&chip.ways[way].work))
}
