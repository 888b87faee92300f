//! `cim optimise NETWORK`: the design of a network from a file, as `cim eval --config` takes it.

use std::fmt::Write;
use std::path::Path;

use cim_chip::Foreign;
use cim_core::Joules;
use cim_studies::own::{CALIBRATION, Chosen, optimised};

use super::eval::{chip, read_network, read_samples};
use super::optimise::budget;
use crate::args::Optimise;
use crate::error::CliError;
use crate::files::write_atomic;

/// Optimises, writes the design and returns the table for the terminal.
pub fn run(args: &Optimise, network: &Path) -> Result<String, CliError> {
    let preset = super::preset::open(&args.preset)?;
    let mut chip = chip(&preset)?;
    if let Some(bits) = args.adc_bits {
        chip.converters.adc_bits = bits;
    }
    let energy: Option<Joules> = args.energy_budget.as_deref().map(budget).transpose()?;
    chip.parts()?;
    let graph = read_network(network, args.layers.as_deref())?;
    let calibration = args.calibration.as_deref().expect("required beside a network");
    let most = chip.calibration.map_or(CALIBRATION, |section| section.images);
    let samples = read_samples(calibration, &graph, most)?;
    let row = samples.rows.row(0).to_vec();
    let network = Foreign::new(graph, &samples.shapes, &row)?;
    let chosen = optimised(&network, chip, samples.rows.view(), energy)?;
    if let Some(out) = &args.out {
        let text = toml::to_string(&chosen.written).map_err(|error| CliError::Usage {
            what: format!("the design cannot be written: {error}"),
            help: "check the weights and the samples".into(),
        })?;
        write_atomic(out, text.as_bytes())?;
    }
    Ok(table(&chosen))
}

fn table(chosen: &Chosen) -> String {
    let Chosen { written, optimised, error: [before, after], made_signed } = chosen;
    let mut text = String::new();
    let (g_min, g_max) = (written.g_min, written.g_max);
    let _ = writeln!(text, "conductance window  {g_min:.3} to {g_max:.3}");
    let _ = writeln!(text, "read voltage        {:.2}", written.read_voltage);
    let _ = writeln!(text, "error / signal      {after:.3e} (as the preset says {before:.3e})");
    let _ = writeln!(text, "cells and sensing   {:.2} per inference", optimised.chosen_energy);
    let _ = writeln!(text, "certified gap       {:.1e}", optimised.conic.certificate.gap);
    for product in &written.product {
        let scales = product.full_scale.iter().flatten();
        let least = scales.clone().fold(f64::INFINITY, |a, b| a.min(b.0));
        let most = scales.fold(0.0f64, |a, b| a.max(b.0));
        let (least, most) = (cim_core::Amps(least), cim_core::Amps(most));
        let _ = writeln!(
            text,
            "{}: weight clip {:.4}, full scale {least:.2} to {most:.2}",
            product.name, product.weight_clip
        );
    }
    if *made_signed {
        text.push_str(
            "inputs have both signs: row converters are bipolar, as cim eval makes them\n",
        );
    }
    text
}
