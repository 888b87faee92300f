//! Ratios that several parts of the report show.

use cim_report::Estimate;

use super::measured::{Cost, Discrepancies};
use crate::shared::estimates::estimate;

/// Solvers in the order of [`Cost`].
pub const SOLVERS: [&str; 4] =
    ["exact, event by event", "exact, by scan", "grid", "grid, samples side by side"];

/// How many times less time than another solver, repeat by repeat.
pub fn speedup(cost: &Cost, over: usize, by: usize) -> Estimate {
    let pairs = cost.seconds[over].iter().zip(&cost.seconds[by]);
    estimate(&pairs.map(|(over, by)| over / by.max(f64::MIN_POSITIVE)).collect::<Vec<_>>())
}

/// How many times nearer to the circuit a model is than the ideal one, layer by layer.
pub fn nearer(found: &Discrepancies, model: &[f64]) -> Estimate {
    let pairs = found.ideal.iter().zip(model);
    estimate(&pairs.map(|(ideal, model)| ideal / model.max(f64::MIN_POSITIVE)).collect::<Vec<_>>())
}
