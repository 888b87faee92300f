//! The whole circuit of one neuron, integrated numerically: what the closed forms are judged by.

use cim_core::{Ohms, Seconds, Siemens, Volts};
use serde::{Deserialize, Serialize};

use super::interval::{advance, crossing};
use super::spec::{Membrane, MembraneSpec};
use crate::DynamicsError;
use crate::error::{not_negative, positive};
use crate::runge_kutta::step;

/// A membrane with the parts that its equation leaves out.
///
/// # What it models
/// Devices whose conductance grows with the voltage across them, a switch in series with each, and a
/// comparator with an offset and a delay.
///
/// # Law
/// `C dv/dt = Σ_j θ(t − t_j) I_j − g_leak v`, where `I_j` solves `I = g V (1 + k V²)` with
/// `V = E − v − R I`. The spike comes a delay after `v` reaches threshold plus offset.
///
/// # Source
/// Kirchhoff's laws; the cubic is the first odd term of any symmetric current-voltage law.
///
/// # Not modelled
/// Resistance of the rails, capacitance of the devices, charge injection of the switches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CircuitSpec {
    /// The membrane, both rails finite.
    pub membrane: MembraneSpec,
    /// `k` of the devices, per square volt.
    pub curvature_per_v2: f64,
    /// Resistance of a closed switch.
    pub switch: Ohms,
    /// Offset of the comparator, added to the threshold.
    pub offset: Volts,
    /// Delay of the comparator.
    pub delay: Seconds,
}

/// A checked circuit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circuit {
    spec: CircuitSpec,
    membrane: Membrane,
}

impl CircuitSpec {
    /// Checks everything once.
    ///
    /// # Errors
    /// As [`MembraneSpec::build`]; also for infinite rails, a negative curvature, resistance or delay, and a
    /// threshold that the offset moves out of `0 V` to the rail.
    pub fn build(self) -> Result<Circuit, DynamicsError> {
        let membrane = self.membrane.build()?;
        positive("the excitatory rail", self.membrane.excitatory.0, self.membrane.excitatory)?;
        let depth = -self.membrane.inhibitory;
        positive("the depth of the inhibitory rail", depth.0, depth)?;
        not_negative(
            "the curvature per square volt",
            self.curvature_per_v2,
            self.curvature_per_v2,
        )?;
        not_negative("the resistance of a switch", self.switch.0, self.switch)?;
        not_negative("the delay of the comparator", self.delay.0, self.delay)?;
        let threshold = self.membrane.threshold + self.offset;
        positive("the threshold with its offset", threshold.0, threshold)?;
        if threshold.0 >= self.membrane.excitatory.0 {
            return Err(DynamicsError::NeverFires { rail: self.membrane.excitatory, threshold });
        }
        Ok(Circuit { spec: self, membrane })
    }
}

/// A synapse of a neuron: when it closes (s), its conductance at no voltage, and its rail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Synapse {
    /// When it closes.
    pub time: Seconds,
    /// Conductance of the device at no voltage.
    pub conductance: Siemens,
    /// Where it leads.
    pub rail: Volts,
}

/// A synapse replaced by a straight line: what it adds to drive and conductance from its time on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Closing {
    /// When it closes, in windows.
    pub time: f64,
    /// Added to `S`, thresholds per window.
    pub drive: f64,
    /// Added to `G`, per window.
    pub conductance: f64,
}

impl Circuit {
    /// What it was built from.
    pub const fn spec(&self) -> &CircuitSpec {
        &self.spec
    }

    /// The membrane without the parts that its equation leaves out.
    pub const fn membrane(&self) -> &Membrane {
        &self.membrane
    }

    /// Synapses of one neuron in the order of time, from `(time, weight)` in windows and thresholds per window.
    pub fn synapses(&self, events: &[(f64, f64)]) -> Vec<Synapse> {
        let MembraneSpec { window, excitatory, inhibitory, .. } = self.spec.membrane;
        let synapse = |&(time, weight): &(f64, f64)| Synapse {
            time: time * window,
            conductance: self.membrane.conductance(weight),
            rail: if weight < 0.0 { inhibitory } else { excitatory },
        };
        events.iter().map(synapse).collect()
    }

    /// The current through a closed synapse into a membrane at `v_v` (A).
    fn current(&self, synapse: &Synapse, v_v: f64) -> f64 {
        let (g, k, r) = (synapse.conductance.0, self.spec.curvature_per_v2, self.spec.switch.0);
        let over = synapse.rail.0 - v_v;
        // Newton for the voltage across the device; the cubic rises everywhere, so it converges.
        let mut u = over / (1.0 + g * r);
        for _ in 0..40 {
            let change = (u + r * g * u * (1.0 + k * u * u) - over)
                / (1.0 + r * g * (1.0 + 3.0 * k * u * u));
            u -= change;
            if change.abs() <= 1e-15 * over.abs() {
                break;
            }
        }
        g * u * (1.0 + k * u * u)
    }

