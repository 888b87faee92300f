//! Rows that cannot be used, by reason.

use std::fmt;

/// Counts of rows that were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unusable {
    /// Rows whose achieved conductance is empty.
    pub empty: u64,
    /// Rows whose achieved conductance is infinite or not a number.
    pub not_finite: u64,
    /// Rows whose achieved conductance is below 0 S.
    pub negative: u64,
    /// Rows whose achieved conductance is above 100 times the highest target.
    pub far_above: u64,
    /// Rows at another temperature than that which is kept: the most frequent, the highest of those that
    /// are equally so.
    pub other_temperature: u64,
}

impl Unusable {
    /// All of them.
    pub fn total(self) -> u64 {
        self.empty + self.not_finite + self.negative + self.far_above + self.other_temperature
    }

    /// Those whose number cannot be one.
    pub(crate) fn impossible(self) -> u64 {
        self.total() - self.other_temperature
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.empty, "empty"),
            (self.not_finite, "not finite"),
            (self.negative, "negative"),
            (self.far_above, "above 100 times the highest target"),
            (self.other_temperature, "at another temperature than the one that is kept"),
        ];
        let said: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{count} {words}"))
            .collect();
        if said.is_empty() { f.write_str("none") } else { f.write_str(&said.join(", ")) }
    }
}
