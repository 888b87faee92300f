//! Commands: one file each. A command returns what is printed.

mod array;
mod device;
mod devices;
mod gate;
mod netlist;
mod optimise;
mod program;
pub mod reproduce;
mod solve;

use crate::args::Command;
use crate::error::CliError;
use crate::experiment::PRESETS;

/// Runs a command and returns its output.
pub fn run(command: Command) -> Result<String, CliError> {
    match command {
        Command::Reproduce(args) => reproduce::run(&args),
        Command::Program(args) => program::run(&args),
        Command::Devices => devices::run(),
        Command::Device(command) => device::run(&command),
        Command::Preset { name } => preset(&name).map(|(_, text)| text),
        Command::Optimise(args) => optimise::run(&args),
        Command::Solve(args) => solve::run(&args),
        Command::Netlist(args) => netlist::run(&args),
    }
}

/// Name and text of a built-in preset or of a file.
fn preset(name: &str) -> Result<(String, String), CliError> {
    if let Some((_, text)) = PRESETS.iter().find(|(known, _)| *known == name) {
        return Ok((name.to_owned(), (*text).to_owned()));
    }
    let path = std::path::Path::new(name);
    Ok((name.to_owned(), crate::config::read(path)?))
}

/// Prints an error with its place and what to do.
#[expect(clippy::print_stderr, reason = "errors go to stderr")]
pub fn complain(error: CliError) {
    eprintln!("{:?}", miette::Report::new(error));
}
