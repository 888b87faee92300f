//! The answer of the program, with its certificate.

use cim_core::{Amps, Joules, Siemens, Volts};

use crate::certificate::Certificate;
use crate::cost::Budget;

/// A certified choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Least conductance to use.
    pub g_min: Siemens,
    /// Greatest conductance to use.
    pub g_max: Siemens,
    /// Voltage of a full drive.
    pub read_voltage: Volts,
    /// Full scale of each tile's ADC.
    pub full_scale: Vec<Amps>,
    /// The same in units of each tile's output, `FS / (V ΔG)`.
    pub ranges: Vec<f64>,
    /// `Σ weight × variance` over the tiles.
    pub objective: f64,
    /// The same by source.
    pub budget: Budget,
    /// The same by tile and source.
    pub tiles: Vec<Budget>,
    /// Array and sense-amplifier energy per inference.
    pub energy: Joules,
    /// Whether the full-scale ceiling was active, so that the program was tightened around its
    /// own solution and solved again; see [`Certificate::relaxed_gap`].
    pub ceiling_tightened: bool,
    /// Why to believe it.
    pub certificate: Certificate,
}
