//! Commands: one file each. A command returns what is printed.

mod array;
mod device;
mod devices;
mod gate;
mod netlist;
mod optimise;
mod program;
mod reproduce;
mod solve;

use std::path::Path;

use cim_studies::{Entry, StudyError, named, of_text};

use crate::args::Command;
use crate::config;
use crate::error::CliError;

/// Runs a command and returns its output.
pub fn run(command: Command) -> Result<String, CliError> {
    match command {
        Command::Reproduce(args) => reproduce::run(&args),
        Command::Program(args) => program::run(&args),
        Command::Devices => devices::run(),
        Command::Device(command) => device::run(&command),
        Command::Preset { name } => preset(&name).map(|preset| preset.text),
        Command::Optimise(args) => optimise::run(&args),
        Command::Solve(args) => solve::run(&args),
        Command::Netlist(args) => netlist::run(&args),
    }
}

/// A preset: what it is called and what it says.
struct Preset {
    name: String,
    text: String,
}

impl Preset {
    /// What a study says of the text, with its place.
    fn refused(&self, error: StudyError) -> CliError {
        match error {
            StudyError::Preset { message, span } => {
                config::at(&self.name, &self.text, span, message).into()
            }
            other => other.into(),
        }
    }

    /// The study that it is of.
    fn study(&self) -> Result<&'static Entry, CliError> {
        of_text(&self.text).map_err(|error| self.refused(error))
    }
}

/// A built-in preset or a file.
fn preset(name: &str) -> Result<Preset, CliError> {
    let unknown = match named(name) {
        Ok(study) => return Ok(Preset { name: name.to_owned(), text: study.preset.to_owned() }),
        Err(unknown) => unknown,
    };
    let help = || {
        let meant = match &unknown {
            StudyError::Unknown { did_you_mean: Some(meant), .. } => {
                format!("did you mean `{meant}`? otherwise ")
            }
            _ => String::new(),
        };
        let names = config::preset_names();
        format!(
            "{meant}give {names} or the path of a TOML file; `cim preset paper` prints one to start from"
        )
    };
    let text = config::read(Path::new(name), help)?;
    Ok(Preset { name: name.to_owned(), text })
}

/// Prints an error with its place and what to do.
#[expect(clippy::print_stderr, reason = "errors go to stderr")]
pub fn complain(error: CliError) {
    eprintln!("{:?}", miette::Report::new(error));
}
