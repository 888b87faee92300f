//! The sections of a preset that make chips, whatever else it says.

use cim_core::Stream;
use cim_tile::{Parts, Targets};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::chip::ChipSpec;
use crate::design::ChipDesign;
use crate::error::ChipError;
use crate::inputs::LayerInputs;
use crate::mapped::Mapped;
use crate::scaling::Scaling;
use crate::sections::{
    CalibrationSpec, CircuitSpec, ClipSpec, CompensationSpec, ConverterSpec, DeviceSpec,
    EnergySpec, EvaluationSpec, FrontEnd, MappingSpec, OptimiserSpec, ScalingSpec, TileSpec, Wires,
    energy,
};

/// A chip as a preset describes it: what of any study's preset is not of its own network.
///
/// A study's sections are known and left alone (its own check reads them); others are refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "sections of studies are known, so that a slip is refused, and left alone"
)]
pub struct ChipPreset {
    /// Seed of all randomness.
    pub seed: u64,
    /// Size of a tile.
    pub tile: TileSpec,
    /// The cell.
    pub device: DeviceSpec,
    /// How cells are read.
    pub circuit: CircuitSpec,
    /// Converters and how full scales are set.
    pub converters: ConverterSpec,
    /// Drivers, amplifiers and converters as far as they are not ideal.
    #[serde(default)]
    pub front_end: FrontEnd,
    /// Wires of the arrays.
    pub wires: Wires,
    /// How weights become conductances.
    pub mapping: MappingSpec,
    /// Prices of operations; without them no energy is told.
    pub energy: Option<EnergySpec>,
    /// How designs are optimised.
    pub optimiser: Option<OptimiserSpec>,
    /// Samples on which designs are set.
    pub calibration: Option<CalibrationSpec>,
    /// How far weights and inputs reach; left out, up to the largest.
    pub clips: Option<ClipSpec>,
    /// How weights are scaled where no design says so; left out, not at all.
    pub scaling: Option<ScalingSpec>,
    /// How drift is measured.
    pub compensation: Option<CompensationSpec>,
    /// Chips.
    pub evaluation: Option<EvaluationSpec>,
    #[serde(default, skip_serializing)]
    experiment: IgnoredAny,
    #[serde(default, skip_serializing)]
    network: IgnoredAny,
    #[serde(default, skip_serializing)]
    data: IgnoredAny,
    #[serde(default, skip_serializing)]
    training: IgnoredAny,
    #[serde(default, skip_serializing)]
    digital: IgnoredAny,
    #[serde(default, skip_serializing)]
    holdout: IgnoredAny,
    #[serde(default, skip_serializing)]
    choices: IgnoredAny,
    #[serde(default, skip_serializing)]
    networks: IgnoredAny,
    #[serde(default, skip_serializing)]
    sweeps: IgnoredAny,
    #[serde(default, skip_serializing)]
    error_model: IgnoredAny,
    #[serde(default, skip_serializing)]
    drift: IgnoredAny,
    #[serde(default, skip_serializing)]
    gains: IgnoredAny,
}

impl ChipPreset {
    /// Checks every section and builds the parts of the naive design.
    ///
    /// # Errors
    /// [`ChipError`] for the first that cannot be.
    pub fn parts(&self) -> Result<Parts, ChipError> {
        let (device, circuit, converters) = (&self.device, &self.circuit, &self.converters);
        let (tile, wires, mapping, front_end) =
            (self.tile, self.wires, self.mapping, &self.front_end);
        // Converters first: prices ask for their resolution, too.
        let chip = ChipSpec { tile, device, circuit, converters, front_end, wires, mapping };
        let parts = chip.build(Targets::Nominal)?;
        if let Some(prices) = &self.energy {
            energy::check(prices, self.converters.adc_bits)?;
        }
        if let Some(optimiser) = &self.optimiser {
            optimiser.check(&self.circuit)?;
        }
        if let Some(calibration) = &self.calibration {
            calibration.check()?;
        }
        if let Some(clips) = &self.clips {
            clips.check()?;
        }
        if let Some(evaluation) = &self.evaluation {
            evaluation.check()?;
        }
        Ok(parts)
    }

    /// The design that the preset says for a network: clips at its percentiles, full scales by its policy.
    ///
    /// # Errors
    /// As [`ChipDesign::by_policy`].
    pub fn design(
        &self,
        parts: Parts,
        network: &impl Mapped,
        inputs: &LayerInputs,
    ) -> Result<ChipDesign, ChipError> {
        let policy = self.converters.full_scale;
        let design = ChipDesign::by_policy(parts, network, inputs, policy)?;
        let Some(ClipSpec { weight_percentile, input_percentile }) = self.clips else {
            return Ok(design);
        };
        let clipped = design.clipped_at(network, inputs, weight_percentile, input_percentile);
        clipped.with_policy(network, inputs, policy)
    }

    /// How every product is scaled where no design says so.
    pub fn scaling(&self) -> Scaling {
        self.scaling.map_or(Scaling::None, |section| section.by)
    }

    /// Address of all chips.
    pub fn chips(&self) -> Stream {
        Stream::root(self.seed).child("evaluate", 0)
    }
}
