//! From sections to parts: the one place where a chip is put together.

use cim_crossbar::Wires;
use cim_tile::{Parts, Targets, TileError};

use crate::error::ChipError;
use crate::sections::{
    CircuitSpec, ConverterSpec, DeviceSpec, FrontEnd, MappingSpec, TileSpec, device, front_end,
    wires,
};

/// What a chip is made of, as its sections say.
#[derive(Clone, Copy, Debug)]
pub struct ChipSpec<'a> {
    /// `[tile]`.
    pub tile: TileSpec,
    /// `[device]`.
    pub device: &'a DeviceSpec,
    /// `[circuit]`.
    pub circuit: &'a CircuitSpec,
    /// `[converters]`.
    pub converters: &'a ConverterSpec,
    /// `[wires]`.
    pub wires: Wires,
    /// `[front_end]`.
    pub front_end: &'a FrontEnd,
    /// `[mapping]`.
    pub mapping: MappingSpec,
}

impl ChipSpec<'_> {
    /// Checks every section and builds the parts, over the device's whole window.
    ///
    /// # Errors
    /// [`ChipError`] for the first that cannot be.
    pub fn build(&self, targets: Targets) -> Result<Parts, ChipError> {
        self.tile.check()?;
        self.circuit.check()?;
        self.converters.check()?;
        wires::check(&self.wires)?;
        front_end::check(self.front_end, self.converters)?;
        let device = device::build(self.device)?;
        let parts = Parts {
            mapping: self.mapping.build().map_err(TileError::from)?,
            window: device.window(),
            device,
            read_voltage: self.circuit.read_voltage,
            dac: self.converters.dac(),
            adc_bits: self.converters.adc_bits,
            adc_noise: self.converters.adc_noise,
            ambient: self.circuit.ambient(),
            wires: self.wires,
            front_end: self.front_end.clone(),
            targets,
            rows: self.tile.rows,
            outputs: self.tile.outputs,
        };
        parts.check()?;
        Ok(parts)
    }
}
