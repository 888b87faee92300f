//! How exact the grid is, and how near models are to the circuit, on drawn layers.

use cim_core::Stream;
use cim_dynamics::Membrane;
use cim_dynamics::membrane::compare::{columns, describe, discrepancy};
use cim_dynamics::membrane::dstd::{self, Grid, Layer, Tape};
use cim_dynamics::membrane::exact;
use cim_dynamics::membrane::netlist::Netlist;
use ndarray::Array2;
use rayon::prelude::*;

use super::measured::{Discrepancies, GridErrors, Traces};
use super::spec::Spec;
use crate::context::Simulator;
use crate::error::StudyError;

/// Spike times in the window and weights, inputs × neurons, of a layer whose neurons fire about its middle.
pub fn drawn(inputs: usize, neurons: usize, spread: f64, at: Stream) -> (Vec<f64>, Array2<f64>) {
    let (mut u, mut z) = (vec![0.0_f32; inputs], vec![0.0_f32; inputs * neurons]);
    at.child("times", 0).fill_uniform(0, &mut u);
    at.child("weights", 0).fill_standard_normal(0, &mut z);
    // Inputs spread over the window: a mean of 8 over their number crosses at half of it; 6 to 12 by neuron,
    // so that they fire at different times.
    let weights = Array2::from_shape_fn((inputs, neurons), |(j, i)| {
        let scale = (6.0 + 6.0 * (0.618 * i as f64).fract()) / inputs as f64;
        scale * (1.0 + spread * f64::from(z[j * neurons + i]))
    });
    (u.into_iter().map(f64::from).collect(), weights)
}

fn at(root: Stream, label: &'static str, layer: usize) -> Stream {
    root.child(label, layer as u64)
}

/// The grid against the exact solver; spikes within the first window count.
pub fn errors(spec: &Spec, root: Stream) -> Result<Vec<GridErrors>, StudyError> {
    let layers = &spec.errors;
    let membrane = spec.membrane.build()?;
    let of = |layer: usize| {
        let (times, weights) =
            drawn(layers.inputs, layers.neurons, layers.spread, at(root, "errors", layer));
        one_layer(spec, &membrane, &times, &weights)
    };
    let each = (0..spec.evaluation.chips).into_par_iter().map(of);
    let all = each.collect::<Result<Vec<_>, StudyError>>()?;
    let found = layers.per_window.iter().enumerate().map(|(k, &per_window)| GridErrors {
        per_window,
        mean: all.iter().map(|layer| layer[k].0).collect(),
        largest: all.iter().map(|layer| layer[k].1).collect(),
        lost: all.iter().map(|layer| layer[k].2).sum(),
    });
    Ok(found.collect())
}

/// Mean and largest error and lost spikes by intervals a window.
fn one_layer(
    spec: &Spec,
    membrane: &Membrane,
    times: &[f64],
    weights: &Array2<f64>,
) -> Result<Vec<(f64, f64, usize)>, StudyError> {
    // As the grid gets them.
    let narrow: Vec<f32> = times.iter().map(|t| *t as f32).collect();
    let narrow_weights = weights.mapv(|w| w as f32);
    let wide: Vec<f64> = narrow.iter().map(|t| f64::from(*t)).collect();
    let horizon = spec.errors.horizon;
    let (want, _) =
        exact::first_spikes(membrane, &wide, narrow_weights.mapv(f64::from).view(), horizon)?;
    let of = |&per_window: &usize| {
        let layer = Layer::new(membrane, Grid::new(per_window, horizon)?, narrow_weights.view())?;
        let mut tape = Tape::default();
        dstd::first_spikes(&layer, &narrow, &mut tape)?;
        let (mut sum, mut largest, mut compared, mut lost) = (0.0, 0.0_f64, 0, 0);
        for (&want, &got) in want.time.iter().zip(&tape.time) {
            let got = f64::from(got);
            if want >= 1.0 && got >= 1.0 {
                continue;
            }
            if want.is_finite() && got.is_finite() {
                (sum, compared) = (sum + (want - got).abs(), compared + 1);
                largest = largest.max((want - got).abs());
            } else {
                lost += 1;
            }
        }
        Ok((sum / f64::from(compared.max(1)), largest, lost))
    };
    spec.errors.per_window.iter().map(of).collect()
}

