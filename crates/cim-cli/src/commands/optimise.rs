//! `cim optimise`: window, read voltage and full scales for given weights.

use std::path::{Path, PathBuf};

use cim_chip::sections::converters::check_bits;
use cim_chip::{
    Answer, ChipDesign, ChipError, Goal, Layer, LayerInputs, Network, optimise_followed,
};
use cim_core::Joules;
use cim_data::npy;
use cim_nn::NetworkError;
use cim_studies::own::Followed;
use cim_studies::paper::{Paper, Spec, check_design};
use cim_studies::{Study, located};
use ndarray::{Array1, Array2};

use crate::args::Optimise;
use crate::error::CliError;
use crate::files::write_atomic;
use crate::form::{Form, json};
use crate::surroundings::within;

/// Optimises and returns the table for the terminal.
pub fn run(args: &Optimise, form: Form) -> Result<String, CliError> {
    let preset = super::preset::open(&args.preset)?;
    let study = preset.study()?.name;
    if study != Paper::NAME {
        return Err(CliError::Usage {
            what: format!(
                "--preset {}: it is a preset of the study {study}, and beside `--weights` those of the study {} \
                 only are taken",
                preset.name,
                Paper::NAME
            ),
            help: "give paper, or a file that began as `cim preset paper`; a network in a file, in place of \
                   --weights, is optimised for any preset that describes a chip"
                .into(),
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
    let path = args.inputs.as_deref().expect("required beside weights");
    let samples = matrix(path)?;
    let signed = spec.converters.dac_polarity.is_signed();
    check_inputs(path, &samples, network.inputs(), signed)?;
    let inputs = LayerInputs::of(&network, samples.view());
    let policy = spec.converters.full_scale;
    let naive = ChipDesign::by_policy(spec.parts()?, &network, &inputs, policy)?;
    let goal = Goal { energy, search_inputs: true, ..Goal::of(true, true) };
    let (optimised, timing) = within(args.threads, |context| {
        let follow = Followed::new(context);
        let found = optimise_followed(spec.rules(), &naive, &network, &inputs, goal, &follow);
        found.map(|found| (found, follow.into_timing()))
    })??;
    let answer = Answer::of(&naive, &optimised, &network, &inputs)?;
    if let Some(out) = &args.out {
        write_atomic(out, json(&answer)?.as_bytes())?;
    }
    Ok(form.print("optimise", &answer)? + &form.stages(args.timing, &timing))
}

pub fn budget(text: &str) -> Result<Joules, CliError> {
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
