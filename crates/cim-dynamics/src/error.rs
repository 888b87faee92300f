//! Why a circuit cannot be built, or a run cannot be made.

use cim_core::Volts;
use thiserror::Error;

/// What is wrong with a circuit, its inputs or a run.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum DynamicsError {
    /// A parameter that has to be above zero and finite is not.
    #[error("{name} is {value}: it must be above zero and finite")]
    NotPositive {
        /// Which parameter.
        name: &'static str,
        /// Its value with its unit.
        value: String,
    },
    /// A parameter that has to be zero or above, and finite, is not.
    #[error("{name} is {value}: it must be zero or above, and finite")]
    Negative {
        /// Which parameter.
        name: &'static str,
        /// Its value with its unit.
        value: String,
    },
    /// A fraction or factor is outside its range.
    #[error("{name} is {value}: it must lie in {min}..={max}")]
    OutOfRange {
        /// Which parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// Least value that is possible.
        min: f64,
        /// Greatest value that is possible.
        max: f64,
    },
    /// The excitatory rail does not exceed the threshold: no neuron could ever fire.
    #[error(
        "the excitatory rail, {rail}, is not above the threshold, {threshold}: no neuron can ever fire"
    )]
    NeverFires {
        /// Reversal potential of excitatory synapses.
        rail: Volts,
        /// Threshold of the comparator.
        threshold: Volts,
    },
    /// The inhibitory rail is not below the reset potential of 0 V.
    #[error("the inhibitory rail, {rail}, is not below the reset potential of 0 V")]
    InhibitoryRail {
        /// Reversal potential of inhibitory synapses.
        rail: Volts,
    },
    /// A spike time is negative or not a number.
    #[error("input {input} spikes at {time} windows: times are zero or later, infinite for never")]
    SpikeTime {
        /// Which input.
        input: usize,
        /// Its time in windows.
        time: f64,
    },
    /// A weight is not finite.
    #[error("weight {weight} of input {input} to neuron {neuron} is not finite")]
    Weight {
        /// Which input.
        input: usize,
        /// Which neuron.
        neuron: usize,
        /// The weight.
        weight: f64,
    },
    /// Two things that have to fit do not.
    #[error("{what}: {found} where {expected} are needed")]
    Shape {
        /// What does not fit.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there have to be.
        expected: usize,
    },
    /// Another simulator of the circuit did not come to its end.
    #[error("the simulator stopped before the end of the run: {said}")]
    Stopped {
        /// What it said.
        said: String,
    },
    /// An equation is too stiff for the explicit integrator within its number of steps.
    #[error("the equations are too stiff: {steps} steps reached {reached} of {end}")]
    Stiff {
        /// Steps that were made.
        steps: usize,
        /// How far they came, in the unit of the equation's time.
        reached: f64,
        /// How far they had to come.
        end: f64,
    },
}

/// Checks that a parameter is above zero and finite.
pub(crate) fn positive(
    name: &'static str,
    value: f64,
    shown: impl ToString,
) -> Result<(), DynamicsError> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(DynamicsError::NotPositive { name, value: shown.to_string() })
}

/// Checks that a parameter is zero or above, and finite.
pub(crate) fn not_negative(
    name: &'static str,
    value: f64,
    shown: impl ToString,
) -> Result<(), DynamicsError> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(DynamicsError::Negative { name, value: shown.to_string() })
}

/// Checks that a number lies within bounds.
pub(crate) fn within(
    name: &'static str,
    value: f64,
    min: f64,
    max: f64,
) -> Result<(), DynamicsError> {
    if min <= value && value <= max {
        return Ok(());
    }
    Err(DynamicsError::OutOfRange { name, value, min, max })
}

/// Checks that there are as many of something as are needed.
pub(crate) fn fits(what: &'static str, found: usize, expected: usize) -> Result<(), DynamicsError> {
    if found == expected {
        return Ok(());
    }
    Err(DynamicsError::Shape { what, found, expected })
}

/// Checks that what ngspice printed is of a run that came to its end: of one that stopped, times are missing or zero.
pub(crate) fn ended(printed: &str) -> Result<(), DynamicsError> {
    let stopped = ["Timestep too small", "simulation(s) aborted"];
    let Some(at) = stopped.iter().find_map(|words| printed.find(words)) else { return Ok(()) };
    let said = printed[at..].lines().next().unwrap_or_default().trim().to_owned();
    Err(DynamicsError::Stopped { said })
}
