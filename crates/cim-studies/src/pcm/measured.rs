//! What is compared, and what was measured of it.

use cim_core::Tally;
use cim_device::compensation::Scope;

/// What is done about drift: the scope of its compensation, if any.
pub const SCOPES: [(&str, &str, Option<Scope>); 3] = [
    ("none", "no compensation", None),
    ("global", "global compensation", Some(Scope::Global)),
    ("columns", "compensation per column", Some(Scope::PerColumn)),
];

/// What is known of one network: its accuracy as numbers, and of every chip at every time.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Name in figures.
    pub key: &'static str,
    /// Name in reports.
    pub name: &'static str,
    /// Accuracy of the same weights as numbers.
    pub digital: f64,
    /// Accuracies by chip, time and scope.
    pub chips: Vec<Vec<[f64; SCOPES.len()]>>,
    /// Counts over all chips.
    pub tally: Tally,
}

impl Measured {
    /// Accuracies of all chips at one time under one compensation.
    pub fn accuracies(&self, time: usize, scope: usize) -> Vec<f64> {
        self.chips.iter().map(|times| times[time][scope]).collect()
    }
}
