//! The circuit of a layer for ngspice, with devices, switches and rails.
//!
//! Neuron `i` has the membrane node `m_i`; input `j` closes its switches by the node `c_j`. Each device is
//! a source whose current follows the voltage across it. The times at which the membranes cross threshold
//! plus offset are measured as `t_i`; the delay of the comparators is added when they are read.

use std::fmt;

use ndarray::ArrayView2;

use super::circuit::{Circuit, CircuitSpec};
use super::exact::{Volley, check};
use super::spec::MembraneSpec;
use crate::DynamicsError;
use crate::error::ended;

/// The netlist of a layer; prints itself.
#[derive(Clone, Debug)]
pub struct Netlist<'a> {
    circuit: &'a Circuit,
    volley: Volley,
    weights: ArrayView2<'a, f64>,
    steps: usize,
}

impl<'a> Netlist<'a> {
    /// The netlist of a layer, simulated up to `horizon` windows in at least `steps` steps.
    ///
    /// # Errors
    /// [`DynamicsError`] for bad times or weights.
    pub fn new(
        circuit: &'a Circuit,
        times: &[f64],
        weights: ArrayView2<'a, f64>,
        horizon: f64,
        steps: usize,
    ) -> Result<Self, DynamicsError> {
        check(times, weights)?;
        Ok(Self { circuit, volley: Volley::new(times, horizon)?, weights, steps })
    }

    /// Spike times from what ngspice printed, delay included, in windows; none is a silent neuron.
    ///
    /// # Errors
    /// [`DynamicsError::Stopped`] if ngspice did not come to the end.
    pub fn spike_times(&self, printed: &str) -> Result<Vec<Option<f64>>, DynamicsError> {
        ended(printed)?;
        let CircuitSpec { delay, membrane: MembraneSpec { window, .. }, .. } = *self.circuit.spec();
        let mut times = vec![None; self.weights.ncols()];
        for line in printed.lines() {
            let Some((name, rest)) = line.split_once('=') else { continue };
            let Some(neuron) = name.trim().strip_prefix("t_").and_then(|i| i.parse::<usize>().ok())
            else {
                continue;
            };
            let value = rest.split_whitespace().next().and_then(|t| t.parse::<f64>().ok());
            if let (Some(slot), Some(time_s)) = (times.get_mut(neuron), value) {
                *slot = Some((time_s + delay.0) / window.0);
            }
        }
        Ok(times)
    }
}

impl fmt::Display for Netlist<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CircuitSpec { membrane, curvature_per_v2, switch, offset, .. } = *self.circuit.spec();
        let MembraneSpec { capacitance, threshold, excitatory, inhibitory, leak, window } =
            membrane;
        let end_s = self.volley.time.last().map_or(window.0, |windows| windows * window.0);
        writeln!(f, "* a layer of membranes with reversal potentials")?;
        writeln!(f, ".options reltol=1e-7 vntol=1e-11 abstol=1e-18 chgtol=1e-22 method=trap")?;
        writeln!(f, "Vexc exc 0 {:e}\nVinh inh 0 {:e}", excitatory.0, inhibitory.0)?;
        writeln!(f, ".model closing sw(vt=0.5 vh=0 ron={:e} roff=1e15)", switch.0.max(1e-3))?;
        for (k, input) in self.volley.input.iter().enumerate() {
            let (time_s, rise_s) = (self.volley.time[k] * window.0, 1e-7 * window.0);
            // The switch closes in the middle of the rise.
            let start_s = (time_s - 0.5 * rise_s).max(1e-3 * rise_s);
            writeln!(f, "Vc_{input} c_{input} 0 PWL(0 0 {start_s:e} 0 {:e} 1)", start_s + rise_s)?;
        }
        for neuron in 0..self.weights.ncols() {
            writeln!(f, "Cm_{neuron} m_{neuron} 0 {:e} ic=0", capacitance.0)?;
            if leak.0 > 0.0 {
                writeln!(f, "Rm_{neuron} m_{neuron} 0 {:e}", 1.0 / leak.0)?;
            }
            for &input in &self.volley.input {
                let weight = self.weights[(input, neuron)];
                let rail = if weight < 0.0 { "inh" } else { "exc" };
                let (g, node) =
                    (self.circuit.membrane().conductance(weight).0, format!("{input}_{neuron}"));
                writeln!(f, "S_{node} d_{node} m_{neuron} c_{input} 0 closing")?;
                if curvature_per_v2 == 0.0 {
                    writeln!(f, "G_{node} {rail} d_{node} {rail} d_{node} {g:e}")?;
                } else {
                    let over = format!("V({rail},d_{node})");
                    writeln!(
                        f,
                        "B_{node} {rail} d_{node} I={g:e}*{over}*(1+{curvature_per_v2:e}*{over}*{over})"
                    )?;
                }
            }
            let level = threshold.0 + offset.0;
            writeln!(f, ".meas tran t_{neuron} when v(m_{neuron})={level:e} rise=1")?;
        }
        let step_s = end_s / self.steps as f64;
        writeln!(f, ".tran {step_s:e} {end_s:e} 0 {step_s:e} uic\n.end")
    }
}