    /// At most how fast a closed synapse relaxes a membrane (S): the slope of its current at the most voltage that it
    /// can have across it, from one rail to the other.
    fn steepest(&self, synapse: &Synapse) -> f64 {
        let MembraneSpec { excitatory, inhibitory, .. } = self.spec.membrane;
        let over = excitatory.0 - inhibitory.0;
        let device = synapse.conductance.0 * (1.0 + 3.0 * self.spec.curvature_per_v2 * over * over);
        device / (1.0 + device * self.spec.switch.0)
    }

    /// The best straight lines through what the synapses carry between rest and threshold.
    ///
    /// Rails, curvature and switch become a drive and a conductance of their own for each synapse, in the
    /// units of a threshold with the comparator's offset. This is the circuit as a model with a closed form
    /// can know it.
    pub fn lines(&self, synapses: &[Synapse]) -> Vec<Closing> {
        let MembraneSpec { window, capacitance, threshold, .. } = self.spec.membrane;
        let full = threshold.0 + self.spec.offset.0;
        let line = |synapse: &Synapse| {
            // Through the currents at the nodes of Chebyshev's polynomial of degree 2: least error.
            let half = 0.5 * full;
            let [low, high] = [-1.0, 1.0].map(|side| half * (1.0 + side * 0.5_f64.sqrt()));
            let [i_low, i_high] = [low, high].map(|v| self.current(synapse, v));
            let g = (i_low - i_high) / (high - low);
            let rest = i_low + g * low;
            let rate = window.0 / capacitance.0;
            Closing {
                time: synapse.time / window,
                drive: rest * rate / full,
                conductance: g * rate,
            }
        };
        synapses.iter().map(line).collect()
    }

    /// The spike that the straight lines predict, delay included, in windows.
    pub fn predicted(&self, synapses: &[Synapse], horizon: f64) -> Option<f64> {
        let time = first_crossing(&self.lines(synapses), self.membrane.leak(), horizon);
        time.map(|time| time + self.spec.delay / self.spec.membrane.window)
    }

    /// The first spike by Runge–Kutta steps of at most `1 / per_window` windows, and of at most an eighth of the fastest
    /// relaxation that curvature and switches allow; delay included, in windows.
    ///
    /// `synapses` are in the order of time; the membrane has to cross before `horizon` windows.
    ///
    /// # Errors
    /// [`DynamicsError::Stiff`] if the fastest relaxation needs more than ten million steps.
    pub fn integrate(
        &self,
        synapses: &[Synapse],
        horizon: f64,
        per_window: f64,
    ) -> Result<Option<f64>, DynamicsError> {
        let MembraneSpec { window, capacitance, threshold, leak, .. } = self.spec.membrane;
        let level = threshold.0 + self.spec.offset.0;
        let mut stages = [vec![], vec![], vec![]];
        let (mut v, mut taken, end) = (vec![0.0], 0.0, horizon * window.0);
        for (k, synapse) in synapses.iter().enumerate().filter(|(_, s)| s.time.0 < end) {
            let closed = &synapses[..=k];
            let next = synapses.get(k + 1).map_or(end, |s| s.time.0.min(end));
            let gap = next - synapse.time.0;
            let steepest = closed.iter().map(|s| self.steepest(s)).sum::<f64>();
            let rate = (steepest + leak.0) / capacitance.0;
            let count = (gap * (per_window / window.0).max(8.0 * rate)).ceil();
            taken += count;
            if taken > 1e7 {
                let reached = synapse.time / window;
                return Err(DynamicsError::Stiff { steps: taken as usize, reached, end: horizon });
            }
            let mut slope = |_: f64, v: &[f64], out: &mut [f64]| {
                let sum: f64 = closed.iter().map(|s| self.current(s, v[0])).sum();
                out[0] = (sum - leak.0 * v[0]) / capacitance.0;
            };
            let h = gap / count;
            for i in 0..count as usize {
                let before = v[0];
                step(&mut slope, 0.0, h, &mut v, &mut stages);
                if v[0] >= level {
                    // Regula falsi would do; bisection of one step cannot fail.
                    let (mut low, mut high) = (0.0, h);
                    for _ in 0..48 {
                        let middle = 0.5 * (low + high);
                        v[0] = before;
                        step(&mut slope, 0.0, middle, &mut v, &mut stages);
                        if v[0] >= level { high = middle } else { low = middle }
                    }
                    let time = synapse.time.0 + i as f64 * h + high;
                    return Ok(Some((time + self.spec.delay.0) / window.0));
                }
            }
        }
        Ok(None)
    }
}

/// When synapses on straight lines first bring the membrane to 1, in windows.
fn first_crossing(closings: &[Closing], leak: f64, horizon: f64) -> Option<f64> {
    let (mut s, mut g, mut v) = (0.0, leak, 0.0);
    for (k, closing) in closings.iter().enumerate().take_while(|(_, c)| c.time < horizon) {
        s += closing.drive;
        g += closing.conductance;
        let end = closings.get(k + 1).map_or(horizon, |next| next.time.min(horizon));
        match crossing(v, s, g) {
            Some(h) if closing.time + h <= end => return Some(closing.time + h),
            _ => v = advance(v, s, g, end - closing.time),
        }
    }
    None
}
