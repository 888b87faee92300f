//! The experiment as written in a file.

use std::sync::Arc;

use cim_adc::{DacSpec, FullScale, Polarity};
use cim_core::{Amps, Hertz, Kelvin, Ohms, Volts};
use cim_crossbar::{Ambient, Wires};
use cim_device::{Device, GaussianSpec};
use cim_nn::Recipe;
use cim_tile::{Fit, GainCalibration, MappingSpec, Parts, Targets, TileError};
use serde::Deserialize;

use crate::error::CliError;

/// The built-in preset, as written.
pub const IR_DROP: &str = include_str!("ir-drop.toml");

/// The only value of the key `experiment` for which this is the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    IrDrop,
}

/// The whole experiment.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub experiment: Kind,
    pub seed: u64,
    pub network: NetworkSpec,
    pub arrays: ArraySpec,
    pub device: GaussianSpec,
    pub circuit: CircuitSpec,
    pub converters: ConverterSpec,
    pub mapping: MappingSpec,
    pub calibration: CalibrationSpec,
    pub training: TrainingSpec,
    pub evaluation: EvaluationSpec,
}

/// Widths of the perceptron, inputs first.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    pub widths: Vec<usize>,
}

/// Rows of the square arrays, and the wires that are swept: one cell pitch of rows and columns.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArraySpec {
    pub rows: Vec<usize>,
    pub wires: Vec<Ohms>,
}

/// The circuit around the cells.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CircuitSpec {
    pub read_voltage: Volts,
    pub temperature: Kelvin,
    pub bandwidth: Hertz,
    pub amplifier_factor: f64,
    pub fano_factor: f64,
}

/// Converters.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConverterSpec {
    pub dac_bits: u32,
    pub dac_polarity: Polarity,
    pub adc_bits: u32,
    pub adc_noise: Amps,
    pub full_scale: FullScale,
}

/// How full scales and gains are set.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationSpec {
    pub images: usize,
    pub gain_images: usize,
    pub fit: Fit,
    pub measurement_noise: f64,
}

impl CalibrationSpec {
    /// The measurement of gains.
    pub fn gains(&self) -> GainCalibration {
        GainCalibration { fit: self.fit, measurement_noise: self.measurement_noise }
    }
}

/// Recipes of the training runs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    pub digital: Recipe,
    pub noise: NoiseSpec,
}

/// Fine-tuning under Gaussian noise.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseSpec {
    /// Standard deviation of the noise on every weight, as a fraction of the weight clip.
    pub weight_noise: f64,
    pub recipe: Recipe,
}

/// On how many chips every point is measured.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSpec {
    pub chips: usize,
}

impl Spec {
    /// The same experiment within about a minute: one size, fewer resistances, epochs and chips.
    pub fn quick(mut self) -> Self {
        let middle = self.arrays.rows.len() / 2;
        self.arrays.rows = vec![self.arrays.rows[middle]];
        if let [first, _, .., last] = self.arrays.wires[..] {
            let middle = self.arrays.wires[self.arrays.wires.len() / 2];
            self.arrays.wires = vec![first, middle, last];
        }
        self.training.digital.epochs = self.training.digital.epochs.min(5);
        self.training.noise.recipe.epochs = self.training.noise.recipe.epochs.min(2);
        self.evaluation.chips = self.evaluation.chips.min(3);
        self
    }

    /// Checks everything that the experiment needs before any work is done.
    ///
    /// # Errors
    /// [`CliError`] for the first value that cannot be.
    pub fn check(&self) -> Result<(), CliError> {
        let need = |ok: bool, what: String, help: &str| {
            if ok { Ok(()) } else { Err(CliError::Usage { what, help: help.to_owned() }) }
        };
        let ArraySpec { rows, wires } = &self.arrays;
        need(
            !rows.is_empty() && rows.iter().all(|&rows| 2 <= rows),
            format!("arrays.rows is {rows:?}"),
            "give the rows of at least one array, each 2 or more",
        )?;
        need(
            !wires.is_empty() && wires.windows(2).all(|pair| pair[0] < pair[1]),
            "arrays.wires must rise".into(),
            "give at least one resistance per cell, from small to large",
        )?;
        for (&rows, &ohm) in rows.iter().zip(wires.iter().cycle()) {
            self.parts(rows, ohm, Targets::Nominal)?;
        }
        for &ohm in wires {
            self.parts(rows[0], ohm, Targets::Nominal)?;
        }
        self.converters.full_scale.check().map_err(TileError::from)?;
        self.training.digital.check()?;
        self.training.noise.recipe.check()?;
        let widths = &self.network.widths;
        need(
            2 <= widths.len() && !widths.contains(&0),
            format!("network.widths is {widths:?}"),
            "give at least two widths, inputs first",
        )?;
        let sigma = self.training.noise.weight_noise;
        need(
            (0.0..=1.0).contains(&sigma),
            format!("training.noise.weight_noise is {sigma}"),
            "give a fraction of the weight clip, from 0 to 1",
        )?;
        need(
            1 <= self.calibration.images && 1 <= self.calibration.gain_images,
            "there are no calibration images".into(),
            "raise calibration.images and calibration.gain_images to 1 or more",
        )?;
        let noise = self.calibration.measurement_noise;
        need(
            0.0 <= noise && noise.is_finite(),
            format!("calibration.measurement_noise is {noise}"),
            "give zero or a positive number of output units",
        )?;
        need(
            2 <= self.evaluation.chips,
            "an interval needs at least two chips".into(),
            "raise evaluation.chips",
        )
    }

    /// The parts of square arrays on wires of `ohm` a cell.
    ///
    /// # Errors
    /// [`TileError`] for a device, a converter or a surrounding that cannot be.
    pub fn parts(&self, rows: usize, ohm: Ohms, targets: Targets) -> Result<Parts, TileError> {
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
            wires: Wires::new(ohm, ohm),
            targets,
            rows,
            outputs: rows / 2,
        };
        parts.check()?;
        Ok(parts)
    }
}
