//! `cim optimise`: window, read voltage and full scales for given weights.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use cim_chip::sections::converters::check_bits;
use cim_chip::{ChipDesign, ChipError, Goal, Layer, LayerErrors, LayerInputs, Network, optimise};
use cim_core::Joules;
use cim_data::npy;
use cim_nn::NetworkError;
use cim_studies::paper::{Paper, Spec, check_design};
use cim_studies::{Study, located};
use ndarray::{Array1, Array2};
use serde::Serialize;

use crate::args::Optimise;
use crate::error::CliError;
use crate::files::write_atomic;

/// What the optimiser chose, as JSON.
#[derive(Serialize)]
struct Answer {
    g_min_s: f64,
    g_max_s: f64,
    read_voltage_v: f64,
    /// Mean over layers of the squared error of the outputs against the exact product, per unit of
    /// their power.
    error: f64,
    naive_error: f64,
    /// What errors cost in the closed form: rise of the cross-entropy at a temperature of 2, in nats.
    predicted_loss: f64,
    naive_predicted_loss: f64,
    /// The program's convex form of it, at the design.
    objective: f64,
    /// Nothing within the limits has a smaller objective, as far as the program knows.
    certified_bound: f64,
    /// How far the design's objective is above that bound, relative.
    certified_gap: f64,
    array_and_sense_energy_j: f64,
    /// How far its energy is above the least of all whose objective is as near the optimum as allowed.
    energy_gap: Option<f64>,
    /// Error by source, mean over layers, per unit of signal power.
    sources: Vec<Source>,
    layers: Vec<LayerAnswer>,
}

/// A source of error.
#[derive(Serialize)]
struct Source {
    name: &'static str,
    naive: f64,
    optimised: f64,
}

/// What one product gets.
#[derive(Serialize)]
struct LayerAnswer {
    /// Place and name of its operation in the network.
    operation: String,
    weight_clip: f32,
    input_limit: f32,
    /// Row tiles × column tiles.
    full_scale_a: Vec<Vec<f64>>,
}

/// Optimises and returns the table for the terminal.
pub fn run(args: &Optimise) -> Result<String, CliError> {
    let preset = super::preset::open(&args.preset)?;
    let study = preset.study()?.name;
    if study != Paper::NAME {
        return Err(CliError::Usage {
            what: format!(
                "--preset {}: it is a preset of the study {study}, and `cim optimise` takes those of the \
                 study {} only",
                preset.name,
                Paper::NAME
            ),
            help: "give paper, or a file that began as `cim preset paper`".into(),
        });
    }
    let mut spec: Spec = cim_studies::parse(&preset.text).map_err(|error| preset.refused(error))?;
    if let Some(bits) = args.adc_bits {
        check_bits("--adc-bits", bits)?;
        spec.converters.adc_bits = bits;
    }
    let energy = args.energy_budget.as_deref().map(budget).transpose()?;
    check_design(&spec).map_err(|error| preset.refused(located(&preset.text, error.into())))?;
    let layers = args
        .weights
        .iter()
        .map(|path| {
            let weights = matrix(path)?;
            Ok(Layer { bias: Array1::zeros(weights.ncols()), weights })
        })
        .collect::<Result<Vec<_>, CliError>>()?;
    let network = network(&spec, layers).map_err(|error| misfit(&args.weights, error))?;
    let samples = matrix(&args.inputs)?;
    let signed = spec.converters.dac_polarity.is_signed();
    check_inputs(&args.inputs, &samples, network.inputs(), signed)?;
    let inputs = LayerInputs::of(&network, samples.view());
    let policy = spec.converters.full_scale;
    let naive = ChipDesign::by_policy(spec.parts()?, &network, &inputs, policy)?;
    let goal = Goal { energy, ..Goal::of(true, true) };
    let optimised = optimise(spec.rules(), &naive, &network, &inputs, goal)?;
    let design = &optimised.design;
    let errors = [naive.errors(&network, &inputs)?, design.errors(&network, &inputs)?];
    let [naive_error, error] = errors.each_ref().map(|layers| {
        layers.iter().map(LayerErrors::relative_error).sum::<f64>() / layers.len() as f64
    });
    let felt = &optimised.sensitivities;
    let predicted = |design: &ChipDesign| design.objective(&network, &inputs, felt);
    let in_use = &optimised.in_use;
    let answer = Answer {
        g_min_s: in_use.g_min.0,
        g_max_s: in_use.g_max.0,
        read_voltage_v: in_use.read_voltage.0,
        error,
        naive_error,
        predicted_loss: predicted(design)?,
        naive_predicted_loss: predicted(&naive)?,
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
        answer.error, answer.naive_error
    );
    for Source { name, naive, optimised } in
        answer.sources.iter().filter(|s| s.naive > 0.0 || s.optimised > 0.0)
    {
        let _ = writeln!(text, "    {name:<16}{optimised:.1e} ({naive:.1e})");
    }
    let _ = writeln!(
        text,
        "cost of errors      {:.3e} nat, to second order (naive mapping {:.3e})",
        answer.predicted_loss, answer.naive_predicted_loss
    );
    let _ = writeln!(
        text,
        "cells and sensing   {:.2} per inference",
        Joules(answer.array_and_sense_energy_j)
    );
    let saved = answer
        .energy_gap
        .map_or_else(String::new, |gap| format!(", energy {:.1e} above the least there", gap));
    let _ = writeln!(
        text,
        "certified gap       {:.1e} of this design to the least error{saved}",
        answer.certified_gap
    );
    for (idx, (layer, answer)) in design.layers.iter().zip(&answer.layers).enumerate() {
        let (rows, cols) = layer.full_scale.dim();
        let _ = writeln!(
            text,
            "layer {} ({}): weight clip {:.4}, {rows} × {cols} tiles, full scale",
            idx + 1,
            answer.operation,
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

/// The operations of the preset with these weights; where it has widths, whatever perceptron they are.
fn network(spec: &Spec, layers: Vec<Layer>) -> Result<Network, NetworkError> {
    match (spec.network.input, &spec.network.operations) {
        (Some(input), Some(operations)) => {
            Network::from_parts(input, operations, layers, Vec::new())
        }
        _ => Network::from_layers(layers),
    }
}

/// A matrix of numbers, as networks hold them.
fn matrix(path: &Path) -> Result<Array2<f32>, CliError> {
    Ok(npy::read_matrix(path)?.mapv(|v| v as f32))
}

/// What a network says of its layers, with the file of the one it means.
fn misfit(files: &[PathBuf], error: NetworkError) -> CliError {
    let (idx, help) = match error {
        NetworkError::Chain { layer, .. } => (
            layer,
            "weights are inputs × outputs, first layer first: transposed? PyTorch holds outputs × inputs, \
             so save weight.detach().numpy().T",
        ),
        NetworkError::NotFinite { layer, .. } => (layer, "weights are finite numbers"),
        _ => return ChipError::from(error).into(),
    };
    let file = files.get(idx).map_or_else(String::new, |path| format!("{}: ", path.display()));
    CliError::Usage { what: format!("{file}{error}"), help: help.into() }
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
        let slip = if samples.nrows() == inputs { ": transposed?" } else { "" };
        let columns = samples.ncols();
        return Err(fail(format!("{columns} columns for a network of {inputs} inputs{slip}")));
    }
    match samples.indexed_iter().find(|(_, x)| !((signed || 0.0 <= **x) && x.is_finite())) {
        Some(((row, col), x)) => Err(fail(format!("{x} at ({row}, {col}) cannot drive a row"))),
        None => Ok(()),
    }
}
