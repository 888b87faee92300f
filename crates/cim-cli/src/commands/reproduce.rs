//! `cim reproduce`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use cim_report::{Report, Timing};
use cim_studies::{Found, Listing, Request, STUDIES};

use super::gate::Gate;
use crate::args::Reproduce;
use crate::error::CliError;
use crate::files::{keep_apart, refuse_another};
use crate::form::Form;
use crate::lock;
use crate::progress::Bars;
use crate::simulator::Ngspice;
use crate::store::Folder;
use crate::surroundings::surrounded;

/// Runs the study that the preset is of, writes its report and returns the table for the terminal.
///
/// Everything that can be refused is refused before any work: the preset, then the gate, the data
/// and the folder of the results.
pub fn run(args: &Reproduce, form: Form) -> Result<String, CliError> {
    if args.list {
        return form.print("reproduce", &Listing::of_all());
    }
    let preset = super::preset::open(&args.preset)?;
    // The folder of a preset is of no matter to what it says.
    let file = Path::new(&preset.name).file_name().map(|name| name.to_string_lossy());
    let name = file.as_deref().unwrap_or(&preset.name);
    let request = Request {
        preset: name,
        text: &preset.text,
        quick: args.quick,
        seed: args.seed,
        chips: args.chips.map(|chips| chips as usize),
        data: args.data.as_deref(),
        networks: &args.networks,
    };
    if let Some(missing) = args.networks.iter().find(|folder| !folder.is_dir()) {
        return Err(CliError::Usage {
            what: format!("--networks {}: no such folder", missing.display()),
            help: "give the folder below which the networks lie".into(),
        });
    }
    let gate = args.gate.as_deref().map(Gate::read).transpose()?;
    let study = preset.study()?;
    let ready = study.open(request).map_err(|error| preset.refused(error))?;
    let out = args.out.clone().unwrap_or_else(|| default_out(name));
    keep_apart(&[ready.folder()], &[("--out", &out)])?;
    cim_report::files::prepare(&out).map_err(lock::unwritable)?;
    let _lock = lock::take(&out)?;
    let begins = format!("cim reproduce --preset {}", word(&args.preset));
    refuse_another(&out, &begins)?;
    // What the study says of itself holds for its own preset.
    let as_built_in = (preset.text == study.preset && args.chips.is_none())
        .then_some(if args.quick { study.time.quick_s } else { study.time.full_s });
    let (store, progress) = (&Folder::new(&out, args.resume), &Bars::start(as_built_in));
    let found = surrounded(args.threads, store, progress, &Ngspice, |context| ready.run(context))?;
    let found = found.map_err(|error| preset.refused(error))?;
    let Found { mut report, timing } = found;
    report.run.command = begins + &options(args);
    let files = cim_report::write(&report, &timing, &out)?;
    let mut text = match form {
        Form::Json => cim_report::encoded(&report)?,
        Form::Words => words(&report, &timing, (files.len(), &out), args.timing),
    };
    if let Some(gate) = gate {
        let checked = gate.check(&report).map_err(|error| match error {
            CliError::Gate { .. } => error,
            broken => broken.after(format!("--out {}", out.display()), "--gate"),
        })?;
        if form == Form::Words {
            text += &checked;
        }
    }
    Ok(text)
}

/// What is printed of a run, whose files lie in a folder.
fn words(report: &Report, timing: &Timing, (files, out): (usize, &Path), stages: bool) -> String {
    let mut text = cim_report::summary(report, timing) + &Form::Words.stages(stages, timing);
    let (figures, folder) = (report.figures.len(), out.display());
    let _ = writeln!(text, "\n{figures} figures with intervals, {files} files in {folder}");
    text
}

/// Where a study's results lie if nothing is said: those of the main job in the folder itself.
fn default_out(preset: &str) -> PathBuf {
    let main = Path::new("target/reproduce");
    if preset == STUDIES[0].name { main.to_owned() } else { main.join(preset) }
}

/// The options that results depend on, each after a space.
fn options(args: &Reproduce) -> String {
    let seed = args.seed.map(|seed| format!(" --seed {seed}"));
    let chips = args.chips.map(|chips| format!(" --chips {chips}"));
    let quick = args.quick.then(|| " --quick".to_owned());
    let data = args.data.as_ref().map(|data| format!(" --data {}", word(&data.to_string_lossy())));
    let networks = args.networks.iter();
    let networks =
        networks.map(|folder| format!(" --networks {}", word(&folder.to_string_lossy())));
    [seed, chips, quick, data].into_iter().flatten().chain(networks).collect()
}

/// A word of a command as a shell reads it.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:+,@%=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
