//! The experiment as written in a file.

use std::sync::Arc;

use cim_adc::energy::conversion;
use cim_adc::{DacSpec, Polarity, UniformSpec};
use cim_core::{Amps, Hertz, Joules, Kelvin, Volts};
use cim_crossbar::{Ambient, Wires};
use cim_device::{Device, GaussianSpec};
use cim_nn::Recipe;
use cim_tile::{EnergySpec, MappingSpec, Parts, Targets, TileError};
use serde::Deserialize;

use crate::error::CliError;

/// The preset that stands for the paper, as written.
pub const PAPER: &str = include_str!("paper.toml");

/// The whole experiment.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub seed: u64,
    pub network: NetworkSpec,
    pub tile: TileSpec,
    pub device: GaussianSpec,
    pub circuit: CircuitSpec,
    pub converters: ConverterSpec,
    pub mapping: MappingSpec,
    pub energy: EnergySpec,
    pub digital: DigitalSpec,
    pub optimiser: OptimiserSpec,
    pub training: TrainingSpec,
    pub evaluation: EvaluationSpec,
}

/// Widths of the perceptron, inputs first.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    pub widths: Vec<usize>,
}

/// Size of a tile: rows and outputs.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TileSpec {
    pub rows: usize,
    pub outputs: usize,
}

/// The circuit around the cells.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CircuitSpec {
    pub read_voltage: Volts,
    pub least_read_voltage: Volts,
    pub disturb_voltage: Volts,
    pub temperature: Kelvin,
    pub bandwidth: Hertz,
    pub amplifier_factor: f64,
    pub fano_factor: f64,
    pub wires: Wires,
}

/// Converters.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConverterSpec {
    pub dac_bits: u32,
    pub dac_polarity: Polarity,
    pub adc_bits: u32,
    pub adc_noise: Amps,
}

/// Prices of the digital baseline.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigitalSpec {
    pub mac: Joules,
    pub sram_8kb_byte: Joules,
    pub sram_1mb_byte: Joules,
}

/// How the design is optimised.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimiserSpec {
    pub calibration_images: usize,
    pub histogram_bins: usize,
    pub least_clip: f64,
    pub clip_points: usize,
    pub energy_tolerance: f64,
    /// Fraction of the searched weight clip within which the full method fine-tunes: weights that
    /// are trained for their clip bear a tighter one than weights that are only cut.
    pub trained_clip: f64,
}

/// Recipes of the training runs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    pub digital: Recipe,
    pub single: Recipe,
    pub full: Recipe,
    pub bits: Recipe,
}

/// What is evaluated on how many chips.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSpec {
    pub chips: usize,
    pub sweep_chips: usize,
    pub model_chips: usize,
    pub model_images: usize,
    pub bits: Vec<u32>,
    pub programming_scale: Vec<f64>,
    pub temperatures: Vec<Kelvin>,
    pub bandwidths: Vec<Hertz>,
}

impl Spec {
    /// The same experiment within a minute: fewer epochs and chips, which widens the intervals and
    /// lowers the accuracies a little.
    pub fn quick(mut self) -> Self {
        self.training.digital.epochs = self.training.digital.epochs.min(5);
        self.training.single.epochs = self.training.single.epochs.min(1);
        self.training.full.epochs = self.training.full.epochs.min(5);
        self.training.bits.epochs = self.training.bits.epochs.min(1);
        let evaluation = &mut self.evaluation;
        evaluation.chips = evaluation.chips.min(20);
        evaluation.sweep_chips = evaluation.sweep_chips.min(3);
        evaluation.model_chips = evaluation.model_chips.min(300);
        self
    }

