//! `[energy]`: what operations cost.

use cim_adc::energy::conversion;
use cim_core::Hertz;

use super::need::{need_not_negative, need_positive};
use crate::error::ChipError;

pub use cim_tile::EnergySpec;

/// Checks prices, and that converters of `adc_bits` have one at this rate and node.
///
/// # Errors
/// [`ChipError`] for the first that cannot be.
pub fn check(energy: &EnergySpec, adc_bits: u32) -> Result<(), ChipError> {
    need_positive("energy.node_nm", energy.node_nm, energy.node_nm)?;
    need_positive("energy.supply", energy.supply.0, energy.supply)?;
    need_positive("energy.read_time", energy.read_time.0, energy.read_time)?;
    need_not_negative("energy.dac_unit", energy.dac_unit.0, energy.dac_unit)?;
    need_not_negative("energy.accumulate", energy.accumulate.0, energy.accumulate)?;
    need_not_negative("energy.activation", energy.activation.0, energy.activation)?;
    need_not_negative("energy.buffer_byte", energy.buffer_byte.0, energy.buffer_byte)?;
    conversion(adc_bits, Hertz(1.0 / energy.read_time.0), energy.node_nm)?;
    Ok(())
}
