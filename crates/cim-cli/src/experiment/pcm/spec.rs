//! The experiment as written in a file.

use cim_adc::{DacSpec, FullScale, Polarity};
use cim_core::{Amps, Hertz, Kelvin, Seconds, Volts};
use cim_crossbar::{Ambient, Wires};
use cim_device::compensation::Scope;
use cim_device::{Compensation, CompensationSpec, DeviceError, DeviceSpec};
use cim_nn::Recipe;
use cim_tile::{MappingSpec, Parts, Targets, TileError};
use serde::Deserialize;

use crate::error::CliError;

/// The built-in preset, as written.
pub const PCM: &str = include_str!("pcm.toml");

/// The only value of the key `experiment` for which this is the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Pcm,
}

/// The whole experiment.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub experiment: Kind,
    pub seed: u64,
    pub network: NetworkSpec,
    pub tile: TileSpec,
    pub device: DeviceSpec,
    pub circuit: CircuitSpec,
    pub converters: ConverterSpec,
    pub mapping: MappingSpec,
    pub compensation: MeasurementSpec,
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

/// Size of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TileSpec {
    pub rows: usize,
    /// Outputs (differential pairs).
    pub outputs: usize,
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
    pub full_scale: FullScale,
}

/// How drift is measured: [`CompensationSpec`] without its scope, as all scopes are compared.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasurementSpec {
    pub noise: Amps,
    pub repeats: u32,
    pub floor: Amps,
}

impl MeasurementSpec {
    /// The compensation with one factor for each `scope`.
    pub fn build(self, scope: Scope) -> Result<Compensation, DeviceError> {
        let Self { noise, repeats, floor } = self;
        CompensationSpec { scope, noise, repeats, floor }.build()
    }
}

/// How the inputs of layers are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationSpec {
    pub images: usize,
}

/// Recipes of the training runs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    pub digital: Recipe,
    pub noise: NoiseSpec,
}

/// Fine-tuning under Gaussian noise on the weights, through the noisy datapath.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseSpec {
    /// Standard deviation of the noise on every weight, as a fraction of the layer's largest.
    pub weight_noise: f64,
    pub recipe: Recipe,
}

/// On how many chips every point is measured, and when.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSpec {
    pub chips: usize,
    /// Times since programming, rising.
    pub times: Vec<Seconds>,
}

impl Spec {
    /// The same experiment within about a minute: fewer epochs, three times and half the chips.
    pub fn quick(mut self) -> Self {
        let times = &self.evaluation.times;
        if let [first, .., last] = times[..] {
            self.evaluation.times = vec![first, times[times.len() / 2], last];
            self.evaluation.times.dedup();
        }
        self.training.digital.epochs = self.training.digital.epochs.min(5);
        self.training.noise.recipe.epochs = self.training.noise.recipe.epochs.min(3);
        self.evaluation.chips = self.evaluation.chips.min(10);
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
        let device = self.parts()?.device;
        self.converters.full_scale.check().map_err(TileError::from)?;
        need(
            self.converters.full_scale != FullScale::Optimised,
            "converters.full_scale is left to the optimiser".into(),
            "choose a policy that needs none: worst-case, percentile or fixed",
        )?;
        self.compensation.build(Scope::Global)?;
        let times = &self.evaluation.times;
        need(
            2 <= times.len() && times.windows(2).all(|pair| pair[0] < pair[1]),
            "evaluation.times must rise".into(),
            "give at least two times since programming, from early to late",
        )?;
        for &time in times {
            device.fitted_times().check(time)?;
        }
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
            "give a fraction of the largest weight, from 0 to 1",
        )?;
        need(
            1 <= self.calibration.images,
            "there are no calibration images".into(),
            "raise calibration.images to 1 or more",
        )?;
        need(
            2 <= self.evaluation.chips,
            "an interval needs at least two chips".into(),
            "raise evaluation.chips",
        )
    }

    /// The parts of a chip, its cells used over the whole window of the device.
    ///
    /// # Errors
    /// [`CliError`] for a device, a converter or a surrounding that cannot be.
    pub fn parts(&self) -> Result<Parts, CliError> {
        let device = self.device.clone().build()?;
        let parts = Parts {
            mapping: self.mapping.build().map_err(TileError::from)?,
            window: device.window(),
            device,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn refusal(from: &str, to: &str) -> String {
        assert!(PCM.contains(from), "{from}");
        match config::parse::<Spec>("preset", &PCM.replace(from, to)) {
            Ok(spec) => spec.check().expect_err("must be refused").to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_preset_is_valid_and_quick_keeps_its_ends() {
        let spec: Spec = config::parse("pcm", PCM).expect("parses");
        spec.check().expect("valid");
        assert!(10 <= spec.evaluation.chips);
        let times = &spec.evaluation.times;
        let quick = spec.clone().quick();
        quick.check().expect("valid");
        assert_eq!(quick.evaluation.times, [times[0], times[2], times[4]]);
    }

    #[test]
    fn what_cannot_be_is_refused_before_any_work() {
        for (from, to, words) in [
            ("name = \"pcm\"", "name = \"pmc\"", "did you mean 'pcm'?"),
            ("\"1 s\", \"1 h\"", "\"1 h\", \"1 s\"", "must rise"),
            ("\"1 s\", \"1 h\"", "\"-1 s\", \"1 h\"", "zero or positive"),
            ("\"1 s\", \"1 h\"", "1, \"1 h\"", "bare number"),
            ("repeats = 256", "repeats = 0", "repeats"),
            ("weight_noise = 0.1", "weight_noise = -0.1", "weight_noise"),
            ("chips = 20", "chips = 1", "two chips"),
            ("images = 256", "images = 0", "calibration"),
            (
                "{ policy = \"fixed\", full_scale = \"49.8 uA\" }",
                "{ policy = \"optimised\" }",
                "optimiser",
            ),
            // Times at which the device is not known.
            ("name = \"pcm\"", "name = \"rram-wan\"", "not extrapolated"),
        ] {
            let error = refusal(from, to);
            assert!(error.contains(words), "{to}: {error}");
        }
    }
}
