//! The study as written in a file.

use cim_chip::sections::{
    DataSpec, EvaluationSpec, need, need_not_negative, need_positive, need_within,
};
use cim_core::{Ohms, Seconds, Stream, Volts};
use cim_dynamics::membrane::circuit::{Circuit, CircuitSpec};
use cim_dynamics::membrane::dstd::Grid;
use cim_dynamics::ttfs::{Network, Recipe, Shape, Start, Trainer};
use cim_dynamics::{DynamicsError, Membrane, MembraneSpec};
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use crate::error::StudyError;
use crate::experiment::Experiment;
use crate::shared::thin::thin;
use crate::study::{StudySpec, shared_keys};

/// A grid of spike times, judged and taught.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    pub experiment: Experiment,
    /// Of drawn layers, weights and order of images.
    pub seed: u64,
    /// The membrane.
    pub membrane: MembraneSpec,
    /// What its equation leaves out.
    pub imperfections: PartsSpec,
    /// How exact the grid is.
    pub errors: ErrorsSpec,
    /// What is learned.
    pub data: DataSpec,
    /// How near models are to the circuit.
    pub discrepancy: DiscrepancySpec,
    /// The same on another simulator.
    pub simulation: SimulationSpec,
    /// What solvers cost.
    pub cost: CostSpec,
    /// The network.
    pub learning: LearningSpec,
    /// Accuracy against the distance of the rails.
    pub rails: RailsSpec,
    /// Drawn layers of every figure.
    pub evaluation: EvaluationSpec,
}

/// Parts of the circuit that the membrane's equation leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartsSpec {
    /// `k` of `I = g V (1 + k V²)`, per square volt.
    pub curvature_per_v2: f64,
    /// Resistance of a closed switch.
    pub switch: Ohms,
    /// Offset of the comparator.
    pub offset: Volts,
    /// Delay of the comparator.
    pub delay: Seconds,
}

/// Drawn layers on which the grid is compared with the exact solver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorsSpec {
    /// Inputs, up to 100,000.
    pub inputs: usize,
    /// Neurons, up to 100,000.
    pub neurons: usize,
    /// Standard deviation of the weights, in their means.
    pub spread: f64,
    /// End of the run in windows.
    pub horizon: f64,
    /// Intervals a window, each 1 to 10,000.
    pub per_window: Vec<usize>,
}

/// Drawn layers on which models are compared with the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscrepancySpec {
    /// Inputs, up to 100,000.
    pub inputs: usize,
    /// Neurons, up to 100,000.
    pub neurons: usize,
    /// Standard deviation of the weights, in their means.
    pub spread: f64,
    /// End of the run in windows.
    pub horizon: f64,
    /// Least steps of the integrator a window.
    pub steps_per_window: f64,
}

/// The layer that another simulator runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulationSpec {
    /// Inputs, up to 1,000.
    pub inputs: usize,
    /// Neurons, up to 1,000.
    pub neurons: usize,
    /// Least steps of the run.
    pub steps: usize,
}

/// A training step of one layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostSpec {
    /// Numbers of inputs, each 1 to 20,000, rising.
    pub inputs: Vec<usize>,
    /// Neurons, 1 to 10,000.
    pub neurons: usize,
    /// Intervals of the grid.
    pub per_window: usize,
    /// Samples that the grid takes side by side, 1 to 256: more take more memory, and from 8 on copies of weights too.
    pub batch: usize,
    /// Times that everything is measured, 2 to 1,000.
    pub repeats: usize,
}

/// A layer of the network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LayerSpec {
    /// Every neuron sees all before it.
    Dense {
        /// Neurons.
        neurons: usize,
        /// Mean of the sum of a neuron's weights at the start, thresholds per window.
        sum: f64,
        /// Standard deviation of that sum.
        spread: f64,
    },
    /// Neurons see patches and share weights.
    Conv {
        /// Rows and columns of a patch.
        kernel: usize,
        /// Step between patches.
        stride: usize,
        /// Neurons at each place.
        features: usize,
        /// Mean of the sum of a neuron's weights at the start, thresholds per window.
        sum: f64,
        /// Standard deviation of that sum.
        spread: f64,
    },
}

/// The network and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearningSpec {
    /// Distance of the rails of its membranes (thresholds), above 1.
    pub rails: f64,
    /// Its layers, the last one with a neuron a class.
    pub layers: Vec<LayerSpec>,
    /// How it is trained.
    pub recipe: Recipe,
    /// Last images of the training set, which are not learned from; a tenth of it where that is more than half.
    pub held_out: usize,
    /// Intervals a window when it is measured, the last of the headline.
    pub test_per_window: Vec<usize>,
}

/// Accuracy against the distance of the rails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RailsSpec {
    /// Distances in thresholds, each above 1.
    pub thresholds: Vec<f64>,
    /// Hidden neurons.
    pub hidden: usize,
    /// Images that are learned from.
    pub images: usize,
    /// Passes over them.
    pub epochs: usize,
}

impl RailsSpec {
    /// What learns from what, in words.
    pub fn words(&self) -> String {
        format!(
            "a dense network of {} hidden neurons from {} images in {} epochs",
            self.hidden, self.images, self.epochs
        )
    }
}

