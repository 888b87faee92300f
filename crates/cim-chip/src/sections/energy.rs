//! `[energy]`: what operations cost.

use cim_adc::energy::conversion;
use cim_core::{Farads, Hertz, Joules, Seconds, Volts};

use super::need::need_within;
use crate::error::ChipError;

pub use cim_tile::EnergySpec;

/// Checks prices, and that converters of `adc_bits` have one at this rate and node.
///
/// # Errors
/// [`ChipError`] for the first that cannot be.
pub fn check(energy: &EnergySpec, adc_bits: u32) -> Result<(), ChipError> {
    need_within("energy.node_nm", energy.node_nm, 0.1, 100_000.0)?;
    need_within("energy.supply", energy.supply, Volts(1e-3), Volts(1e3))?;
    need_within("energy.read_time", energy.read_time, Seconds(1e-12), Seconds(1e3))?;
    need_within("energy.dac_unit", energy.dac_unit, Farads::ZERO, Farads(1.0))?;
    for (key, price) in [
        ("energy.accumulate", energy.accumulate),
        ("energy.activation", energy.activation),
        ("energy.buffer_byte", energy.buffer_byte),
    ] {
        need_within(key, price, Joules::ZERO, Joules(1.0))?;
    }
    conversion(adc_bits, Hertz(1.0 / energy.read_time.0), energy.node_nm)?;
    Ok(())
}