    /// Checks everything that the experiment needs before any work is done.
    ///
    /// # Errors
    /// [`CliError`] for the first value that cannot be.
    pub fn check(&self) -> Result<(), CliError> {
        self.parts()?;
        let need = |ok: bool, what: String, help: &str| {
            if ok { Ok(()) } else { Err(CliError::Usage { what, help: help.to_owned() }) }
        };
        let training = &self.training;
        for recipe in [&training.digital, &training.single, &training.full, &training.bits] {
            recipe.check()?;
        }
        let widths = &self.network.widths;
        need(
            widths.len() == 4 && !widths.contains(&0),
            format!("network.widths is {widths:?}"),
            "this experiment has three layers: give four widths, inputs first",
        )?;
        let bits = self.evaluation.bits.iter().chain([&self.converters.adc_bits]);
        for &bits in bits {
            let full_scale = Amps(1e-6);
            let adc = UniformSpec { bits, full_scale, input_noise: self.converters.adc_noise };
            adc.build().map_err(TileError::from)?;
            conversion(bits, Hertz(1.0 / self.energy.read_time.0), self.energy.node_nm)
                .map_err(TileError::from)?;
        }
        let (least, most) = (self.circuit.least_read_voltage, self.circuit.disturb_voltage);
        let read = self.circuit.read_voltage;
        need(
            0.0 < least.0 && least.0 <= read.0 && read.0 <= most.0 && most.is_finite(),
            format!("read_voltage {read} is outside {least} to {most}"),
            "keep least_read_voltage <= read_voltage <= disturb_voltage, all positive",
        )?;
        let optimiser = &self.optimiser;
        need(
            1 <= optimiser.calibration_images
                && 4 <= optimiser.histogram_bins
                && 2 <= optimiser.clip_points,
            "the optimiser has too few calibration images, bins or clips".into(),
            "use at least 1 calibration image, 4 histogram bins and 2 clip points",
        )?;
        need(
            0.0 < optimiser.least_clip && optimiser.least_clip <= 1.0,
            format!("optimiser.least_clip is {}", optimiser.least_clip),
            "give the smallest clip as a fraction of the largest weight, above 0 and up to 1",
        )?;
        need(
            0.0 < optimiser.energy_tolerance && optimiser.energy_tolerance.is_finite(),
            format!("optimiser.energy_tolerance is {}", optimiser.energy_tolerance),
            "give the error that may be traded for energy as a positive fraction, such as 0.02",
        )?;
        need(
            0.0 < optimiser.trained_clip && optimiser.trained_clip <= 1.0,
            format!("optimiser.trained_clip is {}", optimiser.trained_clip),
            "give a fraction of the searched weight clip, above 0 and up to 1",
        )?;
        let evaluation = &self.evaluation;
        need(
            2 <= evaluation.chips && 2 <= evaluation.sweep_chips && 2 <= evaluation.model_chips,
            "an interval needs at least two chips".into(),
            "raise evaluation.chips, sweep_chips or model_chips",
        )?;
        need(
            1 <= evaluation.model_images,
            "evaluation.model_images is 0".into(),
            "use at least one image for the error model",
        )
    }

    /// The parts of the naive design: the device's whole window, the nominal read voltage.
    ///
    /// # Errors
    /// [`TileError`] for a device, a converter or a surrounding that cannot be.
    pub fn parts(&self) -> Result<Parts, TileError> {
        let device = self.device.clone().build()?;
        let parts = Parts {
            mapping: self.mapping.build()?,
            window: device.window(),
            device: Arc::new(device),
            read_voltage: self.circuit.read_voltage,
            dac: DacSpec { bits: self.converters.dac_bits, polarity: self.converters.dac_polarity },
            adc_bits: self.converters.adc_bits,
            adc_noise: self.converters.adc_noise,
            ambient: Ambient {
                temperature: self.circuit.temperature,
                bandwidth: self.circuit.bandwidth,
                amplifier_factor: self.circuit.amplifier_factor,
                fano_factor: self.circuit.fano_factor,
            },
            wires: self.circuit.wires,
            targets: Targets::Nominal,
            rows: self.tile.rows,
            outputs: self.tile.outputs,
        };
        parts.check()?;
        Ok(parts)
    }
}
