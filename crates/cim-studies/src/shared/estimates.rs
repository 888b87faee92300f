//! Means over chips as the report shows them.

use cim_report::Estimate;

/// Mean with a 95 % interval over chips.
pub fn estimate(values: &[f64]) -> Estimate {
    shown(cim_chip::estimate(values))
}

/// Mean difference of two designs measured on the same chips.
pub fn paired(a: &[f64], b: &[f64]) -> Estimate {
    shown(cim_chip::paired(a, b))
}

fn shown(estimate: cim_chip::Estimate) -> Estimate {
    let cim_chip::Estimate { mean, ci95, chips } = estimate;
    Estimate { mean, ci95, chips }
}