impl StudySpec for Spec {
    shared_keys!();
    const ONCE: &'static [&'static str] =
        &["errors.per_window", "cost.inputs", "learning.test_per_window", "rails.thresholds"];

    /// The same study within about a minute: fewer layers and repeats, a dense network of one epoch.
    fn quick(mut self) -> Self {
        self.evaluation.chips = self.evaluation.chips.min(3);
        self.cost.repeats = self.cost.repeats.min(3);
        thin(&mut self.cost.inputs);
        if let Some(last @ LayerSpec::Dense { .. }) = self.learning.layers.last().copied() {
            let first = LayerSpec::Dense { neurons: 100, sum: 40.0, spread: 2.0 };
            self.learning.layers = vec![first, last];
        }
        self.learning.recipe.epochs = self.learning.recipe.epochs.min(1);
        self.rails.thresholds.truncate(2);
        self.rails.images = self.rails.images.min(3000);
        self.rails.hidden = self.rails.hidden.min(100);
        self.rails.epochs = self.rails.epochs.min(2);
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        self.data.check()?;
        self.evaluation.check()?;
        self.circuit()?;
        self.check_layers()?;
        self.check_learning()
    }
}

/// Refuses a number outside of 1 to `most`.
fn from_one(key: &str, value: usize, most: usize) -> Result<(), StudyError> {
    Ok(need((1..=most).contains(&value), key, value, &format!("give 1 to {most}"))?)
}

impl Spec {
    /// The whole circuit.
    ///
    /// # Errors
    /// [`DynamicsError`] for a part that cannot be.
    pub fn circuit(&self) -> Result<Circuit, DynamicsError> {
        let PartsSpec { curvature_per_v2, switch, offset, delay } = self.imperfections;
        let membrane = self.membrane;
        CircuitSpec { membrane, curvature_per_v2, switch, offset, delay }.build()
    }

    /// The membrane with its rails elsewhere; infinite ones make it ideal.
    ///
    /// # Errors
    /// [`DynamicsError`] for rails that are not above the threshold.
    pub fn with_rails(&self, thresholds: f64) -> Result<Membrane, DynamicsError> {
        let rail = thresholds * self.membrane.threshold;
        MembraneSpec { excitatory: rail, inhibitory: -rail, ..self.membrane }.build()
    }

    /// Layers of the network, on such images.
    pub fn layers(&self, images: Frame) -> Vec<(Shape, Start)> {
        let Frame { side: mut at, mut channels } = images;
        let mut layers = Vec::new();
        for layer in &self.learning.layers {
            layers.push(match *layer {
                LayerSpec::Dense { neurons, sum, spread } => {
                    let inputs = at * at * channels;
                    (at, channels) = (1, neurons);
                    (Shape::Dense { inputs, neurons }, Start { sum, spread })
                }
                LayerSpec::Conv { kernel, stride, features, sum, spread } => {
                    let shape =
                        Shape::Conv { rows: at, cols: at, channels, kernel, stride, features };
                    at = (at + 1).saturating_sub(kernel).div_ceil(stride.max(1)).max(1);
                    channels = features;
                    (shape, Start { sum, spread })
                }
            });
        }
        layers
    }

    /// Layers of the network on which the rails are moved.
    pub fn rails_layers(&self, Frame { side, channels }: Frame) -> [(Shape, Start); 2] {
        let (inputs, hidden) = (side * side * channels, self.rails.hidden);
        [
            (Shape::Dense { inputs, neurons: hidden }, Start { sum: 40.0, spread: 2.0 }),
            (
                Shape::Dense { inputs: hidden, neurons: cim_data::CLASSES },
                Start { sum: 16.0, spread: 1.2 },
            ),
        ]
    }

    /// The recipe with which the rails are moved.
    pub fn rails_recipe(&self) -> Recipe {
        Recipe { epochs: self.rails.epochs, ..self.learning.recipe }
    }

    /// All that training depends on.
    pub fn trained_by(&self) -> impl std::fmt::Debug + use<> {
        (self.seed, self.membrane, self.learning.clone(), self.rails.clone())
    }