/// Models against the circuit through Runge–Kutta.
pub fn integrated(spec: &Spec, root: Stream) -> Result<Discrepancies, StudyError> {
    let circuit = spec.circuit()?;
    let near = &spec.discrepancy;
    let of = |layer: usize| -> Result<_, StudyError> {
        let (times, weights) =
            drawn(near.inputs, near.neurons, near.spread, at(root, "discrepancy", layer));
        let steps = near.steps_per_window;
        let all = describe(&circuit, &times, weights.view(), near.horizon, steps)?;
        let models = [&all.ideal, &all.rails, &all.equivalent, &all.physical];
        Ok(models.map(|m| discrepancy(m, &all.circuit)))
    };
    let each = (0..spec.evaluation.chips).into_par_iter().map(of);
    Ok(gathered(&each.collect::<Result<Vec<_>, StudyError>>()?))
}

fn gathered(all: &[[cim_dynamics::membrane::compare::Discrepancy; 4]]) -> Discrepancies {
    let [ideal, rails, equivalent, physical] =
        [0, 1, 2, 3].map(|model| all.iter().map(|layer| layer[model].rms).collect());
    let compared = all.iter().map(|layer| layer[3].compared).sum();
    let disagree = all.iter().map(|layer| layer[3].disagree).sum();
    Discrepancies { ideal, rails, equivalent, physical, counts: [compared, disagree] }
}

/// Models against a simulator of circuits, on one layer.
pub fn simulated(
    spec: &Spec,
    root: Stream,
    simulator: &dyn Simulator,
) -> Result<Option<Discrepancies>, StudyError> {
    let circuit = spec.circuit()?;
    let (near, size) = (&spec.discrepancy, &spec.simulation);
    let (times, weights) = drawn(size.inputs, size.neurons, near.spread, at(root, "simulation", 0));
    let netlist = Netlist::new(&circuit, &times, weights.view(), near.horizon, size.steps)?;
    let Some(printed) = simulator.run(&netlist.to_string()) else { return Ok(None) };
    let found = match netlist.spike_times(&printed) {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(%error, "the comparison with a simulator of circuits is left out");
            return Ok(None);
        }
    };
    let all = describe(&circuit, &times, weights.view(), near.horizon, near.steps_per_window)?;
    let models = [&all.ideal, &all.rails, &all.equivalent, &all.physical];
    let models = models.map(|m| discrepancy(m, &found));
    if models[3].compared == 0 {
        tracing::warn!("the simulator of circuits gave no spikes: they are left out");
        return Ok(None);
    }
    Ok(Some(gathered(&[models])))
}

/// Neurons whose membranes are drawn, and moments of each.
const TRACED: usize = 3;
const MOMENTS: usize = 60;

/// Membranes of a few neurons, and first spikes of all.
pub fn traces(spec: &Spec, root: Stream) -> Result<Traces, StudyError> {
    let near = &spec.discrepancy;
    let circuit = spec.circuit()?;
    let (times, weights) =
        drawn(near.inputs, near.neurons, near.spread, at(root, "discrepancy", 0));
    let ideal = spec.with_rails(f64::INFINITY)?;
    let moments: Vec<f64> = (0..MOMENTS).map(|k| k as f64 / (MOMENTS - 1) as f64).collect();
    let events = columns(&times, weights.view(), near.horizon)?;
    let trace = |events: &Vec<(f64, f64)>| {
        [&ideal, circuit.membrane()].map(|membrane| exact::trace(membrane, events, &moments))
    };
    let membranes = events.iter().take(TRACED).map(trace).collect();
    let all = describe(&circuit, &times, weights.view(), near.horizon, near.steps_per_window)?;
    Ok(Traces { moments, membranes, spikes: [all.circuit, all.ideal] })
}
