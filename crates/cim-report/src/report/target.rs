//! What a figure must reach, and whether it does: one rule for all reports.

use serde::{Deserialize, Serialize};

use super::estimate::Estimate;

/// What a figure must reach, and whether it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The target as text, such as `≥ 97 %`.
    #[serde(rename = "target")]
    pub text: String,
    /// Whether it is met, and how surely.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Whether a target is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the mean meets it.
    pub met: bool,
    /// Whether the interval reaches across the target, so that `met` is of the mean alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}

impl Verdict {
    /// Both: met where both are, and told where what decides is.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let met = self.met && other.met;
        let misses = |one: Self| !one.met && !one.open;
        let open = (self.open || other.open) && !misses(self) && !misses(other);
        Self { met, open }
    }
}

/// Where a figure must lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// Here or above.
    AtLeast(f64),
    /// Here or below.
    AtMost(f64),
    /// From the first to the second.
    Between(f64, f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => least <= value,
            Self::AtMost(most) => value <= most,
            Self::Between(least, most) => least <= value && value <= most,
        }
    }

    /// The verdict over a figure with an interval: met or missed by the mean, open where an end of the
    /// interval says otherwise.
    pub fn of(self, told: impl Into<Told>) -> Verdict {
        let Told { mean, low, high } = told.into();
        let met = self.holds(mean);
        // What is allowed may lie inside an interval whose ends are both outside of it.
        let reached = match self {
            Self::AtLeast(least) => least <= high,
            Self::AtMost(most) => low <= most,
            Self::Between(least, most) => least <= high && low <= most,
        };
        let left = !self.holds(low) || !self.holds(high);
        Verdict { met, open: if met { left } else { reached } }
    }
}

/// A figure with the ends of its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// The figure.
    pub mean: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl From<Estimate> for Told {
    fn from(Estimate { mean, ci95, .. }: Estimate) -> Self {
        Self { mean, low: mean - ci95, high: mean + ci95 }
    }
}

/// A figure that has no interval.
impl From<f64> for Told {
    fn from(mean: f64) -> Self {
        Self { mean, low: mean, high: mean }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(bound: Bound, mean: f64, ci95: f64) -> (bool, bool) {
        let Verdict { met, open } = bound.of(Estimate { mean, ci95, chips: 3 });
        (met, open)
    }

    #[test]
    fn the_mean_decides_and_the_interval_says_how_surely() {
        for (bound, mean, ci95, expected) in [
            (Bound::AtLeast(10.0), 12.0, 1.0, (true, false)),
            (Bound::AtLeast(10.0), 12.0, 3.0, (true, true)),
            (Bound::AtLeast(10.0), 9.0, 3.0, (false, true)),
            (Bound::AtLeast(10.0), 9.0, 0.5, (false, false)),
            (Bound::AtMost(0.5), 0.4, 0.2, (true, true)),
            (Bound::AtMost(0.5), 0.9, 0.2, (false, false)),
            (Bound::Between(94.0, 96.0), 95.0, 0.5, (true, false)),
            (Bound::Between(94.0, 96.0), 95.0, 3.0, (true, true)),
            (Bound::Between(94.0, 96.0), 97.0, 0.5, (false, false)),
            (Bound::Between(94.0, 96.0), 97.0, 1.5, (false, true)),
            (Bound::Between(94.0, 96.0), 97.0, 9.0, (false, true)),
            (Bound::Between(94.0, 96.0), 93.0, 9.0, (false, true)),
        ] {
            assert_eq!(verdict(bound, mean, ci95), expected, "{bound:?} {mean} ± {ci95}");
        }
    }

    #[test]
    fn two_targets_are_missed_surely_where_one_is() {
        let [met, open, missed] = [(2.0, 0.5), (1.0, 0.5), (0.0, 0.5)]
            .map(|(mean, ci95)| Bound::AtLeast(1.0).of(Estimate { mean, ci95, chips: 2 }));
        assert_eq!(met.and(open), Verdict { met: true, open: true });
        assert_eq!(open.and(missed), Verdict { met: false, open: false });
        assert_eq!(met.and(met), met);
    }
}
