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

fn shown(estimate: cim_chip::Estimate) -> Estimate {
    let cim_chip::Estimate { mean, ci95, chips } = estimate;
    Estimate { mean, ci95, chips }
}
