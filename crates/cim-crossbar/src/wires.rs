//! Wires of an array: the seam at which resistance enters.

use cim_core::Ohms;
use serde::{Deserialize, Serialize};

use crate::error::CircuitError;

/// Resistance of the wires, per cell pitch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wires {
    /// One cell pitch of row wire.
    pub row: Ohms,
    /// One cell pitch of column wire.
    pub column: Ohms,
}

impl Wires {
    /// Ideal wires: every cell sees the full row voltage and a virtual ground.
    pub const NONE: Self = Self { row: Ohms::ZERO, column: Ohms::ZERO };

    /// Refuses wires that the ohmic solver does not model.
    ///
    /// # Errors
    /// [`CircuitError::Wires`] for any resistance but zero.
    pub fn check_ideal(self) -> Result<(), CircuitError> {
        if self == Self::NONE {
            Ok(())
        } else {
            Err(CircuitError::Wires { row: self.row, column: self.column })
        }
    }
}
