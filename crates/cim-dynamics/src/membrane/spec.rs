//! What a membrane is made of, and its equation in windows and thresholds.

use cim_core::{Amps, Farads, Seconds, Siemens, Volts};
use serde::{Deserialize, Serialize};

use crate::DynamicsError;
use crate::error::{not_negative, positive};

/// A membrane whose synapses are conductances to two rails.
///
/// # What it models
/// A capacitor that starts at 0 V. Input `j` closes its synapse at the time of its one spike, and the
/// synapse stays closed. The neuron fires once, when the membrane first reaches the threshold.
///
/// # Law
/// `C dv/dt = Σ_j θ(t − t_j) g_j (E_j − v) − g_leak v`, with `E_j` the excitatory or the inhibitory rail.
///
/// # Parameters
/// A rail at infinity makes its synapses current sources: the ideal integrate-and-fire neuron.
///
/// # Source
/// Sakemi et al. 2025 (arXiv 2412.09010) train such membranes; the equation is Kirchhoff's law.
///
/// # Not modelled
/// Synaptic decay, more than one spike of an input, refractory time. Curvature of the devices, the
/// switch, and the comparator's delay and offset are in [`circuit`](crate::membrane::circuit).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembraneSpec {
    /// Capacitance of the membrane.
    pub capacitance: Farads,
    /// Threshold of the comparator.
    pub threshold: Volts,
    /// Rail of excitatory synapses, above the threshold.
    pub excitatory: Volts,
    /// Rail of inhibitory synapses, below 0 V.
    pub inhibitory: Volts,
    /// Conductance of the leak to 0 V.
    pub leak: Siemens,
    /// The window of the inputs: the unit of times.
    pub window: Seconds,
}

/// A membrane in its own units: times in windows, voltages in thresholds, weights in thresholds per window.
///
/// A weight is the slope that its synapse gives a membrane at 0 V. In these units the equation is
/// `dv/dt = S − G v`, with `S` the sum of the weights of the closed synapses and `G` the leak plus the
/// sum of `|w|` over the rail of each; the neuron fires at `v = 1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Membrane {
    spec: MembraneSpec,
    per_excitatory: f64,
    per_inhibitory: f64,
    leak: f64,
}

impl MembraneSpec {
    /// Checks everything once.
    ///
    /// # Errors
    /// [`DynamicsError`] for a capacitance, threshold or window that is not above zero, a negative leak, and
    /// rails between which no neuron can fire.
    pub fn build(self) -> Result<Membrane, DynamicsError> {
        positive("the capacitance", self.capacitance.0, self.capacitance)?;
        positive("the threshold", self.threshold.0, self.threshold)?;
        positive("the window", self.window.0, self.window)?;
        not_negative("the leak", self.leak.0, self.leak)?;
        let (rail, threshold) = (self.excitatory, self.threshold);
        if rail.0.is_nan() || rail.0 <= threshold.0 {
            return Err(DynamicsError::NeverFires { rail, threshold });
        }
        if self.inhibitory.0.is_nan() || self.inhibitory.0 >= 0.0 {
            return Err(DynamicsError::InhibitoryRail { rail: self.inhibitory });
        }
        Ok(Membrane {
            spec: self,
            per_excitatory: self.threshold.0 / self.excitatory.0,
            per_inhibitory: -self.threshold.0 / self.inhibitory.0,
            leak: self.leak.0 * self.window.0 / self.capacitance.0,
        })
    }
}

impl Membrane {
    /// The membrane with both rails `rails` thresholds away from 0 V and no leak; 1 pF, 0.3 V, 1 µs.
    ///
    /// Infinity is the ideal integrate-and-fire neuron.
    ///
    /// # Errors
    /// [`DynamicsError::NeverFires`] if `rails` is not above 1.
    pub fn with_rails(rails: f64) -> Result<Self, DynamicsError> {
        let threshold = Volts(0.3);
        MembraneSpec {
            capacitance: Farads(1e-12),
            threshold,
            excitatory: rails * threshold,
            inhibitory: -rails * threshold,
            leak: Siemens::ZERO,
            window: Seconds(1e-6),
        }
        .build()
    }

    /// What it was built from.
    pub const fn spec(&self) -> &MembraneSpec {
        &self.spec
    }

    /// The current of a weight's synapse into a membrane at 0 V, with its sign.
    pub fn current(&self, weight: f64) -> Amps {
        let MembraneSpec { capacitance, threshold, window, .. } = self.spec;
        Amps(weight * capacitance.0 * threshold.0 / window.0)
    }

    /// The conductance of a weight's synapse; 0 S where the rail is infinite and a current takes its place.
    pub fn conductance(&self, weight: f64) -> Siemens {
        let rail = if weight < 0.0 { -self.spec.inhibitory.0 } else { self.spec.excitatory.0 };
        Siemens(self.current(weight.abs()).0 / rail)
    }

    /// What one unit of a weight of this sign adds to `G`: `dG/dw`, negative for inhibitory weights.
    pub(crate) const fn slope(&self, weight: f64) -> f64 {
        if weight < 0.0 { -self.per_inhibitory } else { self.per_excitatory }
    }

    /// Slopes of `G` for excitatory and inhibitory weights, the second negative.
    pub(crate) const fn slopes(&self) -> [f32; 2] {
        [self.per_excitatory as f32, -self.per_inhibitory as f32]
    }

    /// The leak, per window.
    pub(crate) const fn leak(&self) -> f64 {
        self.leak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_membranes_are_refused() {
        let good = *Membrane::with_rails(2.0).unwrap().spec();
        let bad = [
            MembraneSpec { capacitance: Farads(-1e-12), ..good },
            MembraneSpec { threshold: Volts(f64::NAN), ..good },
            MembraneSpec { excitatory: good.threshold, ..good },
            MembraneSpec { inhibitory: Volts(0.1), ..good },
            MembraneSpec { leak: Siemens(-1e-9), ..good },
            MembraneSpec { window: Seconds(0.0), ..good },
        ];
        let messages: Vec<String> =
            bad.iter().map(|spec| spec.build().unwrap_err().to_string()).collect();
        assert_eq!(messages[0], "the capacitance is -1 pF: it must be above zero and finite");
        assert!(messages[2].contains("no neuron can ever fire"), "{}", messages[2]);
    }

    #[test]
    fn a_weight_is_the_slope_at_rest() {
        let membrane = Membrane::with_rails(4.0).unwrap();
        let MembraneSpec { capacitance, threshold, excitatory, window, .. } = *membrane.spec();
        // One threshold per window, by Ohm's law and Q = C V.
        let slope = membrane.conductance(1.0) * excitatory / capacitance.0 * window.0;
        assert!((slope.0 - threshold.0).abs() < 1e-12);
    }
}
