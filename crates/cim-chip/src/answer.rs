//! What the optimiser chose, as plain data.

use std::fmt;

use cim_core::{Amps, Joules, Siemens, Volts};
use cim_nn::Network;
use cim_tile::LayerErrors;
use serde::Serialize;

use crate::design::ChipDesign;
use crate::error::ChipError;
use crate::inputs::LayerInputs;
use crate::optimise::Optimised;

/// What the optimiser chose, beside where it began, in SI units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Bottom of the conductance window (S).
    pub g_min_s: f64,
    /// Top of the conductance window (S).
    pub g_max_s: f64,
    /// Read voltage (V).
    pub read_voltage_v: f64,
    /// Mean over layers of the squared error of the outputs against the exact product, per unit of
    /// their power.
    pub error: f64,
    /// The same of the design where it began.
    pub naive_error: f64,
    /// What errors cost in the closed form: rise of the cross-entropy at a temperature of 2, in nats.
    pub predicted_loss: f64,
    /// The same of the design where it began.
    pub naive_predicted_loss: f64,
    /// The program's convex form of it, at the design.
    pub objective: f64,
    /// Nothing within the limits has a smaller objective, as far as the program knows.
    pub certified_bound: f64,
    /// How far the design's objective is above that bound, relative.
    pub certified_gap: f64,
    /// Energy of cells and sense amplifiers, an inference (J).
    pub array_and_sense_energy_j: f64,
    /// How far its energy is above the least of all whose objective is as near the optimum as allowed.
    pub energy_gap: Option<f64>,
    /// Error by source, mean over layers, per unit of signal power.
    pub sources: Vec<Source>,
    /// Each product of the network.
    pub layers: Vec<LayerAnswer>,
}

/// A source of error.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Source {
    /// Its name.
    pub name: &'static str,
    /// Of the design where it began.
    pub naive: f64,
    /// Of the design that was chosen.
    pub optimised: f64,
}

/// What one product gets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerAnswer {
    /// Place and name of its operation in the network.
    pub operation: String,
    /// Weight that stands for the whole window.
    pub weight_clip: f32,
    /// Largest input.
    pub input_limit: f32,
    /// Full scales (A), row tiles × (column tiles · groups).
    pub full_scale_a: Vec<Vec<f64>>,
}

impl Answer {
    /// Of an answer that began at `naive`.
    ///
    /// # Errors
    /// [`ChipError`] for inputs that the converters cannot carry.
    pub fn of(
        naive: &ChipDesign,
        optimised: &Optimised,
        network: &Network,
        inputs: &LayerInputs,
    ) -> Result<Self, ChipError> {
        let design = &optimised.design;
        let errors = [naive.errors(network, inputs)?, design.errors(network, inputs)?];
        let [naive_error, error] = errors.each_ref().map(|layers| {
            layers.iter().map(LayerErrors::relative_error).sum::<f64>() / layers.len() as f64
        });
        let felt = &optimised.sensitivities;
        let predicted = |design: &ChipDesign| design.objective(network, inputs, felt);
        let in_use = &optimised.in_use;
        Ok(Self {
            g_min_s: in_use.g_min.0,
            g_max_s: in_use.g_max.0,
            read_voltage_v: in_use.read_voltage.0,
            error,
            naive_error,
            predicted_loss: predicted(design)?,
            naive_predicted_loss: predicted(naive)?,
            objective: in_use.objective,
            certified_bound: in_use.bound,
            certified_gap: in_use.gap,
            array_and_sense_energy_j: in_use.energy.0,
            energy_gap: in_use.energy_gap,
            sources: sources(&errors),
            layers: design
                .layers
                .iter()
                .zip(network.products())
                .map(|(layer, product)| LayerAnswer {
                    operation: product.name.to_owned(),
                    weight_clip: layer.weight_clip,
                    input_limit: layer.input_limit,
                    full_scale_a: layer
                        .full_scale
                        .rows()
                        .into_iter()
                        .map(|row| row.iter().map(|fs| fs.0).collect())
                        .collect(),
                })
                .collect(),
        })
    }
}

/// Both designs' errors by source, on average over layers.
fn sources([naive, optimised]: &[Vec<LayerErrors>; 2]) -> Vec<Source> {
    let mean = |layers: &[LayerErrors]| {
        let mut sums: Vec<(&'static str, f64)> = Vec::new();
        for layer in layers {
            for (idx, (name, share)) in layer.shares().sources().into_iter().enumerate() {
                match sums.get_mut(idx) {
                    Some((_, sum)) => *sum += share / layers.len() as f64,
                    None => sums.push((name, share / layers.len() as f64)),
                }
            }
        }
        sums
    };
    let both = mean(naive).into_iter().zip(mean(optimised));
    both.map(|((name, naive), (_, optimised))| Source { name, naive, optimised }).collect()
}

/// A table for a terminal, what was chosen beside where it began.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (g_min, g_max) = (Siemens(self.g_min_s), Siemens(self.g_max_s));
        writeln!(f, "conductance window  {g_min:.3} to {g_max:.3}")?;
        writeln!(f, "read voltage        {:.2}", Volts(self.read_voltage_v))?;
        let (error, naive) = (self.error, self.naive_error);
        writeln!(f, "error / signal      {error:.3e} (naive mapping {naive:.3e})")?;
        for Source { name, naive, optimised } in &self.sources {
            if 0.0 < naive.max(*optimised) {
                writeln!(f, "    {name:<16}{optimised:.1e} ({naive:.1e})")?;
            }
        }
        let (loss, naive) = (self.predicted_loss, self.naive_predicted_loss);
        writeln!(
            f,
            "cost of errors      {loss:.3e} nat, to second order (naive mapping {naive:.3e})"
        )?;
        let energy = Joules(self.array_and_sense_energy_j);
        writeln!(f, "cells and sensing   {energy:.2} per inference")?;
        write!(f, "over the least      {:.1e} of its cost, certified", self.certified_gap)?;
        if let Some(gap) = self.energy_gap {
            write!(f, ", energy {gap:.1e} above the least there")?;
        }
        writeln!(f)?;
        for (layer, number) in self.layers.iter().zip(1..) {
            let LayerAnswer { operation, weight_clip, full_scale_a, .. } = layer;
            let (rows, cols) = (full_scale_a.len(), full_scale_a.first().map_or(0, Vec::len));
            writeln!(
                f,
                "layer {number} ({operation}): weight clip {weight_clip:.4}, {rows} × {cols} tiles, full scale"
            )?;
            for row in full_scale_a {
                let row: Vec<String> = row.iter().map(|fs| format!("{:.2}", Amps(*fs))).collect();
                writeln!(f, "    {}", row.join("  "))?;
            }
        }
        Ok(())
    }
}
