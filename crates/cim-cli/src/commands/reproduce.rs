//! `cim reproduce`.

use std::path::Path;

use cim_nn::Dataset;

use crate::args::Reproduce;
use crate::as_run::as_run;
use crate::error::CliError;
use crate::experiment::openmena::digits;
use crate::experiment::{Experiment, Options, ir_drop, openmena, paper, pcm};
use crate::{config, data};
use cim_report::{Report, ReportError, RunInfo, Timing};

/// What every experiment gives.
type Found = Result<(Report, Timing), CliError>;

/// Runs the experiment that the preset is of, writes its report and returns the table for the
/// terminal.
pub fn run(args: &Reproduce) -> Result<String, CliError> {
    let (name, text) = super::preset(&args.preset)?;
    let experiment = config::experiment(&name, &text)?;
    let preset = Preset { name: &name, text: as_run(experiment, &text, args) };
    match experiment {
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
            on_images(args, &preset, spec, paper::run)
        }
        Experiment::IrDrop => {
            let mut spec: ir_drop::spec::Spec = config::parse(&name, &text)?;
            if args.quick {
                spec = spec.quick();
            }
            spec.seed = args.seed.unwrap_or(spec.seed);
            spec.evaluation.chips = args.chips.map_or(spec.evaluation.chips, |n| n as usize);
            spec.check()?;
            on_images(args, &preset, spec, ir_drop::run)
        }
        Experiment::Pcm => {
            let mut spec: pcm::spec::Spec = config::parse(&name, &text)?;
            if args.quick {
                spec = spec.quick();
            }
            spec.seed = args.seed.unwrap_or(spec.seed);
            spec.evaluation.chips = args.chips.map_or(spec.evaluation.chips, |n| n as usize);
            spec.check()?;
            on_images(args, &preset, spec, pcm::run)
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
            let folder = folder(args, "data/digits");
            let digits = digits::load(folder, spec.digits.components)?;
            let file = folder.join(digits::FILE);
            let bytes = std::fs::read(&file)
                .map_err(|reason| digits::DigitsError::Read { path: file, reason })?;
            let source = Source {
                id: "digits".to_owned(),
                name: "8 × 8 digits, classes 0 and 1".to_owned(),
                sha256: data::sha256([&bytes[..]]),
            };
            on_threads(args, &preset, spec, &source, |options| openmena::run(options, &digits))
        }
    }
}

/// A preset, as it is run.
struct Preset<'a> {
    name: &'a str,
    text: String,
}

/// A data set: its name in checkpoints and in reports, and its sum.
struct Source {
    id: String,
    name: String,
    sha256: String,
}

/// The options that results depend on, each after a space.
pub fn options(args: &Reproduce) -> String {
    let mut options = String::new();
    if let Some(seed) = args.seed {
        options += &format!(" --seed {seed}");
    }
    if let Some(chips) = args.chips {
        options += &format!(" --chips {chips}");
    }
    if args.quick {
        options += " --quick";
    }
    options
}

/// Folder of the data: what was asked for, or that of the experiment.
fn folder<'a>(args: &'a Reproduce, own: &'a str) -> &'a Path {
    args.data.as_deref().unwrap_or(Path::new(own))
}

/// Runs an experiment on images of the shape of MNIST.
fn on_images<S: Send + Sync>(
    args: &Reproduce,
    preset: &Preset<'_>,
    spec: S,
    run: impl Fn(&Options<'_, S>, &Dataset, &Dataset) -> Found + Sync,
) -> Result<String, CliError> {
    prepare(&args.out)?;
    let folder = folder(args, "data/mnist");
    let (train, test, sha256) = data::load(folder)?;
    let (n_train, n_test) = (train.len(), test.len());
    let source = Source {
        id: format!("{n_train} + {n_test} images from {}", folder.display()),
        name: format!("{n_train} + {n_test} images of 28 × 28"),
        sha256,
    };
    on_threads(args, preset, spec, &source, |options| run(options, &train, &test))
}

/// Runs an experiment on the threads asked for, writes its report, and says what the gate says.
fn on_threads<S: Send + Sync>(
    args: &Reproduce,
    preset: &Preset<'_>,
    spec: S,
    source: &Source,
    run: impl Fn(&Options<'_, S>) -> Found + Sync,
) -> Result<String, CliError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build();
    let pool = pool.map_err(|error| CliError::Usage {
        what: format!("cannot start {} threads: {error}", args.threads),
        help: "choose fewer with --threads".into(),
    })?;
    // The folder of a preset is of no matter to what it says.
    let file = Path::new(preset.name).file_name().map(|name| name.to_string_lossy());
    let name = file.as_deref().unwrap_or(preset.name);
    let options = Options {
        preset: name,
        text: &preset.text,
        spec,
        out: &args.out,
        resume: args.resume,
        threads: pool.current_num_threads(),
        data_id: source.id.clone(),
    };
    let (mut report, timing) = pool.install(|| run(&options))?;
    report.run = RunInfo {
        command: format!("cim reproduce --preset {name}{}", self::options(args)),
        quick: args.quick,
        data_name: source.name.clone(),
        data_sha256: source.sha256.clone(),
    };
    let files = cim_report::write(&report, &timing, &args.out)?;
    let mut out = cim_report::summary(&report, &timing);
    out.push_str(&format!("\n{} files in {}\n", files.len(), args.out.display()));
    if let Some(gate) = &args.gate {
        out.push_str(&super::gate::check(&report, gate)?);
    }
    Ok(out)
}

/// Makes the folder of the results and sees that it can be written, before any work is done.
fn prepare(out: &Path) -> Result<(), CliError> {
    cim_report::files::prepare(out).map_err(|error| match error {
        ReportError::Folder { path, source } => CliError::Usage {
            what: format!("cannot write to {}: {source}", path.display()),
            help: "choose a folder that can be written with --out".into(),
        },
        other => other.into(),
    })
}
