//! The study as written in a file.

use cim_chip::sections::{DataSpec, EvaluationSpec, need, need_not_negative, need_positive};
use cim_core::{Amps, Farads, Kelvin, Stream, Volts};
use cim_dynamics::log_domain::{Bias, Converters, LearnerSpec, Prices, Sgdr, Transistors};
use serde::{Deserialize, Serialize};

use crate::error::StudyError;
use crate::experiment::Experiment;
use crate::shared::thin::thin;
use crate::study::{StudySpec, shared_keys};

/// The learner, its circuit and its tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    pub experiment: Experiment,
    /// Of tasks, mismatch and thermal noise.
    pub seed: u64,
    /// Images of the network of two layers.
    pub data: DataSpec,
    /// What the circuit is to follow.
    pub rule: Sgdr,
    /// The circuit.
    pub learner: LearnerPartsSpec,
    /// What things cost.
    pub prices: PriceSpec,
    /// The first task.
    pub regression: RegressionSpec,
    /// The second task.
    pub digits: DigitsSpec,
    /// The third task.
    pub layers: LayersSpec,
    /// What is varied.
    pub sweeps: SweepSpec,
    /// The circuit in transistors.
    pub simulation: SimulationSpec,
    /// Circuits of every figure.
    pub evaluation: EvaluationSpec,
}

/// The circuit of a learner, as typical devices make it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearnerPartsSpec {
    /// Capacitor of each current.
    pub capacitance: Farads,
    /// Current of a weight, input or error of one.
    pub unit: Amps,
    /// Least current of a split, 1e-12 to 0.1 units.
    pub least: Amps,
    /// 200 to 450 K.
    pub temperature: Kelvin,
    /// What bias currents do with temperature.
    pub bias: Bias,
    /// Bits of the converters around it, 2 to 16.
    pub bits: u32,
    /// Its devices.
    pub transistors: Transistors,
}

/// What things cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceSpec {
    /// Supply.
    pub supply: Volts,
    /// Capacitance of a square micrometre.
    pub capacitor: Farads,
}

/// Linear laws to be learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegressionSpec {
    /// Numbers of inputs beside the constant, rising, the last for everything that is varied.
    pub inputs: Vec<usize>,
    /// Samples of a law.
    pub samples: usize,
    /// Standard deviation of the targets around it.
    pub noise: f64,
    /// Presentations.
    pub presentations: usize,
}

/// Digits of two classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigitsSpec {
    /// Folder of the digits.
    pub folder: String,
    /// Principal components, 1 to 64.
    pub components: usize,
    /// Presentations.
    pub presentations: usize,
    /// Learning rate.
    pub rate: f64,
    /// Decay.
    pub decay: f64,
}

/// A network of two layers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayersSpec {
    /// Principal components, 1 to 64.
    pub components: usize,
    /// Hidden units.
    pub hidden: usize,
    /// Images to learn from.
    pub images: usize,
    /// Presentations.
    pub presentations: usize,
    /// Learning rate.
    pub rate: f64,
    /// Decay.
    pub decay: f64,
    /// Standard deviation of the first layer's weights before learning.
    pub spread: f64,
    /// Presentations between two records of the weights.
    pub record_every: usize,
}

/// What is varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepSpec {
    /// Bits of the converters, each 2 to 16.
    pub bits: Vec<u32>,
    /// Learning rates.
    pub rates: Vec<f64>,
    /// Decays.
    pub decays: Vec<f64>,
    /// Temperatures, each 200 to 450 K.
    pub temperatures: Vec<Kelvin>,
    /// Gate areas of the devices (µm²).
    pub areas_um2: Vec<f64>,
}

/// The circuit in transistors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulationSpec {
    /// Presentations.
    pub presentations: usize,
    /// Learning rate.
    pub rate: f64,
    /// Least current of a split.
    pub least: Amps,
}

impl StudySpec for Spec {
    shared_keys!();
    const ONCE: &'static [&'static str] = &[
        "sweeps.bits",
        "sweeps.rates",
        "sweeps.decays",
        "sweeps.temperatures",
        "sweeps.areas_um2",
    ];

    /// The same study within seconds: fewer circuits and presentations, ends and middles of what is
    /// varied.
    fn quick(mut self) -> Self {
        self.evaluation.chips = self.evaluation.chips.min(5);
        self.layers.images = self.layers.images.min(2000);
        self.layers.presentations = self.layers.presentations.min(2000);
        self.simulation.presentations = self.simulation.presentations.min(4);
        thin(&mut self.sweeps.rates);
        thin(&mut self.sweeps.decays);
        thin(&mut self.sweeps.temperatures);
        thin(&mut self.sweeps.areas_um2);
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        self.data.check()?;
        self.evaluation.check()?;
        self.check_circuit()?;
        self.check_tasks()?;
        self.check_sweeps()
    }
}

impl Spec {
    /// The circuit that follows a rule with devices that match: only converters round.
    pub fn matched(&self, rule: Sgdr) -> LearnerSpec {
        let LearnerPartsSpec { capacitance, unit, least, temperature, bias, bits, transistors } =
            self.learner;
        let transistors = Transistors { early_per_v: 0.0, mismatch_v_um: 0.0, ..transistors };
        let converters = Converters::Bits(bits);
        LearnerSpec {
            rule,
            capacitance,
            unit,
            least,
            transistors,
            temperature,
            bias,
            noise: 0.0,
            converters,
        }
    }

    /// The circuit that follows a rule with all that is modelled of its devices.
    pub fn typical(&self, rule: Sgdr) -> LearnerSpec {
        LearnerSpec { transistors: self.learner.transistors, noise: 1.0, ..self.matched(rule) }
    }

