//! What writes cost.

use cim_core::{Joules, Seconds};
use serde::{Deserialize, Serialize};

use super::bank::Counts;

/// Prices of one write.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// From high to low resistance (J).
    pub set: Joules,
    /// From low to high resistance (J).
    pub reset: Joules,
    /// Time of one write (s); cells of an array are written one by one.
    pub time: Seconds,
    /// Writes that a cell lives through.
    pub endurance: f64,
}

/// What one pass over the network costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bill {
    /// Energy of all writes.
    pub energy: Joules,
    /// Time of all writes of the crossbar that has most, others beside it.
    pub time: Seconds,
    /// Passes until the first cell is worn out.
    pub passes: f64,
}

impl Prices {
    /// The bill of one pass.
    pub fn bill(&self, counts: &Counts) -> Bill {
        Bill {
            energy: Joules(counts.set as f64 * self.set.0 + counts.reset as f64 * self.reset.0),
            time: Seconds(counts.most_of_a_crossbar as f64 * self.time.0),
            passes: self.endurance / f64::from(counts.most_of_a_cell.max(1)),
        }
    }
}
