//! The command itself: options and files in, an answer out.

use std::fmt::Write;
use std::path::Path;

use cim_chip::{Foreign, WrittenDesign};
use cim_core::Seconds;
use cim_device::compensation::Scope;
use cim_studies::own::{self, CALIBRATION, Question, Samples};
use cim_studies::{Context, Source};

use super::chip::chip;
use super::{network, samples};
use crate::commands::preset::{self, Preset};
use crate::error::CliError;
use crate::eval_args::Eval;
use crate::files::{refuse_another, try_read};
use crate::form::Form;
use crate::lock::Lock;
use crate::progress::{Bars, Watch};
use crate::store::Folder;

/// The largest `.npz` file that is read (bytes).
const MAX_DATA_BYTES: u64 = 4 << 30;

/// Evaluates and returns what is printed. Everything that can be refused is refused before any chip is
/// made.
pub fn run(args: &Eval, form: Form) -> Result<String, CliError> {
    let preset = preset::open(&args.preset)?;
    let mut chip = chip(&preset)?;
    chip.seed = args.seed.unwrap_or(chip.seed);
    let moment = own::moment(&chip, args.after.unwrap_or(Seconds::ZERO), args.compensate)?;
    let written = args.config.as_deref().map(config).transpose()?;
    let held = args.held.as_deref().map(own::read_chip).transpose()?;
    let graph = network::read(&args.network, args.layers.as_deref())?;
    let most = args.samples.map_or(usize::MAX, |count| count as usize);
    let data = samples::read(&args.data, &graph, most)?;
    let asked = own_calibration(args, &graph)?;
    let row = data.rows.row(0).to_vec();
    let network = Foreign::new(graph, &data.shapes, &row)?;
    let task =
        data.task(&network, args.metric).map_err(|error| samples::in_file(&args.data, error))?;
    let (calibration, calibration_name) = match asked {
        Some(Calibration::File(own)) => own.into_calibration(),
        Some(Calibration::First(count)) if data.rows.nrows() < count => {
            return Err(CliError::Usage {
                what: format!("--calibration {count}: there are {} samples", data.rows.nrows()),
                help: "give no more than that, or an .npz file of their own".into(),
            });
        }
        Some(Calibration::First(count)) => data.calibration(count),
        None => data.calibration(chip.calibration.map_or(CALIBRATION, |section| section.images)),
    };
    let chips = own::chips(&chip, args.chips.map(|chips| chips as usize), args.until);
    // What can be refused has been: folders are made from here on.
    for folder in [&args.out, &args.dump].into_iter().flatten() {
        cim_report::files::prepare(folder)?;
    }
    // The folder of a preset is of no matter to what it says.
    let (name, preset_name) = (file_name(&args.network), file_name(Path::new(&preset.name)));
    if let Some(folder) = &args.out {
        refuse_another(folder, &format!("cim eval {name}"))?;
    }
    let _lock = args.out.as_deref().map(Lock::take).transpose()?;
    let question = Question {
        name: &name,
        network: &network,
        task: &task,
        data: Source { name: data.described(&file_name(&args.data)), sha256: sha256(&args.data)? },
        calibration,
        calibration_name,
        preset: &preset_name,
        text: &preset.text,
        chip,
        written,
        moment,
        held,
        chips,
        budget: args.budget,
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build();
    let pool = pool.map_err(|error| CliError::Usage {
        what: format!("cannot start {} threads: {error}", args.threads),
        help: "choose fewer with --threads".into(),
    })?;
    let store = Folder::new(Path::new("."), false);
    let watch = Watch::start();
    let threads = pool.current_num_threads();
    let bars = Bars::start(None);
    let simulator = &cim_studies::NoSimulator;
    let context = Context { store: &store, progress: &bars, clock: &watch, simulator, threads };
    let mut answer = pool.install(|| own::run(question, &context))?;
    answer.found.report.run.command = command(args, &name);
    let found = &answer.found;
    let mut text = match form {
        Form::Json => cim_report::encoded(&found.report)?,
        Form::Words => printed(found),
    };
    let mut more = String::new();
    if let Some(folder) = &args.out {
        let files = cim_report::write(&found.report, &found.timing, folder)?;
        let _ = writeln!(more, "\n{} files in {}", files.len(), folder.display());
    } else {
        let figures = found.report.figures.len();
        let _ = writeln!(more, "\n{figures} figures with intervals: --out DIR keeps them");
    }
    if let Some(folder) = &args.dump {
        let written = own::write_chip(folder, &answer, &network).map_err(CliError::from);
        let files = written.map_err(|error| match &args.out {
            Some(out) => error.after(format!("--out {}", out.display()), "--dump"),
            None => error,
        })?;
        let _ = writeln!(more, "\n{files} files of tiles in {}", folder.display());
    }
    if args.timing {
        let _ = write!(more, "\n{}", cim_report::stages(&found.timing));
    }
    if form == Form::Words {
        text += &more;
    }
    Ok(text)
}

/// A design from a file.
fn config(path: &Path) -> Result<WrittenDesign, CliError> {
    let text = crate::config::read(path, || "give what `cim optimise NETWORK --out` wrote".into())?;
    let preset = Preset { name: path.display().to_string(), text };
    cim_studies::parse(&preset.text).map_err(|error| preset.refused(error))
}

/// Where calibration samples come from.
enum Calibration {
    First(usize),
    File(Box<Samples>),
}

fn own_calibration(
    args: &Eval,
    graph: &cim_graph::Network,
) -> Result<Option<Calibration>, CliError> {
    let Some(asked) = &args.calibration else { return Ok(None) };
    Ok(Some(match asked.parse::<usize>() {
        Ok(0) => {
            return Err(CliError::Usage {
                what: "--calibration 0: nothing to set full scales on".into(),
                help: "give a number of samples or an .npz file".into(),
            });
        }
        Ok(count) => Calibration::First(count),
        Err(_) => Calibration::File(Box::new(samples::read(Path::new(asked), graph, usize::MAX)?)),
    }))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

fn sha256(path: &Path) -> Result<String, CliError> {
    let bytes = try_read(path, MAX_DATA_BYTES).map_err(|reason| CliError::Usage {
        what: format!("cannot read {}: {reason}", path.display()),
        help: "give the path of an .npz file".into(),
    })?;
    Ok(cim_data::sha256(&bytes))
}

/// The command with the options that results depend on.
fn command(args: &Eval, name: &str) -> String {
    let mut text = format!("cim eval {name} --data {}", file_name(&args.data));
    let mut add = |option: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = write!(text, " {option} {value}");
        }
    };
    add("--layers", args.layers.as_deref().map(file_name));
    add("--preset", Some(file_name(Path::new(&args.preset))));
    add("--chips", args.chips.map(|chips| chips.to_string()));
    add("--seed", args.seed.map(|seed| seed.to_string()));
    add("--until", args.until.map(|width| format!("'± {width}'")));
    add("--metric", args.metric.map(|metric| metric.name().to_owned()));
    add("--calibration", args.calibration.as_deref().map(|text| file_name(Path::new(text))));
    add("--samples", args.samples.map(|count| count.to_string()));
    add("--config", args.config.as_deref().map(file_name));
    add("--held", args.held.as_deref().map(file_name));
    add("--after", args.after.map(|after| format!("'{after}'")));
    let scope = |scope| if scope == Scope::Global { "global" } else { "per-column" };
    add("--compensate", args.compensate.map(|found| scope(found).to_owned()));
    add("--budget", args.budget.then(String::new));
    text.trim_end().to_owned()
}

/// Columns of the report's table of products that a terminal shows, by how their names begin, and their
/// heads there.
const SHOWN: [(&str, &str); 8] = [
    ("product", "product"),
    ("inputs ×", "inputs × outputs"),
    ("vectors", "vectors"),
    ("tiles", "tiles"),
    ("DAC clips", "DAC clips %"),
    ("ADC clips", "ADC clips %"),
    ("signal", "S/N dB"),
    ("energy", "energy"),
];

/// Summary, products and, where asked for, the budget.
fn printed(found: &cim_studies::Found) -> String {
    let report = &found.report;
    let mut text = cim_report::summary(report, &found.timing);
    for table in &report.tables {
        if table.title == own::PRODUCTS {
            let _ = write!(text, "\n{}", cim_report::table_of(table, &SHOWN));
        } else if !table.folded {
            let _ = write!(text, "\n{}\n{}", table.title, cim_report::table(table));
        }
    }
    let points = report.chapters.iter().flat_map(|chapter| &chapter.points);
    for line in points.chain(report.notes.iter().skip(2)) {
        let _ = write!(text, "\n{line}");
    }
    text.push('\n');
    text
}
