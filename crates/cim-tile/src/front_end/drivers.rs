//! How row drivers are fed.

use serde::{Deserialize, Serialize};

/// How much energy a row takes from the supply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drivers {
    /// From a source of the row's own voltage without loss: what the cells dissipate, `V I t`.
    #[default]
    Lossless,
    /// Through a linear driver from the supply, such as a class-B buffer or a switch to a regulated
    /// line: `V_dd I t`, whatever the row's voltage. Rows above the supply are fed from their own
    /// largest voltage, without the loss of making it.
    Supply,
}
