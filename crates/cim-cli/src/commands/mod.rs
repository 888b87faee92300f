//! Commands: one file each. A command returns what is printed.

mod array;
mod device;
mod gate;
mod netlist;
mod optimise;
mod preset;
mod program;
mod reproduce;
mod solve;

use crate::args::Command;
use crate::error::CliError;

/// Runs a command and returns its output.
pub fn run(command: Command) -> Result<String, CliError> {
    match command {
        Command::Reproduce(args) => reproduce::run(&args),
        Command::Program(args) => program::run(&args),
        Command::Device(command) => device::run(&command),
        Command::Preset { name } => preset::open(&name).map(|preset| preset.text),
        Command::Optimise(args) => optimise::run(&args),
        Command::Solve(args) => solve::run(&args),
        Command::Netlist(args) => netlist::run(&args),
    }
}

/// Prints an error with its place and what to do.
#[expect(clippy::print_stderr, reason = "errors go to stderr")]
pub fn complain(error: CliError) {
    eprintln!("{:?}", miette::Report::new(error));
}
