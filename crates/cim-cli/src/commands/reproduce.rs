//! `cim reproduce`.

use crate::args::Reproduce;
use crate::error::CliError;
use crate::experiment::reproduce::spec::Spec;
use crate::experiment::reproduce::{self, Options};
use crate::{config, data, report};

/// Runs the experiment, writes its report and returns the table for the terminal.
pub fn run(args: &Reproduce) -> Result<String, CliError> {
    let (name, text) = super::preset(&args.preset)?;
    let mut spec: Spec = config::parse(&name, &text)?;
    if args.quick {
        spec = spec.quick();
    }
    if let Some(seed) = args.seed {
        spec.seed = seed;
    }
    if let Some(chips) = args.chips {
        spec.evaluation.chips = chips as usize;
        spec.evaluation.sweep_chips = chips as usize;
    }
    spec.check()?;
    prepare(&args.out)?;
    let (train, test) = data::load(&args.data)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build();
    let pool = pool.map_err(|error| CliError::Usage {
        what: format!("cannot start {} threads: {error}", args.threads),
        help: "choose fewer with --threads".into(),
    })?;
    let options = Options {
        preset: &name,
        text: &text,
        spec,
        out: &args.out,
        resume: args.resume,
        threads: pool.current_num_threads(),
        data_id: format!("{} + {} images from {}", train.len(), test.len(), args.data.display()),
    };
    let (report, timing) = pool.install(|| reproduce::run(&options, &train, &test))?;
    let files = report::write(&report, &timing, &args.out)?;
    let mut out = report::summary_table(&report);
    out.push_str(&report::timing_table(&timing));
    out.push_str(&format!("\n{} files in {}\n", files.len(), args.out.display()));
    if let Some(gate) = &args.gate {
        out.push_str(&super::gate::check(&report, gate)?);
    }
    Ok(out)
}

/// Makes the folder of the results and sees that it can be written, before any work is done.
fn prepare(out: &std::path::Path) -> Result<(), CliError> {
    let cannot = |error: std::io::Error| CliError::Usage {
        what: format!("cannot write to {}: {error}", out.display()),
        help: "choose a folder that can be written with --out".into(),
    };
    std::fs::create_dir_all(out).map_err(cannot)?;
    tempfile::NamedTempFile::new_in(out).map(drop).map_err(cannot)
}
