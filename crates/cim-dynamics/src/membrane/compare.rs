//! How far models of a neuron are from its circuit: ideal (top-down) against physical (bottom-up).

use ndarray::ArrayView2;

use super::circuit::Circuit;
use super::exact::{Volley, check, first_spike};
use super::spec::Membrane;
use crate::DynamicsError;

/// Spike times of every neuron of a layer by four descriptions, in windows; none is a silent neuron.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Descriptions {
    /// By the circuit itself.
    pub circuit: Vec<Option<f64>>,
    /// By ideal current sources: the top-down model.
    pub ideal: Vec<Option<f64>>,
    /// By reversal potentials alone.
    pub rails: Vec<Option<f64>>,
    /// By a membrane of the same equation whose rails are the circuit's: what networks can be trained with.
    pub equivalent: Vec<Option<f64>>,
    /// By reversal potentials with all that the circuit's parameters say: the bottom-up model.
    pub physical: Vec<Option<f64>>,
}

/// How far a model's spike times are from the circuit's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Discrepancy {
    /// Root of the mean square over neurons that both say fire, in windows.
    pub rms: f64,
    /// Neurons compared.
    pub compared: usize,
    /// Neurons that only one of the two says fire.
    pub disagree: usize,
}

/// Spike times of a layer by every description but the circuit's own, and by it through Runge–Kutta.
///
/// `times` per input in windows, `weights` inputs × neurons in thresholds per window.
///
/// # Errors
/// [`DynamicsError`] for bad times or weights, and equations that are too stiff.
pub fn describe(
    circuit: &Circuit,
    times: &[f64],
    weights: ArrayView2<'_, f64>,
    horizon: f64,
    steps_per_window: f64,
) -> Result<Descriptions, DynamicsError> {
    check(times, weights)?;
    let ideal = Membrane::with_rails(f64::INFINITY)?;
    let typical = weights.iter().map(|w| w.abs()).sum::<f64>() / weights.len().max(1) as f64;
    let equivalent = circuit.equivalent(typical)?;
    let mut out = Descriptions::default();
    for events in columns(times, weights, horizon)? {
        let synapses = circuit.synapses(&events);
        out.circuit.push(circuit.integrate(&synapses, horizon, steps_per_window)?);
        out.ideal.push(first_spike(&ideal, &events, horizon));
        out.rails.push(first_spike(circuit.membrane(), &events, horizon));
        out.equivalent.push(equivalent.first_spike(&events, horizon));
        out.physical.push(circuit.predicted(&synapses, horizon));
    }
    Ok(out)
}

/// The `(time, weight)` of each neuron in the order of time.
///
/// # Errors
/// [`DynamicsError::SpikeTime`] for a time below zero or NaN.
pub fn columns(
    times: &[f64],
    weights: ArrayView2<'_, f64>,
    horizon: f64,
) -> Result<Vec<Vec<(f64, f64)>>, DynamicsError> {
    let volley = Volley::new(times, horizon)?;
    let event = |j: &usize, column: usize| (times[*j], weights[(*j, column)]);
    Ok((0..weights.ncols())
        .map(|column| volley.input.iter().map(|j| event(j, column)).collect())
        .collect())
}

/// Compares a model's spike times with those of a circuit.
pub fn discrepancy(model: &[Option<f64>], circuit: &[Option<f64>]) -> Discrepancy {
    let mut out = Discrepancy::default();
    let mut sum = 0.0;
    for pair in model.iter().zip(circuit) {
        match pair {
            (Some(model), Some(circuit)) => {
                sum += (model - circuit).powi(2);
                out.compared += 1;
            }
            (None, None) => {}
            _ => out.disagree += 1,
        }
    }
    out.rms = if out.compared == 0 { 0.0 } else { (sum / out.compared as f64).sqrt() };
    out
}