    /// The rule with other constants.
    pub fn rule(&self, rate: f64, decay: f64) -> Sgdr {
        Sgdr { rate, decay, ..self.rule }
    }

    /// Prices of a bill.
    pub fn prices(&self) -> Prices {
        let PriceSpec { supply, capacitor } = self.prices;
        Prices { supply, density_f_per_um2: capacitor.0 }
    }

    fn check_circuit(&self) -> Result<(), StudyError> {
        let in_range = |bits: u32| (2..=16).contains(&bits);
        need(in_range(self.learner.bits), "learner.bits", self.learner.bits, "give 2 to 16 bits")?;
        let (digits, layers, spice) = (&self.digits, &self.layers, &self.simulation);
        let rules = [
            self.rule,
            self.rule(digits.rate, digits.decay),
            self.rule(layers.rate, layers.decay),
            self.rule(spice.rate, self.rule.decay),
        ];
        for rule in rules {
            self.typical(rule).build(1, Stream::root(0))?;
        }
        let least = spice.least;
        LearnerSpec { least, ..self.matched(rules[3]) }.build(1, Stream::root(0))?;
        let PriceSpec { supply, capacitor } = self.prices;
        need_positive("prices.supply", supply.0, supply)?;
        Ok(need_positive("prices.capacitor", capacitor.0, capacitor)?)
    }

    fn check_tasks(&self) -> Result<(), StudyError> {
        let inputs = &self.regression.inputs;
        need(
            !inputs.is_empty()
                && inputs.windows(2).all(|pair| pair[0] < pair[1])
                && inputs.iter().all(|inputs| (1..=64).contains(inputs)),
            "regression.inputs",
            format!("{inputs:?}"),
            "give numbers from 1 to 64, from few to many",
        )?;
        need_not_negative("regression.noise", self.regression.noise, self.regression.noise)?;
        DataSpec { folder: self.digits.folder.clone() }.check().map_err(|_| {
            StudyError::Refused {
                what: format!("digits.folder is {:?}", self.digits.folder),
                help: "name a folder, such as data/digits".to_owned(),
            }
        })?;
        for (key, value, most) in [
            ("digits.components", self.digits.components, 64),
            ("layers.components", self.layers.components, 64),
            ("layers.hidden", self.layers.hidden, 1024),
            ("layers.images", self.layers.images, 1_000_000),
            ("layers.presentations", self.layers.presentations, 10_000_000),
            ("layers.record_every", self.layers.record_every, self.layers.presentations),
            ("digits.presentations", self.digits.presentations, 10_000_000),
            ("regression.samples", self.regression.samples, 1_000_000),
            ("regression.presentations", self.regression.presentations, 10_000_000),
            ("simulation.presentations", self.simulation.presentations, 10_000),
        ] {
            need((1..=most).contains(&value), key, value, &format!("give 1 to {most}"))?;
        }
        Ok(need_not_negative("layers.spread", self.layers.spread, self.layers.spread)?)
    }

    fn check_sweeps(&self) -> Result<(), StudyError> {
        let SweepSpec { bits, rates, decays, temperatures, areas_um2 } = &self.sweeps;
        need(
            bits.iter().all(|bits| (2..=16).contains(bits)),
            "sweeps.bits",
            format!("{bits:?}"),
            "give 2 to 16 bits",
        )?;
        for (key, is_empty) in [
            ("sweeps.bits", bits.is_empty()),
            ("sweeps.rates", rates.is_empty()),
            ("sweeps.decays", decays.is_empty()),
            ("sweeps.temperatures", temperatures.is_empty()),
            ("sweeps.areas_um2", areas_um2.is_empty()),
        ] {
            need(!is_empty, key, "[]", "give at least one")?;
        }
        let at = Stream::root(0);
        let decay = self.rule.decay;
        rates
            .iter()
            .try_for_each(|&rate| self.typical(self.rule(rate, decay)).build(1, at).map(|_| ()))?;
        decays.iter().try_for_each(|&decay| {
            self.typical(self.rule(self.rule.rate, decay)).build(1, at).map(|_| ())
        })?;
        for &temperature in temperatures {
            LearnerSpec { temperature, ..self.typical(self.rule) }.build(1, at)?;
        }
        for &area_um2 in areas_um2 {
            let transistors = Transistors { area_um2, ..self.learner.transistors };
            LearnerSpec { transistors, ..self.typical(self.rule) }.build(1, at)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::log_domain::LogDomain;
    use crate::shared::refusals::refuses;

    #[test]
    fn circuits_and_sweeps_that_cannot_be_are_refused() {
        refuses::<LogDomain>(&[
            ("capacitance = \"1 pF\"", "capacitance = \"-1 pF\"", "the capacitance is -1 pF"),
            ("rate = 0.01", "rate = 0.0", "the learning rate is 0"),
            ("rates = [1e-4,", "rates = [-1e-4,", "the learning rate is -0.0001"),
            ("least = \"1 pA\"", "least = \"1 uA\"", "least current over the unit"),
            ("bits = [3, 4, 5, 6, 7, 8, 9, 10, 12]", "bits = []", "sweeps.bits is []"),
            ("bits = 8", "bits = 0", "learner.bits is 0"),
            ("inputs = [1, 8]", "inputs = [8, 1]", "regression.inputs is [8, 1]"),
            ("\"253.15 K\"", "\"25.15 K\"", "temperature in kelvin is 25.15"),
            ("components = 16", "components = 0", "layers.components is 0"),
            ("bias = \"constant\"", "bias = \"none\"", "none"),
            ("supply = \"1.2 V\"", "supply = \"0 V\"", "prices.supply"),
        ]);
    }
}
