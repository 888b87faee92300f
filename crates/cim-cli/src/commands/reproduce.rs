//! `cim reproduce`.

use std::path::Path;

use cim_nn::Dataset;

use crate::args::Reproduce;
use crate::error::CliError;
use crate::experiment::openmena::digits;
use crate::experiment::{Experiment, Options, ir_drop, openmena, paper, pcm};
use crate::{config, data};
use cim_report as report;
use cim_report::study;

/// Runs the experiment that the preset is of, writes its report and returns the table for the
/// terminal.
pub fn run(args: &Reproduce) -> Result<String, CliError> {
    let (name, text) = super::preset(&args.preset)?;
    match config::experiment(&name, &text)? {
        Experiment::Paper => {
            let mut spec: paper::spec::Spec = config::parse(&name, &text)?;
            if args.quick {
                spec = spec.quick();
            }
            spec.seed = args.seed.unwrap_or(spec.seed);
            if let Some(chips) = args.chips {
                spec.evaluation.chips = chips as usize;
                spec.evaluation.sweep_chips = chips as usize;
            }
            spec.check()?;
            let (report, timing) = with_data(args, &name, &text, spec, paper::run)?;
            let files = report::write(&report, &timing, &args.out)?;
            let mut out = report::summary_table(&report);
            out.push_str(&report::timing_table(&timing));
            finish(args, out, files.len(), &report)
        }
        Experiment::IrDrop => {
            let mut spec: ir_drop::spec::Spec = config::parse(&name, &text)?;
            if args.quick {
                spec = spec.quick();
            }
            spec.seed = args.seed.unwrap_or(spec.seed);
            spec.evaluation.chips = args.chips.map_or(spec.evaluation.chips, |n| n as usize);
            spec.check()?;
            let (study, timing) = with_data(args, &name, &text, spec, ir_drop::run)?;
            let files = study::write(&study, &timing, &args.out)?;
            finish(args, study::summary(&study), files.len(), &study)
        }
        Experiment::Pcm => {
            let mut spec: pcm::spec::Spec = config::parse(&name, &text)?;
            if args.quick {
                spec = spec.quick();
            }
            spec.seed = args.seed.unwrap_or(spec.seed);
            spec.evaluation.chips = args.chips.map_or(spec.evaluation.chips, |n| n as usize);
            spec.check()?;
            let (study, timing) = with_data(args, &name, &text, spec, pcm::run)?;
            let files = study::write(&study, &timing, &args.out)?;
            finish(args, study::summary(&study), files.len(), &study)
        }
        Experiment::Openmena => {
            let mut spec: openmena::spec::Spec = config::parse(&name, &text)?;
            if args.quick {
                spec = spec.quick();
            }
            spec.seed = args.seed.unwrap_or(spec.seed);
            spec.evaluation.chips = args.chips.map_or(spec.evaluation.chips, |n| n as usize);
            spec.check()?;
            prepare(&args.out)?;
            let digits = digits::load(folder(args, "data/digits"), spec.digits.components)?;
            let run = |options: &Options<'_, _>| openmena::run(options, &digits);
            let (study, map, timing) = on_threads(args, &name, &text, spec, "digits", run)?;
            let files = study::write(&study, &timing, &args.out)?;
            report::write_text(&args.out, "trajectories.svg", &report::trajectories::draw(&map)?)?;
            finish(args, study::summary(&study), files.len() + 1, &study)
        }
    }
}

/// Folder of the data: what was asked for, or that of the experiment.
fn folder<'a>(args: &'a Reproduce, own: &'a str) -> &'a Path {
    args.data.as_deref().unwrap_or(Path::new(own))
}

/// Runs an experiment on the images and threads asked for.
fn with_data<S: Send + Sync, R: Send>(
    args: &Reproduce,
    preset: &str,
    text: &str,
    spec: S,
    run: impl Fn(&Options<'_, S>, &Dataset, &Dataset) -> Result<R, CliError> + Sync,
) -> Result<R, CliError> {
    prepare(&args.out)?;
    let folder = folder(args, "data/mnist");
    let (train, test) = data::load(folder)?;
    let data = format!("{} + {} images from {}", train.len(), test.len(), folder.display());
    on_threads(args, preset, text, spec, &data, |options| run(options, &train, &test))
}

/// Runs an experiment on the threads asked for.
fn on_threads<S: Send + Sync, R: Send>(
    args: &Reproduce,
    preset: &str,
    text: &str,
    spec: S,
    data: &str,
    run: impl Fn(&Options<'_, S>) -> Result<R, CliError> + Sync,
) -> Result<R, CliError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build();
    let pool = pool.map_err(|error| CliError::Usage {
        what: format!("cannot start {} threads: {error}", args.threads),
        help: "choose fewer with --threads".into(),
    })?;
    let options = Options {
        preset,
        text,
        spec,
        out: &args.out,
        resume: args.resume,
        threads: pool.current_num_threads(),
        data_id: data.to_owned(),
    };
    pool.install(|| run(&options))
}

/// Adds where the files are, and what the gate says.
fn finish(
    args: &Reproduce,
    mut out: String,
    files: usize,
    report: &impl serde::Serialize,
) -> Result<String, CliError> {
    out.push_str(&format!("\n{files} files in {}\n", args.out.display()));
    if let Some(gate) = &args.gate {
        out.push_str(&super::gate::check(report, gate)?);
    }
    Ok(out)
}

/// Makes the folder of the results and sees that it can be written, before any work is done.
fn prepare(out: &Path) -> Result<(), CliError> {
    let cannot = |error: std::io::Error| CliError::Usage {
        what: format!("cannot write to {}: {error}", out.display()),
        help: "choose a folder that can be written with --out".into(),
    };
    std::fs::create_dir_all(out).map_err(cannot)?;
    tempfile::NamedTempFile::new_in(out).map(drop).map_err(cannot)
}
