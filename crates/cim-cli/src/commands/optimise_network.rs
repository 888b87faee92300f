//! `cim optimise NETWORK`: the design of a network from a file, as `cim eval --config` takes it.

use std::path::{Path, PathBuf};

use cim_chip::Foreign;
use cim_core::Joules;
use cim_studies::own::{CALIBRATION, optimised};

use super::eval::{chip, network_files, read_network, read_samples};
use super::optimise::budget;
use crate::args::Optimise;
use crate::error::CliError;
use crate::files::write_atomic;
use crate::form::Form;
use crate::surroundings::within;

/// Optimises, writes the design and returns the table for the terminal.
pub fn run(args: &Optimise, network: &Path, form: Form) -> Result<String, CliError> {
    let preset = super::preset::open(&args.preset)?;
    let mut chip = chip(&preset)?;
    if let Some(bits) = args.adc_bits {
        chip.converters.adc_bits = bits;
    }
    let energy: Option<Joules> = args.energy_budget.as_deref().map(budget).transpose()?;
    chip.parts()?;
    if let [_, more, ..] = args.weights.as_slice() {
        return Err(CliError::Usage {
            what: format!("--weights {} beside those of one network", more.display()),
            help: "give one file of weights with NETWORK".into(),
        });
    }
    let weights = args.weights.first().map(PathBuf::as_path);
    let layers = args.layers.as_deref();
    let files = network_files(network, layers, weights)?;
    let graph = read_network(network, layers.or(weights), &files)?;
    let calibration = args.calibration.as_deref().expect("required beside a network");
    let most = chip.calibration.map_or(CALIBRATION, |section| section.images);
    let samples = read_samples(calibration, &graph, most)?;
    let row = samples.rows.row(0).to_vec();
    let network = Foreign::new(graph, &samples.shapes, &row)?;
    let rows = samples.rows.view();
    let chosen = within(args.threads, |context| optimised(&network, chip, rows, energy, context))??;
    if let Some(out) = &args.out {
        write_atomic(out, chosen.toml()?.as_bytes())?;
    }
    Ok(form.print("optimise", &chosen)? + &form.stages(args.timing, &chosen.timing))
}
