//! Ratios that several parts of the report show.

use cim_report::Estimate;

use super::measured::{Cost, Discrepancies};
use crate::shared::estimates::estimate;

/// Solvers in the order of [`Cost`].
pub const SOLVERS: [&str; 4] =
    ["exact, event by event", "exact, by scan", "grid", "grid, samples side by side"];

/// A number of so many decimals, with its interval if there is one.
pub fn with_digits(e: Estimate, decimals: usize) -> String {
    let Estimate { mean, ci95, chips } = e;
    match chips {
        0 | 1 => format!("{mean:.decimals$}"),
        _ => format!("{mean:.decimals$} ± {ci95:.decimals$}"),
    }
}

/// A factor, with its interval if there is one.
pub fn plain(e: Estimate) -> String {
    with_digits(e, 1)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_no_interval() {
        assert_eq!(with_digits(estimate(&[0.01234]), 5), "0.01234");
        assert_eq!(plain(estimate(&[400.0])), "400.0");
        // Student's t of one degree of freedom at 97.5 % is 12.7062; the standard error is 1.
        assert_eq!(plain(estimate(&[1.0, 3.0])), "2.0 ± 12.7");
    }
}
