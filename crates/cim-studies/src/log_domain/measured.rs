//! What was measured.

use cim_core::Kelvin;
use cim_dynamics::log_domain::{Bill, Deviation, Trajectory};

/// How far circuits are from what they stand for, one value a circuit; over the range of the weights.
#[derive(Clone, Debug, Default)]
pub struct Errors {
    /// From the steps, root of the mean square.
    pub steps: Vec<f64>,
    /// From the steps' equation, root of the mean square.
    pub equation: Vec<f64>,
    /// From the steps, mean square over the square of the range.
    pub mean_square: Vec<f64>,
}

/// Errors at one value of what is varied: with devices that match, and with typical ones.
#[derive(Clone, Debug)]
pub struct Varied {
    /// The value.
    pub value: f64,
    /// With devices that match.
    pub matched: Errors,
    /// With typical devices.
    pub typical: Errors,
}

/// A law of so many inputs.
#[derive(Clone, Debug)]
pub struct Law {
    /// Inputs beside the constant.
    pub inputs: usize,
    /// What of the circuit is there, in words, and what it costs.
    pub parts: Vec<(&'static str, Errors)>,
    /// Its devices and currents, at the mean sizes of the first circuit.
    pub bill: Bill,
}

/// Accuracies and errors of a task with classes.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    /// Test accuracy of the steps.
    pub steps: f64,
    /// Test accuracy of the circuit with devices that match.
    pub matched: f64,
    /// Its distance from the steps, root of the mean square over the range.
    pub matched_error: f64,
    /// Test accuracies of circuits with typical devices.
    pub typical: Vec<f64>,
    /// Their distances from the steps.
    pub typical_error: Vec<f64>,
}

/// The circuit in transistors.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// Weights.
    pub weights: usize,
    /// The model from the transistors.
    pub model: Deviation,
    /// The closed form of the equation from the transistors.
    pub equation: Deviation,
}

/// Everything.
pub struct Measured {
    /// The regressions by number of inputs.
    pub laws: Vec<Law>,
    /// By bits of the converters.
    pub bits: Vec<Varied>,
    /// By learning rate.
    pub rates: Vec<Varied>,
    /// By decay.
    pub decays: Vec<Varied>,
    /// By gate area.
    pub areas: Vec<Varied>,
    /// By temperature: with constant biases, then with biases that follow it; devices that match.
    pub temperatures: Vec<(Kelvin, [Errors; 2])>,
    /// Zeros and ones.
    pub digits: Learned,
    /// Ten classes.
    pub layers: Learned,
    /// In transistors, where a simulator is installed.
    pub simulated: Option<Simulated>,
    /// Weights of the first circuit as steps, with devices that match, and with typical ones.
    pub ways: [Trajectory; 3],
}
