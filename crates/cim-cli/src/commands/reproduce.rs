//! `cim reproduce`.

use std::fmt::Write;
use std::path::Path;

use cim_report::{self as report, study};
use cim_studies::{Context, Finding, Found, Request, STUDIES};

use super::gate::Gate;
use crate::args::Reproduce;
use crate::error::CliError;
use crate::progress::{Bars, Watch};
use crate::store::Folder;

/// Runs the study that the preset is of, writes its report and returns the table for the terminal.
///
/// Everything that can be refused is refused before any work: the preset, then the gate, the data
/// and the folder of the results.
pub fn run(args: &Reproduce) -> Result<String, CliError> {
    if args.list {
        return Ok(list());
    }
    let preset = super::preset::open(&args.preset)?;
    let request = Request {
        preset: &preset.name,
        text: &preset.text,
        quick: args.quick,
        seed: args.seed,
        chips: args.chips.map(|chips| chips as usize),
        data: args.data.as_deref(),
    };
    let gate = args.gate.as_deref().map(Gate::read).transpose()?;
    let ready = preset.study()?.open(request).map_err(|error| preset.refused(error))?;
    prepare(&args.out)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build();
    let pool = pool.map_err(|error| CliError::Usage {
        what: format!("cannot start {} threads: {error}", args.threads),
        help: "choose fewer with --threads".into(),
    })?;
    let (store, watch) = (Folder::new(&args.out, args.resume), Watch::start());
    let threads = pool.current_num_threads();
    let context = Context { store: &store, progress: &Bars, clock: &watch, threads };
    let found = pool.install(|| ready.run(&context))?;
    write(args, &found, gate.as_ref())
}

/// Every study, with what it is of and how long it takes.
fn list() -> String {
    let mut text = String::new();
    let minutes = |seconds: u32| match seconds {
        0..60 => format!("{seconds} s"),
        _ => format!("{} min", seconds.div_ceil(60)),
    };
    for study in STUDIES {
        let (full, quick) = (minutes(study.time.full_s), minutes(study.time.quick_s));
        let _ = writeln!(text, "{:10} {}", study.name, study.system);
        let _ = writeln!(text, "{:10} {}; about {full}, {quick} with --quick", "", study.paper);
    }
    text
}

/// Writes the report; returns what the terminal shows, and what the gate says.
fn write(args: &Reproduce, found: &Found, gate: Option<&Gate>) -> Result<String, CliError> {
    let Found { finding, timing, pictures } = found;
    let (files, mut out) = match finding {
        Finding::Main(main) => {
            let files = report::write(main, timing, &args.out)?;
            (files, report::summary_table(main) + &report::timing_table(timing))
        }
        Finding::Study(shown) => (study::write(shown, timing, &args.out)?, study::summary(shown)),
    };
    for picture in pictures {
        report::write_text(&args.out, picture.name, &picture.svg)?;
    }
    let files = files.len() + pictures.len();
    let _ = writeln!(out, "\n{files} files in {}", args.out.display());
    if let Some(gate) = gate {
        out.push_str(&match finding {
            Finding::Main(main) => gate.check(main)?,
            Finding::Study(shown) => gate.check(shown)?,
        });
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