    fn check_layers(&self) -> Result<(), StudyError> {
        let (errors, near, cost) = (&self.errors, &self.discrepancy, &self.cost);
        for (key, value, most) in [
            ("errors.inputs", errors.inputs, 100_000),
            ("errors.neurons", errors.neurons, 100_000),
            ("discrepancy.inputs", near.inputs, 100_000),
            ("discrepancy.neurons", near.neurons, 100_000),
            ("simulation.inputs", self.simulation.inputs, 1000),
            ("simulation.neurons", self.simulation.neurons, 1000),
            ("simulation.steps", self.simulation.steps, 10_000_000),
            ("cost.neurons", cost.neurons, 10_000),
            ("cost.batch", cost.batch, 256),
            ("cost.repeats", cost.repeats, 1000),
        ] {
            from_one(key, value, most)?;
        }
        need_not_negative("errors.spread", errors.spread, errors.spread)?;
        need_not_negative("discrepancy.spread", near.spread, near.spread)?;
        need_positive("errors.horizon", errors.horizon, errors.horizon)?;
        need_positive("discrepancy.horizon", near.horizon, near.horizon)?;
        let steps = near.steps_per_window;
        need_positive("discrepancy.steps_per_window", steps, steps)?;
        let inputs = &cost.inputs;
        need(
            !inputs.is_empty()
                && inputs.windows(2).all(|pair| pair[0] < pair[1])
                && inputs.iter().all(|inputs| (1..=20_000).contains(inputs)),
            "cost.inputs",
            format!("{inputs:?}"),
            "give numbers from 1 to 20000, from few to many",
        )?;
        let per_window = &errors.per_window;
        need(
            per_window.contains(&10) && per_window.iter().all(|m| (1..=10_000).contains(m)),
            "errors.per_window",
            format!("{per_window:?}"),
            "give 1 to 10000 intervals, 10 among them",
        )?;
        Grid::new(cost.per_window, 1.0)?;
        Grid::new(*per_window.iter().max().expect("not empty"), errors.horizon)?;
        Ok(())
    }

    /// The network at its start, on such images.
    ///
    /// # Errors
    /// [`DynamicsError`] for layers that do not fit them.
    pub fn check_network(&self, images: Frame) -> Result<Network, DynamicsError> {
        let membrane = self.with_rails(self.learning.rails)?;
        Network::new(membrane, &self.layers(images), Stream::root(0))
    }

    fn check_learning(&self) -> Result<(), StudyError> {
        let learning = &self.learning;
        let at = Stream::root(0);
        from_one("learning.recipe.batch", learning.recipe.batch, 1_000_000)?;
        from_one("learning.recipe.epochs", learning.recipe.epochs, 100_000)?;
        from_one("rails.epochs", self.rails.epochs, 100_000)?;
        from_one("rails.hidden", self.rails.hidden, 100_000)?;
        from_one("rails.images", self.rails.images, 1_000_000)?;
        from_one("learning.held_out", learning.held_out, 1_000_000)?;
        need(
            1.0 < learning.rails,
            "learning.rails",
            learning.rails,
            "give a distance above one threshold",
        )?;
        for (index, layer) in self.learning.layers.iter().enumerate() {
            let key = |name: &str| format!("learning.layers.{index}.{name}");
            let (sum, spread) = match *layer {
                LayerSpec::Dense { neurons, sum, spread } => {
                    from_one(&key("neurons"), neurons, 10_000)?;
                    (sum, spread)
                }
                LayerSpec::Conv { kernel, stride, features, sum, spread } => {
                    from_one(&key("kernel"), kernel, cim_data::SIDE)?;
                    from_one(&key("stride"), stride, cim_data::SIDE)?;
                    from_one(&key("features"), features, 1000)?;
                    (sum, spread)
                }
            };
            need_within(&key("sum"), sum, -1e3, 1e3)?;
            need_within(&key("spread"), spread, 0.0, 1e3)?;
        }
        let network = self.check_network(Frame::DIGITS)?;
        let outputs = network.shapes().last().map_or(0, Shape::neurons);
        need(
            outputs == cim_data::CLASSES,
            "learning.layers",
            format!("with {outputs} outputs"),
            "the last layer needs a neuron for each of ten classes",
        )?;
        let per_window = &learning.test_per_window;
        need(
            !per_window.is_empty() && per_window.iter().all(|m| (1..=10_000).contains(m)),
            "learning.test_per_window",
            format!("{per_window:?}"),
            "give 1 to 10000 intervals",
        )?;
        for &thresholds in &self.rails.thresholds {
            self.with_rails(thresholds)?;
        }
        Ok(Trainer::new(learning.recipe, network, at).map(drop)?)
    }
}

#[cfg(test)]
mod tests {
    use crate::dstd::Dstd;
    use crate::shared::refusals::refuses;

    #[test]
    fn neurons_that_cannot_fire_and_shapes_that_cannot_be_are_refused() {
        refuses::<Dstd>(&[
            ("excitatory = \"1.2 V\"", "excitatory = \"0.2 V\"", "no neuron can ever fire"),
            ("capacitance = \"1 pF\"", "capacitance = \"-1 pF\"", "the capacitance is -1 pF"),
            ("switch = \"20 kOhm\"", "switch = \"-20 kOhm\"", "resistance of a switch"),
            ("per_window = [5, 10,", "per_window = [5,", "errors.per_window"),
            ("inputs = [100, 300,", "inputs = [300, 100,", "cost.inputs"),
            ("neurons = 10,", "neurons = 9,", "with 9 outputs"),
            (
                "kind = \"dense\", neurons = 800, sum = 40.0, spread = 2.0",
                "kind = \"conv\", kernel = 50, stride = 2, features = 16, sum = 12.0, spread = 3.6",
                "kernel",
            ),
            ("thresholds = [2.0,", "thresholds = [0.5,", "no neuron can ever fire"),
            ("rails = 16.0", "rails = 1.0", "learning.rails"),
            ("rate = 2e-2", "rate = 0.0", "the learning rate is 0"),
        ]);
    }
}
