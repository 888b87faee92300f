//! The plain membrane that is nearest to a circuit: what networks can be trained with.

use cim_core::Seconds;

use super::circuit::{Circuit, Synapse};
use super::exact::first_spike;
use super::spec::{Membrane, MembraneSpec};
use crate::DynamicsError;

/// A circuit as a membrane with reversal potentials of its own, one pair for all synapses.
///
/// # What it models
/// Curvature and switch move the rail at which a synapse's current vanishes and scale its conductance; both are
/// taken once for each sign, from a synapse of typical weight. The comparator's offset moves the threshold,
/// its delay every spike.
///
/// # Law
/// That of [`Membrane`], so that every solver and every gradient of this crate holds for it.
///
/// # Not modelled
/// That a switch in series weakens strong synapses more than weak ones: [`Circuit::predicted`] knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivalent {
    membrane: Membrane,
    gains: [f64; 2],
    delay: f64,
}

impl Circuit {
    /// The nearest membrane for synapses of about `weight`, in thresholds per window, whose sign is of no effect.
    ///
    /// # Errors
    /// As [`MembraneSpec::build`]; [`DynamicsError::NotPositive`] for a weight of 0.
    pub fn equivalent(&self, weight: f64) -> Result<Equivalent, DynamicsError> {
        crate::error::positive("the typical weight", weight.abs(), weight)?;
        let MembraneSpec { window, excitatory, inhibitory, threshold, .. } = self.spec().membrane;
        let full = threshold + self.spec().offset;
        let of = |weight: f64, rail| {
            let conductance = self.membrane().conductance(weight);
            let synapse = Synapse { time: Seconds::ZERO, conductance, rail };
            let line = self.lines(&[synapse])[0];
            (line.drive / line.conductance * full, line.drive / weight)
        };
        let (excitatory, gain) = of(weight.abs(), excitatory);
        let (inhibitory, inhibitory_gain) = of(-weight.abs(), inhibitory);
        let spec = MembraneSpec { threshold: full, excitatory, inhibitory, ..self.spec().membrane };
        Ok(Equivalent {
            membrane: spec.build()?,
            gains: [gain, inhibitory_gain],
            delay: self.spec().delay / window,
        })
    }
}

impl Equivalent {
    /// The membrane, whose threshold has the offset of the comparator.
    pub const fn membrane(&self) -> &Membrane {
        &self.membrane
    }

    /// What a weight of the circuit is in this membrane, thresholds per window.
    pub fn weight(&self, weight: f64) -> f64 {
        weight * self.gains[usize::from(weight < 0.0)]
    }

    /// The first spike of a neuron of the circuit, delay included, in windows.
    ///
    /// `events` are `(time, weight)` of the circuit in the order of time.
    pub fn first_spike(&self, events: &[(f64, f64)], horizon: f64) -> Option<f64> {
        let own: Vec<(f64, f64)> = events.iter().map(|&(t, w)| (t, self.weight(w))).collect();
        first_spike(&self.membrane, &own, horizon).map(|time| time + self.delay)
    }
}
