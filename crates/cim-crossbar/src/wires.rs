//! Wires of an array: the seam at which resistance enters.

use cim_core::Ohms;
use serde::{Deserialize, Serialize};

use crate::error::CircuitError;

/// Which ends of a set of parallel lines are connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ends {
    /// The near end only: left for rows, bottom for columns.
    #[default]
    One,
    /// Both ends.
    Both,
}

/// Resistance of the wires of an array, the same for all rows and for all columns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wires {
    /// One cell pitch of row wire.
    pub row: Ohms,
    /// One cell pitch of column wire.
    pub column: Ohms,
    /// All that lies between a driver and the first cell of its row; left out, one cell pitch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Ohms>,
    /// All that lies between the last cell of a column and virtual ground; left out, one cell
    /// pitch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sense: Option<Ohms>,
    /// Ends from which rows are driven; left out, the left ends.
    #[serde(default, skip_serializing_if = "is_one")]
    pub driven: Ends,
    /// Ends at which columns are sensed; left out, the bottom ends.
    #[serde(default, skip_serializing_if = "is_one")]
    pub sensed: Ends,
}

fn is_one(ends: &Ends) -> bool {
    *ends == Ends::One
}

impl Wires {
    /// Ideal wires: every cell sees the full row voltage and a virtual ground.
    pub const NONE: Self = Self::new(Ohms::ZERO, Ohms::ZERO);

    /// Wires of a resistance per cell pitch, driven from the left and sensed at the bottom through
    /// one pitch.
    pub const fn new(row: Ohms, column: Ohms) -> Self {
        Self { row, column, source: None, sense: None, driven: Ends::One, sensed: Ends::One }
    }

    /// Between a driver and the first cell of its row.
    pub fn source(&self) -> Ohms {
        self.source.unwrap_or(self.row)
    }

    /// Between the last cell of a column and virtual ground.
    pub fn sense(&self) -> Ohms {
        self.sense.unwrap_or(self.column)
    }

    /// Whether no current meets any resistance.
    pub fn are_ideal(&self) -> bool {
        [self.row, self.column, self.source(), self.sense()].iter().all(|&r| r == Ohms::ZERO)
    }

    /// Checks every resistance.
    ///
    /// # Errors
    /// [`CircuitError::Wires`] naming the first that is negative or not finite.
    pub fn check(&self) -> Result<(), CircuitError> {
        for (name, resistance) in [
            ("row wires", self.row),
            ("column wires", self.column),
            ("the source", self.source()),
            ("the sense", self.sense()),
        ] {
            if !(0.0 <= resistance.0 && resistance.is_finite()) {
                return Err(CircuitError::Wires { name, resistance });
            }
        }
        Ok(())
    }
}
