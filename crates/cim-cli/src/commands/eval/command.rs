//! The command itself: options and files in, an answer out.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use cim_chip::Foreign;
use cim_device::compensation::Scope;
use cim_graph::Network;
use cim_studies::Source;
use cim_studies::own::{self, Calibration, Question};

use super::opened::Opened;
use super::samples;
use crate::error::CliError;
use crate::eval_args::Eval;
use crate::files::{refuse_another, try_read};
use crate::form::Form;
use crate::lock;
use crate::surroundings::within;

/// The largest `.npz` file that is read (bytes).
const MAX_DATA_BYTES: u64 = 4 << 30;

/// Evaluates and returns what is printed; what can be refused is, before any chip is made.
pub fn run(args: &Eval, form: Form) -> Result<String, CliError> {
    let Opened { preset, chip, moment, written, graph, .. } = Opened::read(&args.on)?;
    let held = args.held.as_deref().map(own::read_chip).transpose()?;
    let most = args.samples.map_or(usize::MAX, |count| count as usize);
    let data = samples::read(&args.on.data, &graph, most)?;
    let calibration = calibration(args, &graph)?;
    let row = data.rows.row(0).to_vec();
    let network = Foreign::new(graph, &data.shapes, &row)?;
    let task =
        data.task(&network, args.metric).map_err(|error| samples::in_file(&args.on.data, error))?;
    let (calibration, calibration_name) = calibration.take(&data, &chip)?;
    let width = args.until.map(|width| width.half);
    let chips = own::chips(&chip, args.chips.map(|chips| chips as usize), width);
    args.until.map_or(Ok(()), |width| width.check(task.metric(), chips))?;
    // What can be refused has been: folders are made from here on.
    for folder in [&args.out, &args.dump].into_iter().flatten() {
        cim_report::files::prepare(folder)?;
    }
    // The folder of a preset is of no matter to what it says.
    let (name, preset_name) = (file_name(&args.on.network), file_name(Path::new(&preset.name)));
    if let Some(folder) = &args.out {
        refuse_another(folder, &format!("cim eval {name}"))?;
    }
    let folders: BTreeSet<_> = [&args.out, &args.dump].into_iter().flatten().collect();
    let _locks: Vec<_> =
        folders.into_iter().map(|folder| lock::take(folder)).collect::<Result<_, _>>()?;
    let question = Question {
        name: &name,
        network: &network,
        task: &task,
        data: Source {
            name: data.described(&file_name(&args.on.data)),
            sha256: sha256(&args.on.data)?,
        },
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
        paces: args.on.timing,
    };
    let mut answer = within(args.on.threads, |context| own::run(question, context))??;
    answer.found.report.run.command = command(args, &name);
    let found = &answer.found;
    let mut text = match form {
        Form::Json => cim_report::encoded(&found.report)?,
        Form::Words => own::printed(found),
    };
    let mut more = String::new();
    if let Some(folder) = &args.out {
        let files = cim_report::write(&found.report, &found.timing, folder)?;
        let _ = writeln!(more, "\n{} files in {}", files.len(), folder.display());
    } else {
        let figures = found.report.figures.len();
        let _ = writeln!(more, "\n{figures} figures: --out DIR keeps them, with their intervals");
    }
    if let Some(folder) = &args.dump {
        let written = own::write_chip(folder, &answer, &network).map_err(CliError::from);
        let files = written.map_err(|error| match &args.out {
            Some(out) => error.after(format!("--out {}", out.display()), "--dump"),
            None => error,
        })?;
        let _ = writeln!(more, "\n{files} files of tiles in {}", folder.display());
    }
    if form == Form::Words {
        text += &more;
    }
    Ok(text + &form.stages(args.on.timing, &found.timing))
}

fn calibration(args: &Eval, graph: &Network) -> Result<Calibration, CliError> {
    let Some(asked) = &args.calibration else { return Ok(Calibration::Preset) };
    Ok(match asked.parse::<usize>() {
        Ok(count) => Calibration::First(count),
        Err(_) => Calibration::Own(Box::new(samples::read(Path::new(asked), graph, usize::MAX)?)),
    })
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
    let mut text = format!("cim eval {name} --data {}", file_name(&args.on.data));
    let mut add = |option: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = write!(text, " {option} {value}");
        }
    };
    add("--layers", args.on.layers.as_deref().map(file_name));
    add("--weights", args.on.weights.as_deref().map(file_name));
    add("--preset", Some(file_name(Path::new(&args.on.preset))));
    add("--chips", args.chips.map(|chips| chips.to_string()));
    add("--seed", args.on.seed.map(|seed| seed.to_string()));
    add("--until", args.until.map(|width| format!("'± {}'", width.half)));
    add("--metric", args.metric.map(|metric| metric.name().to_owned()));
    add("--calibration", args.calibration.as_deref().map(|text| file_name(Path::new(text))));
    add("--samples", args.samples.map(|count| count.to_string()));
    add("--config", args.on.config.as_deref().map(file_name));
    add("--held", args.held.as_deref().map(file_name));
    add("--after", args.on.after.map(|after| format!("'{after}'")));
    let scope = |scope| if scope == Scope::Global { "global" } else { "per-column" };
    add("--compensate", args.on.compensate.map(|found| scope(found).to_owned()));
    add("--budget", args.budget.then(String::new));
    text.trim_end().to_owned()
}
