//! `cim optimise`: window, read voltage and full scales for given weights.

use std::fmt::Write;
use std::path::Path;

use cim_core::Joules;
use cim_nn::{Layer, Network};
use ndarray::{Array1, Array2};
use ndarray_npy::ReadNpyExt;
use serde::Serialize;

use crate::args::Optimise;
use crate::config;
use crate::error::CliError;
use crate::experiment::design::{ChipDesign, LayerInputs};
use crate::experiment::paper::optimised::{Goal, Knobs, optimise};
use crate::experiment::paper::spec::Spec;
use crate::files::write_atomic;

/// What the optimiser chose, as JSON.
#[derive(Serialize)]
struct Answer {
    g_min_s: f64,
    g_max_s: f64,
    read_voltage_v: f64,
    objective: f64,
    naive_objective: f64,
    certified_gap: f64,
    array_and_sense_energy_j: f64,
    layers: Vec<LayerAnswer>,
}

/// What one layer gets.
#[derive(Serialize)]
struct LayerAnswer {
    weight_clip: f32,
    input_limit: f32,
    /// Row tiles × column tiles.
    full_scale_a: Vec<Vec<f64>>,
}

/// Optimises and returns the table for the terminal.
pub fn run(args: &Optimise) -> Result<String, CliError> {
    let (name, text) = super::preset(&args.preset)?;
    let mut spec: Spec = config::parse(&name, &text)?;
    if let Some(bits) = args.adc_bits {
        spec.converters.adc_bits = bits;
    }
    let energy = args.energy_budget.as_deref().map(budget).transpose()?;
    let parts = spec.parts()?;
    let layers = args
        .weights
        .iter()
        .map(|path| {
            let weights = matrix(path)?;
            Ok(Layer { bias: Array1::zeros(weights.ncols()), weights })
        })
        .collect::<Result<Vec<_>, CliError>>()?;
    let network = Network::from_layers(layers)?;
    let samples = matrix(&args.inputs)?;
    let signed = parts.dac.polarity.is_signed();
    check_inputs(&args.inputs, &samples, network.inputs(), signed)?;
    let inputs = LayerInputs::of(&network, samples.view());
    let naive = ChipDesign::naive(parts, &network, &inputs.limits());
    let goal = Goal { knobs: Knobs { window: true, full_scale: true }, search_clip: true, energy };
    let optimised = optimise(&spec, &naive, &network, &inputs, goal)?;
    let design = &optimised.design;
    let share = |design: &ChipDesign| -> Result<f64, CliError> {
        let errors = design.errors(&network, &inputs)?;
        Ok(errors.iter().map(|layer| layer.shares().total()).sum::<f64>() / errors.len() as f64)
    };
    let (before, after) = (share(&naive)?, share(design)?);
    let answer = Answer {
        g_min_s: design.parts.window.g_min.0,
        g_max_s: design.parts.window.g_max.0,
        read_voltage_v: design.parts.read_voltage.0,
        objective: after,
        naive_objective: before,
        certified_gap: optimised.conic.certificate.gap,
        array_and_sense_energy_j: optimised.chosen_energy.0,
        layers: design
            .layers
            .iter()
            .map(|layer| LayerAnswer {
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
    };
    if let Some(out) = &args.out {
        let mut json = serde_json::to_vec_pretty(&answer).map_err(|error| CliError::Usage {
            what: format!("the result is not a set of finite numbers: {error}"),
            help: "check the weights and the calibration inputs".into(),
        })?;
        json.push(b'\n');
        write_atomic(out, &json)?;
    }
    Ok(table(design, &answer))
}

fn table(design: &ChipDesign, answer: &Answer) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "conductance window  {:.3} to {:.3}",
        design.parts.window.g_min, design.parts.window.g_max
    );
    let _ = writeln!(text, "read voltage        {:.2}", design.parts.read_voltage);
    let _ = writeln!(
        text,
        "error / signal      {:.3e} (naive mapping {:.3e})",
        answer.objective, answer.naive_objective
    );
    let _ = writeln!(
        text,
        "cells and sensing   {:.2} per inference",
        Joules(answer.array_and_sense_energy_j)
    );
    let _ = writeln!(text, "certified gap       {:.1e}", answer.certified_gap);
    for (idx, layer) in design.layers.iter().enumerate() {
        let (rows, cols) = layer.full_scale.dim();
        let _ = writeln!(
            text,
            "layer {}: weight clip {:.4}, {rows} × {cols} tiles, full scale",
            idx + 1,
            layer.weight_clip
        );
        for row in layer.full_scale.rows() {
            let row: Vec<String> = row.iter().map(|fs| format!("{fs:.2}")).collect();
            let _ = writeln!(text, "    {}", row.join("  "));
        }
    }
    text
}

fn budget(text: &str) -> Result<Joules, CliError> {
    text.parse().map_err(|error| CliError::Usage {
        what: format!("--energy-budget: {error}"),
        help: "write an energy with its unit, such as \"5 nJ\"".into(),
    })
}

/// A matrix from an .npy file of f32 or f64.
fn matrix(path: &Path) -> Result<Array2<f32>, CliError> {
    let fail = |reason: String| CliError::Usage {
        what: format!("{}: {reason}", path.display()),
        help: "give a two-dimensional .npy array of f32 or f64".into(),
    };
    let bytes = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
    match Array2::<f32>::read_npy(&bytes[..]) {
        Ok(matrix) => Ok(matrix),
        Err(_) => Array2::<f64>::read_npy(&bytes[..])
            .map(|matrix| matrix.mapv(|v| v as f32))
            .map_err(|error| fail(error.to_string())),
    }
}

fn check_inputs(
    path: &Path,
    samples: &Array2<f32>,
    inputs: usize,
    signed: bool,
) -> Result<(), CliError> {
    let fail = |what: String| CliError::Usage {
        what: format!("{}: {what}", path.display()),
        help:
            "calibration inputs are samples × inputs of the first layer, zero or positive unless \
               converters.dac_polarity carries a sign"
                .into(),
    };
    if samples.nrows() == 0 {
        return Err(fail("no samples".into()));
    }
    if samples.ncols() != inputs {
        return Err(fail(format!("{} columns for a network of {inputs} inputs", samples.ncols())));
    }
    match samples.indexed_iter().find(|(_, x)| !((signed || 0.0 <= **x) && x.is_finite())) {
        Some(((row, col), x)) => Err(fail(format!("{x} at ({row}, {col}) cannot drive a row"))),
        None => Ok(()),
    }
}
